"""Drafts over HTTP: another machine goes on where this one stopped, and nothing is overwritten."""

import json
import uuid
from typing import Any

import pytest

from ops import clock_time
from ops.models import ProjectMember
from scheduling.desk import drafts

DESK = "/api/v1/desk"


def _next(client: Any, **body: Any) -> dict[str, Any]:
    return client.post(f"{DESK}/next", json={"tab": "t1", **body}).json["work"]


def _put(client: Any, token: str, **more: Any) -> Any:
    said = {"value": {"class": "a"}, "remark": "", "revision": 0, "tab": "t1"}
    return client.put(f"{DESK}/{token}/draft", json=said | more)


def test_another_machine_goes_on_and_who_comes_late_is_told(client_for: Any, make: Any) -> None:
    me = make.floor(assets=1).labellers[0]
    office, home = client_for(me), client_for(me)
    work = _next(office)
    assert work["draft"] is None
    path = f"{DESK}/{work['token']}/draft"
    assert office.get(path).json == {"draft": None}
    said = {"objects": [{"half": "a box"}]}
    kept = _put(office, work["token"], value=said, remark="so far").json
    assert (set(kept), kept["revision"]) == ({"revision", "saved_at"}, 1)

    there = _next(home, exclude=[])
    told = {"value": said, "remark": "so far", "tab": "t1", **kept}
    assert (there["token"], there["draft"]) == (work["token"], told)
    newer = _put(home, work["token"], value=None, remark="at home", revision=1, tab="t2").json

    late = _put(office, work["token"], revision=1)
    assert (late.status_code, late.mimetype) == (409, "application/problem+json")
    told = {"value": None, "remark": "at home", "tab": "t2", **newer}
    assert (late.json["title"], late.json["draft"]) == ("Stale", told)
    assert office.get(path).json == {"draft": told}
    assert _put(office, work["token"], revision=2).json["revision"] == 3

    label = {"label": {"class": "b"}, "key": "0123456789", "revision": 0, "tab": "t1"}
    done = office.post(f"{DESK}/{work['token']}/submit", json=label | {"active_ms": 0})
    assert done.status_code == 200
    assert _put(home, work["token"], revision=3).status_code == 404
    assert home.get(path).status_code == 404


def test_a_draft_is_its_labellers_alone(client_for: Any, make: Any) -> None:
    floor = make.floor(labellers=2)
    token = _next(client_for(floor.labellers[0]))["token"]
    assert _put(client_for(floor.labellers[0]), token, value={"mine": 1}).status_code == 200
    other = client_for(floor.labellers[1])
    for wrong in (token, str(uuid.uuid4()), "nonsense"):
        answers = _put(other, wrong, revision=1), other.get(f"{DESK}/{wrong}/draft")
        assert [a.status_code for a in answers] == [404, 404]
        assert "mine" not in answers[0].text + answers[1].text
    lead = client_for(make.member(floor.project, make.user(role="ops_lead")))
    assert _put(lead, token).status_code == 403


def test_whoever_is_barred_reads_no_draft_and_loses_none(
    client_for: Any, make: Any, session: Any
) -> None:
    floor = make.floor(assets=1)
    client = client_for(floor.labellers[0])
    token = _next(client)["token"]
    path = f"{DESK}/{token}/draft"
    assert _put(client, token, value={"mine": 1}).status_code == 200
    member = session.get(ProjectMember, (floor.project.id, floor.labellers[0].id))
    member.suspended_at = clock_time.now()
    session.commit()
    assert client.get(path).status_code == 403
    # What was done meanwhile is kept: it may still be handed in.
    assert _put(client, token, value={"mine": 2}, revision=1).status_code == 200
    member.suspended_at = None
    session.commit()
    assert client.get(path).json["draft"]["value"] == {"mine": 2}
    session.delete(member)
    session.commit()
    assert client.get(path).status_code == 404


DEEP = "[" * 40 + "]" * 40


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        (f'{{"a": {DEEP}}}', 422, "value nests deeper than 32 levels"),
        ("[" * 200_000 + "]" * 200_000, 400, ""),
        (f'{{"a": "{"b" * (drafts.MOST_BYTES - 8)}"}}', 422, "value is longer than 4 MB"),
        (f'{{"a": "{"b" * (drafts.MOST_BYTES + 2**16)}"}}', 413, ""),
        ('{"a": NaN}', 422, "value"),
        ('{"a": 1e999}', 422, "value"),
        ('{"a": "\\u0000"}', 422, "cannot store"),
        ('{"a": "\\ud800"}', 422, "cannot store"),
        ('["a"]', 422, "value"),
        ('"a"', 422, "value"),
        ("", 400, ""),
    ],
    ids=["deep", "endless", "long", "longer", "nan", "inf", "nul", "half", "list", "text", "none"],
)  # fmt: skip
def test_hostile_drafts_are_refused_and_leave_what_is_there(
    client_for: Any, make: Any, value: str, status: int, words: str
) -> None:
    client = client_for(make.floor(assets=1).labellers[0])
    token = _next(client)["token"]
    _put(client, token)
    body = f'{{"value": {value}, "revision": 1, "tab": "t"}}'
    path = f"{DESK}/{token}/draft"
    answer = client.put(path, data=body, content_type="application/json")
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert client.get(path).json["draft"]["value"] == {"class": "a"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"revision": -1}, "revision"),
        ({"revision": 2**31 - 1}, "revision"),
        ({"revision": "0"}, "revision"),
        ({"remark": "a" * 2001}, "remark"),
        ({"remark": 1}, "remark"),
        ({"remark": "\ud800"}, "remark"),
        ({"tab": ""}, "tab"),
        ({"more": 1}, "more"),
    ],
)
def test_bad_input_is_named(client_for: Any, make: Any, change: Any, field: str) -> None:
    client = client_for(make.floor(assets=1).labellers[0])
    answer = _put(client, _next(client)["token"], **change)
    assert answer.status_code == 422
    assert field in json.dumps(answer.json["errors"])


def test_the_number_of_statements_does_not_tell_whether_there_is_a_draft(
    client_for: Any, make: Any, count_queries: list[str]
) -> None:
    client = client_for(make.floor(assets=1).labellers[0])
    token = _next(client)["token"]
    counts = []
    for _ in range(2):
        count_queries.clear()
        assert _next(client, exclude=[])["token"] == token
        counts.append(len(count_queries))
        count_queries.clear()
        assert _put(client, token).status_code == 200
        counts.append(len(count_queries))
    assert counts[:2] == counts[2:]
    assert counts[1] <= 4  # one of them saves; the rest is who asks
