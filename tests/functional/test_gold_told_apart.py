"""A labeller works through hundreds of pieces, and a classifier cannot learn to find the gold.

It is shown everything that can be fetched for a piece, before, during and after the work, and of
the two pieces before: fields, token digits, headers, sizes, lease lengths, counters, places in the
order, and for time the number of statements behind each answer, which does not depend on the
machine.
"""

import logging
import random
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, text

from ops import clock_time, guidelines, references
from ops.models import Assignment, Project, ProjectMember
from ops.reference_rows import Said
from quality import gold, judging
from quality.models import Gold
from scheduling.desk import work
from tests.functional.tell_apart import Watch, medians, table, tell_apart

DESK = "/api/v1/desk"
# What was found, and the times, are told under `--log-level INFO`.
LOG = logging.getLogger(__name__)


@pytest.fixture
def floor(make, session, settings, monkeypatch):
    """A function: a floor where every second piece is gold for a newcomer who is nested, all
    pictures of the same make."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    settings.media.mkdir(parents=True)
    rng = random.Random(3)

    def picture(i):
        size = rng.randrange(8, 24), rng.randrange(8, 24)
        path = settings.media / f"{i}.png"
        Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).save(path)
        return str(path)

    def floor(pieces):
        made = make.floor(assets=pieces, medium="image")
        project = session.get(Project, made.project.id)
        rare = {"rate_new": 0.1, "rate_trusted": 0.1}
        project.settings = {"gold": rare, "nesting": {"on": True, "gold_rate": 0.5}}
        member = session.get(ProjectMember, (project.id, made.labellers[0].id))
        member.nesting_since = clock_time.now()
        guidelines.publish(session, made.project, "Look.", None)
        for i, asset in enumerate(made.assets):
            asset.text, asset.uri = None, picture(i)
        hidden = make.assets(made.batch, pieces)
        for i, asset in enumerate(hidden):
            asset.text, asset.uri = None, picture(pieces + i)
            session.flush()
            gold.make(session, project, asset, [{"class": rng.choice("abc")}], None)
        _assist(session, project, made.assets, hidden, rng)
        session.commit()
        return made

    return floor


def _assist(session, project, assets, hidden, rng):
    """A model proposes a class for two thirds of the work, and for all gold."""
    spoken = [*(asset for asset in assets if rng.random() < 2 / 3), *hidden]
    rows = [
        Said(asset.external_id, {"class": rng.choice("abc")}, rng.uniform(0.4, 1))
        for asset in spoken
    ]
    references.give_predictions(session, project, "m", rows, by=None)
    project.settings = project.settings | {"assist": {"model": "m", "share_without": 0.2}}


@pytest.fixture
def drive(client_for, sessions, count_queries, session):
    """A function: `n` pieces worked on as the desk does, and which of them were gold."""
    moment = [clock_time.now().timestamp()]
    clock_time.use(lambda: moment[0])
    rng = random.Random(5)

    def drive(floor, n):
        client = client_for(floor.labellers[0])
        watch = Watch(client, count_queries, clock_time.now)
        pieces = []
        for _ in range(n):
            moment[0] += rng.uniform(1, 20)
            pieces.append(_one(watch, rng, moment))
            if rng.random() < 0.2:
                judging.judge(sessions)
        golden = select(Assignment.token).join(Gold, Gold.task_id == Assignment.task_id)
        tokens = {str(token) for token in session.scalars(golden)}
        session.commit()  # what follows takes long, and would keep this transaction waiting
        return pieces, np.array([piece.token in tokens for piece in pieces])

    return drive


def _one(watch, rng, moment):
    """One piece from being asked for to being done with, and what is told afterwards."""
    asked = watch("next", "post", f"{DESK}/next", json={"tab": "t"})
    token = asked.json["work"]["token"]
    path, tab = f"{DESK}/{token}", {"tab": "t"}
    watch("brief", "get", f"{path}/brief")
    watch("medium", "get", f"{path}/medium")
    watch("shown", "post", f"{path}/shown", json=tab)
    moment[0] += rng.uniform(2, 30)
    beat = {"beat": 1, "active_ms": rng.randrange(2000), "idle_ms": 500, "inputs": 3}
    watch("heartbeat", "post", f"{path}/heartbeat", json=tab | beat)
    draft = {"value": {"class": "a"}, "remark": "", "revision": 0}
    watch("draft", "put", f"{path}/draft", json=tab | draft)
    ahead = watch("ahead", "post", f"{DESK}/next", json=tab | {"exclude": [token]})
    if ahead.json["work"]:
        watch.ahead(ahead.json["work"]["token"])
        if rng.random() < 0.5:
            released = f"{DESK}/{ahead.json['work']['token']}/release"
            watch.client.post(released, json={})
    answer = {"label": {"class": rng.choice("abc")}, "key": f"key {rng.random()}", "revision": 0}
    way = rng.random()
    if way < 0.8:
        watch("submit", "post", f"{path}/submit", json=tab | answer | {"active_ms": 2500})
        watch("submit again", "post", f"{path}/submit", json=tab | answer | {"active_ms": 2500})
    elif way < 0.9:
        watch("skip", "post", f"{path}/skip", json={"reason": "unclear"})
    else:
        watch("release", "post", f"{path}/release", json={})
    watch("seen again", "get", f"{path}/medium")
    watch("me", "get", f"{DESK}/me")
    return watch.done(token)


def test_a_classifier_shown_everything_does_not_find_the_gold(floor, drive):
    pieces, golden = drive(floor(360), 240)
    assert 60 < golden.sum() < 180
    rows, columns = table(pieces)
    assert len(columns) > 100
    found = tell_apart(rows, columns, golden)
    for name, of_gold, of_work in medians(pieces, golden):
        LOG.info(f"{name}: {of_gold:.1f} ms on gold, {of_work:.1f} ms on work")
    LOG.info(f"{found}, n = {len(golden)}, {len(columns)} features")
    assert not found.told_apart, str(found)


def _a_longer_lease(monkeypatch):
    """Gold may be kept a minute longer."""
    seen = work.view

    def view(session, assignment_id):
        told = seen(session, assignment_id)
        counts = session.scalar(select(Assignment.counts).where(Assignment.id == assignment_id))
        return told | {"expires_at": told["expires_at"] + timedelta(minutes=not counts)}

    monkeypatch.setattr(work, "view", view)


def _a_statement_more(monkeypatch):
    """When gold is shown, one more statement runs."""
    seen = work.view

    def view(session, assignment_id):
        told = seen(session, assignment_id)
        if not session.scalar(select(Assignment.counts).where(Assignment.id == assignment_id)):
            session.execute(text("SELECT 1"))
        return told

    monkeypatch.setattr(work, "view", view)


@pytest.mark.parametrize("leak", [_a_longer_lease, _a_statement_more])
def test_a_leak_is_found_by_the_same_classifier(floor, drive, monkeypatch, leak):
    leak(monkeypatch)
    pieces, golden = drive(floor(230), 140)
    found = tell_apart(*table(pieces), golden)
    LOG.info(found)
    assert found.told_apart, str(found)
