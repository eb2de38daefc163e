"""Gold and work, through everything a labeller can fetch: the same bytes but for what is random.

Two labellers do the same things, one on gold and one on work, with one picture behind all assets.
What is fetched is compared whole: status, headers, body. Only tokens and times are masked.
"""

import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import update

from ops import clock_time, guidelines
from ops.models import Assignment
from quality import gold
from scheduling import leases
from scheduling.models import GoldPace

DESK = "/api/v1/desk"
TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
SAID = {"label": {"class": "a"}, "key": "0123456789", "revision": 0, "tab": "t", "active_ms": 0}
BEAT = {"tab": "t", "beat": 1, "active_ms": 0}


@pytest.fixture
def picture(settings, monkeypatch):
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    settings.media.mkdir(parents=True)
    Image.new("RGB", (9, 9), (200, 10, 10)).save(settings.media / "one.png")
    return str(settings.media / "one.png")


@pytest.fixture
def hands(make, session, client_for, picture):
    """A function: a client whose next work is gold (or is not), with the same before and after."""
    moment = clock_time.now().timestamp()
    clock_time.use(lambda: moment)
    floor = make.floor(assets=6, labellers=2, wanted=2, medium="image")
    for asset in floor.assets:
        asset.text, asset.uri = None, picture
    guidelines.publish(session, floor.project, "Look.", None)
    hidden = make.assets(floor.batch, 1, uri=picture, text=None)[0]
    made = gold.make(session, floor.project, hidden, [{"class": "a"}], None)

    def hands(kind, who):
        labeller = floor.labellers[who]
        until = 0 if kind == "gold" else 50
        pace = GoldPace(
            labeller_id=labeller.id,
            project_id=floor.project.id,
            until_next=until,
            gold_id=made.id,
            gap_after=50,
        )
        session.add(pace)
        client = client_for(labeller)
        client.kind_of = lambda: _kind(session, labeller, made)
        return client

    return hands


def _kind(session, labeller, made):
    from sqlalchemy import select

    mine = select(Assignment.task_id).where(Assignment.labeller_id == labeller.id)
    return "gold" if session.scalars(mine.order_by(Assignment.id)).first() == made.task_id else ""


def _masked(text: str) -> str:
    return TIME.sub("<time>", TOKEN.sub("<token>", text))


def _heard(answer) -> tuple:
    """All that an answer tells."""
    headers = {k: v for k, v in answer.headers.items() if k not in ("Set-Cookie", "Date")}
    return answer.status_code, headers, _masked(answer.get_data().decode("latin-1"))


def _at_work(client) -> list:
    """Look at the work from all sides, hand it in, and ask for all of it again."""
    heard = [client.get(f"{DESK}/me"), client.post(f"{DESK}/next", json={"tab": "t"})]
    path = f"{DESK}/{heard[-1].json['work']['token']}"
    heard += [
        client.get(f"{path}/brief"),
        client.get(f"{path}/medium"),
        client.post(f"{path}/shown", json={"tab": "t"}),
        client.post(f"{path}/heartbeat", json=BEAT),
        client.post(f"{path}/submit", json=SAID | {"label": {"class": "zebra"}}),
        client.post(f"{path}/submit", json=SAID | {"revision": 4}),
        client.post(f"{path}/submit", json=SAID),
        client.post(f"{path}/submit", json=SAID),
        client.post(f"{path}/submit", json=SAID | {"key": "another-key"}),
        client.post(f"{path}/skip", json={"reason": "unclear"}),
        client.post(f"{path}/release", json={}),
        client.get(f"{path}/brief"),
        client.get(f"{path}/medium"),
        client.post(f"{path}/heartbeat", json=BEAT | {"beat": 2}),
        client.get(f"{DESK}/me"),
    ]
    return heard


def _skipping(client) -> list:
    heard = [client.post(f"{DESK}/next", json={"tab": "t"})]
    path = f"{DESK}/{heard[-1].json['work']['token']}"
    heard += [
        client.post(f"{path}/skip", json={"reason": "bored"}),
        client.post(f"{path}/skip", json={"reason": "unclear", "note": "dark"}),
        client.post(f"{path}/skip", json={"reason": "unclear"}),
        client.post(f"{path}/submit", json=SAID),
        client.get(f"{path}/medium"),
        client.get(f"{DESK}/me"),
    ]
    return heard


def _giving_back(client) -> list:
    heard = [client.post(f"{DESK}/next", json={"tab": "t"})]
    path = f"{DESK}/{heard[-1].json['work']['token']}"
    return [
        *heard,
        client.post(f"{path}/release", json={}),
        client.post(f"{path}/release", json={}),
        client.get(f"{path}/medium"),
        client.post(f"{path}/submit", json=SAID),
        client.get(f"{DESK}/me"),
    ]


def _too_late(client) -> list:
    """The lease runs out before the answer comes."""
    heard = [client.post(f"{DESK}/next", json={"tab": "t"})]
    path = f"{DESK}/{heard[-1].json['work']['token']}"
    with client.sessions.begin() as session:
        past = clock_time.now() - timedelta(minutes=1)
        session.execute(update(Assignment).values(expires_at=past))
    assert leases.expire(client.sessions) == 1
    return [
        *heard,
        client.post(f"{path}/heartbeat", json=BEAT),
        client.get(f"{path}/brief"),
        client.get(f"{path}/medium"),
        client.post(f"{path}/submit", json=SAID),
        client.post(f"{path}/submit", json=SAID | {"key": "another-key"}),
        client.get(f"{DESK}/me"),
    ]


@pytest.mark.parametrize("doing", [_at_work, _skipping, _giving_back, _too_late])
def test_nothing_tells_gold_from_work(hands, doing, sessions):
    told = {}
    for who, kind in enumerate(("gold", "work")):
        client = hands(kind, who)
        client.sessions = sessions
        told[kind] = [_heard(answer) for answer in doing(client)]
        assert (client.kind_of() == "gold") is (kind == "gold")
    for step, (hidden, open_) in enumerate(zip(told["gold"], told["work"], strict=True)):
        assert hidden == open_, step


def test_leases_run_equally_long_and_tokens_look_alike(hands):
    works = [
        hands(kind, who).post(f"{DESK}/next", json={"tab": "t"}).json["work"]
        for who, kind in enumerate(("gold", "work"))
    ]
    assert works[0]["expires_at"] == works[1]["expires_at"]
    assert all(TOKEN.fullmatch(work["token"]) and work["token"][14] == "4" for work in works)
