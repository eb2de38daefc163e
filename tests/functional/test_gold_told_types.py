"""Of every label type: what a labeller fetches of gold and of work is the same, byte for byte, and
so is the number of statements behind each answer. The pictures of work were never measured yet."""

import re

import pytest
from PIL import Image

from ops import clock_time, guidelines
from quality import gold
from scheduling.models import GoldPace
from tests.db.every_type import CASES, HEIGHT, WIDTH, floor_of

DESK = "/api/v1/desk"
MASKED = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
)


@pytest.fixture
def told(make, session, client_for, settings, monkeypatch, count_queries):
    """A function: what a labeller who is given gold, or work, of this type hears of it."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    settings.media.mkdir(parents=True)
    Image.new("RGB", (WIDTH, HEIGHT)).save(settings.media / "one.png")
    moment = clock_time.now().timestamp()
    clock_time.use(lambda: moment)

    def told(label_type):
        case = CASES[label_type]
        floor = floor_of(make, label_type, assets=4, labellers=2)
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
        session.commit()
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
    assert ask("post", f"{token}/submit", **said, label=case.wrong)[0] == 200
    ask("post", f"{token}/submit", **said, label=case.wrong)
    ask("get", "me")
    return heard


@pytest.mark.parametrize("label_type", list(CASES))
def test_nothing_tells_gold_from_work(told, label_type, session):
    hidden, work = told(label_type)
    from ops.models import Assignment

    assert [one.counts for one in session.query(Assignment).order_by(Assignment.id)] == [
        False, True,
    ]  # fmt: skip
    for of_gold, of_work in zip(hidden, work, strict=True):
        assert of_gold == of_work
