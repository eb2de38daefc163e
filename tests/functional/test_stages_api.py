"""The stages over HTTP: what a client of the desk's API sends and sees."""

import itertools
from typing import Any

import pytest

from ops import tokens
from quality import gold
from quality.judging import judge
from scheduling.models import GoldPace

DESK = "/api/v1/desk"
ALL = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}
_numbers = itertools.count()


class Person:
    """Somebody at the desk, over HTTP alone."""

    def __init__(self, http: Any, secret: str):
        self.http, self.headers = http, {"Authorization": f"Bearer {secret}"}

    def next(self) -> Any:
        said = self.http.post(f"{DESK}/next", json={"tab": "t"}, headers=self.headers)
        assert said.status_code == 200, said.text
        return said.json["work"]

    def submit(self, work: Any, **label: Any) -> Any:
        payload = {("class" if k == "key" else k): v for k, v in label.items()}
        body = {"label": payload, "key": f"key-{next(_numbers):08}", "revision": 0, "tab": "t"}
        path = f"{DESK}/{work['token']}/submit"
        return self.http.post(path, json=body | {"active_ms": 0}, headers=self.headers)


def _due(session: Any, labeller: Any, made: Any) -> None:
    """This gold is what the labeller gets next."""
    key = {"labeller_id": labeller.id, "project_id": made.project_id}
    session.merge(GoldPace(**key, until_next=0, gold_id=made.id, gap_after=50))
    session.commit()


@pytest.fixture
def person(app: Any, session: Any) -> Any:
    def person(user: Any) -> Person:
        secret = tokens.create(session, user, "desk", ["read", "write"])
        session.commit()
        return Person(app.test_client(), secret)

    return person


def test_from_a_label_to_an_experts_decision(person: Any, make: Any, sessions: Any) -> None:
    floor = make.floor(assets=1, settings=ALL)
    author = person(floor.labellers[0])
    reviewer = person(make.member(floor.project, make.user(role="reviewer")))
    expert = person(make.member(floor.project, make.user(role="expert")))

    first = author.next()
    assert author.submit(first, key="a").status_code == 200
    judge(sessions)

    work = reviewer.next()
    assert (work["stage"], work["current"], work["may_send_back"]) == ("review", "a", True)
    back = {"verdict": "return", "remark": "look again"}
    for lacking, field in (({"verdict": "return"}, "remark"), (back, "errors")):
        refused = reviewer.submit(work, **lacking)
        assert refused.status_code == 422
        assert refused.json["errors"][0]["field"] == field
    wrong = [{"type": "wrong_class", "remark": "a bird"}]
    assert reviewer.submit(work, **back, errors=wrong).status_code == 200
    judge(sessions)

    work = author.next()
    assert (work["stage"], work["earlier"], work["answers"]) == ("rework", "a", None)
    said = {"by": "reviewer", "verdict": "return", "class": None, "remark": "look again"}
    assert work["remarks"] == [said | {"label": None, "errors": wrong}]
    assert work["token"] != first["token"]
    stood = author.submit(work, key="a", verdict="stand", remark="I did")
    assert stood.json == {"accepted": True, "revision": 1}
    judge(sessions)

    work = expert.next()
    assert work["stage"] == "adjudicate"
    assert [(o["by"], o["remark"]) for o in work["remarks"]] == [
        ("reviewer", "look again"),
        ("author", "I did"),
    ]
    assert expert.submit(work, key="a", verdict="accept").status_code == 200
    judge(sessions)
    assert author.next() is reviewer.next() is expert.next() is None


def test_no_name_and_no_id_of_anybody_is_in_what_was_said(
    person: Any, make: Any, sessions: Any
) -> None:
    floor = make.floor(assets=1, settings=ALL)
    who = make.member(floor.project, make.user(role="reviewer", name="Rita Secret"))
    author, reviewer = person(floor.labellers[0]), person(who)
    author.submit(author.next(), key="a")
    judge(sessions)
    found = [{"type": "other"}]
    reviewer.submit(reviewer.next(), verdict="return", remark="x", errors=found)
    judge(sessions)
    work = author.next()
    said = str(work["remarks"])
    assert "Rita" not in said and who.pseudonym.hex not in said.replace("-", "")
    assert set(work["remarks"][0]) == {
        "by", "verdict", "class", "remark", "label", "errors"
    }  # fmt: skip


@pytest.mark.parametrize("verdict", ["accept", "fix", "return", "stand"])
def test_a_first_label_carries_no_verdict_and_gold_refuses_it_alike(
    person: Any, make: Any, session: Any, verdict: str
) -> None:
    floor = make.floor(assets=2, settings={"max_leases": 3})
    made = gold.make(session, floor.project, floor.assets[1], [{"class": "a"}], None)
    me = floor.labellers[0]
    _due(session, me, made)
    labeller = person(me)
    label: dict[str, Any] = {"verdict": verdict, "remark": "x"}
    label |= {"errors": [{"type": "other"}]} if verdict == "return" else {"key": "a"}
    told = []
    for _ in range(2):
        work = labeller.next()
        told.append(labeller.submit(work, **label))
        assert labeller.submit(work, key="a").status_code == 200
    assert [t.status_code for t in told] == [422, 422]
    assert told[0].json["errors"] == told[1].json["errors"]
    assert told[0].json["errors"][0]["field"] == "verdict"


def test_a_reviewer_cannot_tell_gold(
    person: Any, make: Any, session: Any, sessions: Any, count_queries: list[str]
) -> None:
    """Field by field over two layers, whatever was answered and whatever the first layer said.

    The statements behind a request, which is what its time hangs on, are as many for both.
    """
    settings = {"review": {**ALL["review"], "layers": 2}, "max_leases": 10}
    floor = make.floor(assets=8, settings=settings)
    hidden = {a.text for a in floor.assets[4:]}
    made = [gold.make(session, floor.project, a, [{"class": "a"}], None) for a in floor.assets[4:]]
    me = floor.labellers[0]
    labeller = person(me)
    layers = [person(make.member(floor.project, make.user(role="reviewer"))) for _ in range(2)]
    answered = {True: itertools.cycle("aabb"), False: itertools.cycle("aabb")}
    for one in [*made, *[None] * 4]:
        if one is not None:
            _due(session, me, one)
        work = labeller.next()
        assert (work["text"] in hidden) is (one is not None)
        labeller.submit(work, key=next(answered[work["text"] in hidden]))
    judge(sessions)
    unlike = {"token", "text", "expires_at"}
    for reviewer in layers:
        seen: dict[bool, list[Any]] = {True: [], False: []}
        effort: dict[bool, set[tuple[int, int]]] = {True: set(), False: set()}
        for n in range(8):
            count_queries.clear()
            work = reviewer.next()
            asked = len(count_queries)
            seen[work["text"] in hidden].append(
                sorted((k, str(v)) for k, v in work.items() if k not in unlike)
            )
            fixed = "c" if work["current"] == "b" else work["current"]
            verdict = "accept" if fixed == work["current"] else "fix"
            count_queries.clear()
            assert reviewer.submit(work, key=fixed, verdict=verdict).status_code == 200
            if n:  # the first claim of all makes the desk
                effort[work["text"] in hidden].add((asked, len(count_queries)))
        judge(sessions)
        assert sorted(seen[True]) == sorted(seen[False])
        assert len(seen[True]) == 4
        assert effort[True] == effort[False]
