"""Of every label type: what a labeller fetches of gold and of work is the same, byte for byte, and
so is the number of statements behind each answer. The pictures of work were never measured yet."""

import re

import pytest
from PIL import Image
from sqlalchemy import select

from ops import clock_time, guidelines, references
from ops.models import Assignment
from ops.reference_rows import Said
from quality import gold
from quality.judging import judge
from quality.models import Assistance
from scheduling.models import GoldPace
from tests.db.every_type import CASES, HEIGHT, WIDTH, floor_of

DESK = "/api/v1/desk"
MASKED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
)


@pytest.fixture
def laid_out(make, session, settings, monkeypatch):
    """A function: a floor of this type; the first labeller is given gold, the second work."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    settings.media.mkdir(parents=True)
    Image.new("RGB", (WIDTH, HEIGHT)).save(settings.media / "one.png")
    moment = clock_time.now().timestamp()
    clock_time.use(lambda: moment)

    def laid_out(label_type, *, assisted=False, **more):
        case = CASES[label_type]
        floor = floor_of(make, label_type, assets=4, labellers=2, **more)
        guidelines.publish(session, floor.project, "Look.", None)
        hidden = make.assets(floor.batch, 1)[0]
        like = floor.assets[0]
        hidden.meta = like.meta
        for asset in (*floor.assets, hidden):
            asset.text = like.text
            if case.picture:
                asset.uri = str(settings.media / "one.png")
                asset.width = asset.height = None
        session.flush()
        made = gold.make(session, floor.project, hidden, [case.right], None)
        for who, until in ((0, 0), (1, 50)):
            session.add(
                GoldPace(
                    labeller_id=floor.labellers[who].id, project_id=floor.project.id,
                    until_next=until, gold_id=made.id, gap_after=50,
                )
            )  # fmt: skip
        if assisted:
            _assist(session, floor, hidden, case)
        session.commit()
        return floor, case

    return laid_out


def _assist(session, floor, hidden, case):
    """A model says the same of work and of gold, and nobody goes without its draft."""
    rows = [Said(asset.external_id, case.right) for asset in (*floor.assets, hidden)]
    references.give_predictions(session, floor.project, "m", rows, by=None)
    floor.project.settings = {"assist": {"model": "m", "share_without": 0}}


@pytest.fixture
def told(laid_out, client_for, count_queries):
    """A function: what a labeller hears of gold of this type, and another one of work."""

    def told(label_type, **more):
        floor, case = laid_out(label_type, **more)
        return [_heard(client_for(one), case, count_queries) for one in floor.labellers]

    return told


def _heard(client, case, statements):
    heard = []

    def ask(way, path, **body):
        before = len(statements)
        answer = getattr(client, way)(f"{DESK}/{path}", **({"json": body} if body else {}))
        count = len(statements) - before
        headers = {k: v for k, v in answer.headers.items() if k not in ("Set-Cookie", "Date")}
        said = MASKED.sub("<random>", answer.get_data().decode("latin-1"))
        heard.append((path.split("/")[-1], answer.status_code, headers, said, count))
        status, work = answer.status_code, answer.json if answer.is_json else None
        answer.close()
        return status, work

    ask("get", "me")
    ask("get", "me")  # the first of a session looks up more
    _, given = ask("post", "next", tab="t")
    token = given["work"]["token"]
    said = {"key": "0123456789", "revision": 0, "tab": "t", "active_ms": 0}
    ask("post", f"{token}/submit", **said, label={"nonsense": 1})
    ask("get", f"{token}/brief")
    if case.picture:
        assert ask("get", f"{token}/medium")[0] == 200
    ask("post", f"{token}/shown", tab="t")
    ask("post", f"{token}/heartbeat", tab="t", beat=1, active_ms=0)
    draft = {"value": case.wrong, "revision": 0}
    ask("put", f"{token}/draft", tab="t", **draft)
    assert ask("put", f"{token}/draft", tab="another", **draft)[0] == 409
    ask("get", f"{token}/draft")
    assert ask("post", f"{token}/submit", **said, label=case.wrong)[0] == 200
    ask("post", f"{token}/submit", **said, label=case.wrong)
    ask("put", f"{token}/draft", tab="t", **draft)
    ask("get", "me")
    return heard


@pytest.mark.parametrize("label_type", list(CASES))
def test_nothing_tells_gold_from_work(told, label_type, session):
    hidden, work = told(label_type)
    assert [one.counts for one in session.query(Assignment).order_by(Assignment.id)] == [
        False, True,
    ]  # fmt: skip
    for of_gold, of_work in zip(hidden, work, strict=True):
        assert of_gold == of_work


@pytest.mark.parametrize("label_type", ["class", "boxes", "spans"])
def test_nor_does_a_draft_of_a_model(told, label_type, session, sessions):
    hidden, work = told(label_type, assisted=True)
    for of_gold, of_work in zip(hidden, work, strict=True):
        assert of_gold == of_work
    assert '"accept_above"' in next(said for name, *_, said, _ in work if name == "next")
    judge(sessions)
    of_gold, of_work = session.scalars(select(Assistance).order_by(Assistance.assignment_id))
    assert of_gold.kept is not None
    for name in ("withheld", "kept", "changed", "thrown", "added"):
        assert getattr(of_gold, name) == getattr(of_work, name)


@pytest.mark.parametrize("verdict", ["accept", "fix"])
@pytest.mark.parametrize("label_type", list(CASES))
def test_nor_does_a_review_of_it(
    laid_out, label_type, verdict, make, session, sessions, client_for, count_queries
):
    every = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
    floor, case = laid_out(label_type, settings=every)
    for one in floor.labellers:
        client = client_for(one)
        token = client.post(f"{DESK}/next", json={"tab": "t"}).json["work"]["token"]
        said = {"key": "0123456789", "revision": 0, "tab": "t", "active_ms": 0}
        done = client.post(f"{DESK}/{token}/submit", json=said | {"label": case.wrong})
        assert done.status_code == 200
        judge(sessions)
    reviewer = client_for(make.member(floor.project, make.user(role="reviewer")))
    session.commit()
    reviewer.get(f"{DESK}/me")
    heard = []
    for n in range(2):
        begun = len(count_queries)
        work = reviewer.post(f"{DESK}/next", json={"tab": "t"}).json["work"]
        seen = len(count_queries)
        assert work["stage"] == "review"
        label = case.right if verdict == "fix" else {}
        if verdict == "accept" and label_type == "class":
            label = case.wrong
        said = {"key": f"key-of-{n}", "revision": 0, "tab": "t", "active_ms": 0}
        done = reviewer.post(
            f"{DESK}/{work['token']}/submit", json=said | {"label": label | {"verdict": verdict}}
        )
        assert done.status_code == 200, done.text
        told = {k: v for k, v in work.items() if k not in ("token", "image", "expires_at")}
        heard.append((told, done.json, seen - begun, len(count_queries) - seen))
    assert heard[0] == heard[1]
