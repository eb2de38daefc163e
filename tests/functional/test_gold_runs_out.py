"""Gold is settled behind the labeller's back; when it has run out, work and judging go on."""

import pytest
from sqlalchemy import func, select

from ops.models import Assignment, Notice
from quality import gold, gold_supply, judging, trust
from quality.models import Evidence
from scheduling import gold_pace
from scheduling.claim_answer import Owing
from scheduling.models import GoldPace

DESK = "/api/v1/desk"


@pytest.fixture
def floor(make, session):
    settings = {"gold": {"rate_new": 0.5, "rate_trusted": 0.5}, "wanted_answers": 2}
    floor = make.floor(assets=20, labellers=2, wanted=2, settings=settings)
    make.member(floor.project, make.user(role="ops_lead"))
    for asset in make.assets(floor.batch, 3):
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    session.commit()
    return floor


def _next(client):
    answer = client.post(f"{DESK}/next", json={"tab": "t"})
    work = answer.json["work"]
    answer.close()
    return work


def _submit(client, work):
    said = {"label": {"class": "a"}, "key": work["token"], "revision": 0, "tab": "t"}
    path = f"{DESK}/{work['token']}/submit"
    assert client.post(path, json=said | {"active_ms": 1000}).status_code == 200


def test_without_gold_left_everybody_works_on_and_is_judged_by_the_others(
    floor, client_for, session, sessions
):
    for who in floor.labellers:
        client = client_for(who)
        while work := _next(client):
            _submit(client, work)
    judging.judge(sessions)
    by_kind = select(Assignment.counts, func.count()).group_by(Assignment.counts)
    told = dict(session.execute(by_kind).all())
    assert told[True] == 40  # every answer that was wanted, gold or no gold
    assert 4 <= told[False] <= 6  # nearly all of the gold, each once
    assert gold_supply.warn(sessions) == 1
    assert "runs low" in session.scalars(select(Notice.text)).one()
    believed = trust.standing(session, floor.labellers[0].id, floor.project.skill_id)
    known = select(func.count()).where(Evidence.kind == "consensus")
    assert session.scalar(known) == 40 and believed.n >= 20


def test_the_next_gold_is_settled_when_the_answer_is_out(floor, client_for, session):
    one = floor.labellers[0]
    client = client_for(one)
    answer = client.post(f"{DESK}/next", json={"tab": "t"})
    assert answer.status_code == 200
    assert session.get(GoldPace, (one.id, floor.project.id)) is None
    answer.close()
    pace = session.get(GoldPace, (one.id, floor.project.id), populate_existing=True)
    assert pace.gold_id is not None and pace.until_next >= 0 and pace.gap_after >= 1


def test_what_is_settled_is_not_settled_again(floor, client_for, session, sessions):
    one = floor.labellers[0]
    _next(client_for(one))
    pace = session.get(GoldPace, (one.id, floor.project.id))
    before = (pace.gold_id, pace.until_next, pace.gap_after)
    lane = Owing(floor.lane.id, floor.project.id, floor.batch.id)
    gold_pace.settle_owed(sessions, one.id, lane)
    session.refresh(pace)
    assert (pace.gold_id, pace.until_next, pace.gap_after) == before
