"""What a lead does from a dashboard: said first, then done, audited; strangers are refused."""

from typing import Any

import pytest
from sqlalchemy import text

from ops.models import User
from tests.history import History
from tests.http import Client

UPDATE = "/dashboards/_dash-update-component"
BAR = "bar"


def component(**id_: str) -> str:
    return "{" + ",".join(f'"{key}":"{value}"' for key, value in sorted(id_.items())) + "}"


def at(prop: str, value: Any, **id_: str) -> dict[str, Any]:
    return {"id": id_, "property": prop, "value": value}


def to_bar(client: Client, trigger: str) -> dict[str, Any]:
    """The callback of every bar that such a button triggers, for this one: as Dash names it."""
    listed = client.get("/dashboards/_dash-dependencies").json
    output = next(one["output"] for one in listed if f'"{trigger}":' in one["inputs"][0]["id"])
    props = [one.rpartition(".")[2] for one in output.strip(".").split("...")]
    parts = zip(("ask", "told"), props, strict=True)
    return {
        "output": output,
        "outputs": [{"id": {"name": BAR, "part": part}, "property": p} for part, p in parts],
    }


def ask(client: Client, kind: Any, ids: Any, project: int | None = None) -> Any:
    """What the browser sends when the button of a deed is pressed."""
    body = {
        **to_bar(client, "act"),
        "inputs": [[at("n_clicks", 1, act=kind, name=BAR)]],
        "state": [
            at("data", ids, name=BAR, part="chosen"),
            at("data", project, name=BAR, part="project"),
            [],
            [],
        ],
        "changedPropIds": [f"{component(act=kind, name=BAR)}.n_clicks"],
    }
    return client.post(UPDATE, json=body)


def do(
    client: Client, kind: Any, ids: Any, project: int | None = None, **given: Any
) -> tuple[int, str]:
    """What it sends when that is confirmed, forged or not."""
    fields = [at("value", value, field=name, name=BAR) for name, value in given.items()]
    body = {
        **to_bar(client, "do"),
        "inputs": [[at("n_clicks", 1, do="confirm", name=BAR)]],
        "state": [
            at("data", {"kind": kind, "ids": ids, "project": project}, name=BAR, part="asked"),
            fields,
            [{"id": one["id"], "property": "id", "value": one["id"]} for one in fields],
        ],
        "changedPropIds": [f"{component(do='confirm', name=BAR)}.n_clicks"],
    }
    answer = client.post(UPDATE, json=body)
    return answer.status_code, answer.text


def entries(session: Any, action: str) -> int:
    session.rollback()
    counting = text("SELECT count(*) FROM audit_entry WHERE action = :action")
    return session.scalar(counting, {"action": action})


def pick(session: Any, statement: str, **values: Any) -> list[int]:
    return list(session.scalars(text(statement), values))


@pytest.fixture
def lead(ninety_days: History, session, client_for) -> Client:
    return client_for(session.get(User, ninety_days.lead))


DECIDED = """
    SELECT asset_id FROM consensus WHERE method = 'review' AND batch_id = :batch
    AND NOT EXISTS (SELECT FROM gold WHERE gold.asset_id = consensus.asset_id) LIMIT 2"""
FINISHED = """
    SELECT task.asset_id FROM task JOIN lane ON lane.id = lane_id
    WHERE task.stage = 'label' AND NOT open AND round > 0 AND lane.batch_id = :batch LIMIT 3"""


def cases(history: History, session: Any) -> dict[str, tuple[list[int], dict[str, Any], str, int]]:
    """Kind → what it is about, what is filled in, the audit entry it leaves and how many."""
    harbour = history.batches["Harbour"]
    finished = pick(session, FINISHED, batch=harbour)
    decided = pick(session, DECIDED, batch=harbour)
    people = history.labellers[3:5]
    return {
        "batch.pause": ([harbour], {}, "batch.paused", 1),
        "batch.resume": ([harbour], {}, "batch.resumed", 1),
        "labeller.pause": (people, {"hours": "5", "reason": "Look"}, "project.member_paused", 2),
        "labeller.resume": (people, {}, "project.member_resumed", 2),
        "labeller.assign": (people, {"tasks": "3", "hours": "2"}, "work.assigned", 2),
        "labeller.message": (people, {"message": "Thank you."}, "labellers.told", 1),
        "team.message": ([history.teams["Dusk"]], {"message": "Hello."}, "labellers.told", 1),
        "asset.overlap": (finished, {"more": "2"}, "work.more_wanted", 1),
        "asset.review": (finished, {}, "review.asked", 1),
        "asset.gold": (decided, {}, "gold.made", 2),
    }


def test_what_a_lead_confirms_is_done_and_written_down(ninety_days: History, lead, session):
    project = ninety_days.projects["Street scenes"]
    for kind, (ids, given, action, n) in cases(ninety_days, session).items():
        before = entries(session, action)
        asked = ask(lead, kind, ids, project)
        assert asked.status_code == 200 and "dash-ask" in asked.text, (kind, asked.text)
        assert entries(session, action) == before, f"{kind} was done before it was confirmed"
        status, said = do(lead, kind, ids, project, **given)
        assert status == 200 and "dash-said good" in said, (kind, said)
        assert entries(session, action) == before + n, kind
    told = pick(session, "SELECT user_id FROM notice WHERE text LIKE '%Thank you.'")
    assert sorted(told) == ninety_days.labellers[3:5]
    kept = "SELECT count(*) FROM assignment WHERE state = 'reserved' AND labeller_id = :labeller"
    assert pick(session, kept, labeller=ninety_days.labellers[3]) == [3]


def test_a_lead_of_other_projects_is_refused_whatever_is_sent(
    ninety_days: History, session, client_for
):
    stranger = client_for(session.get(User, ninety_days.stranger))
    project = ninety_days.projects["Street scenes"]
    for kind, (ids, given, action, _) in cases(ninety_days, session).items():
        before = entries(session, action)
        asked = ask(stranger, kind, ids, project)
        assert asked.status_code == 200 and "Nothing was done" in asked.text, kind
        status, said = do(stranger, kind, ids, project, **given)
        assert status == 200 and "Nothing was done" in said, (kind, said)
        assert entries(session, action) == before, kind


def test_only_leads_act(ninety_days: History, client_for):
    for role in ("labeller", "client", "onboarding_manager"):
        answer = client_for(role).post(UPDATE, json={"output": "..."})
        assert answer.status_code == 403, role


def test_one_that_cannot_be_done_leaves_all_undone(ninety_days: History, lead, session):
    project = ninety_days.projects["Street scenes"]
    mine, foreign = ninety_days.batches["Harbour"], ninety_days.batches["Aisle one"]
    _, said = do(lead, "batch.pause", [mine, foreign])
    assert "Nothing was done" in said
    member = ninety_days.labellers[0]
    _, said = do(lead, "labeller.message", [member, ninety_days.stranger], project, message="x")
    assert "Nothing was done" in said
    _, said = do(lead, "labeller.pause", [member], project, hours="5", reason=" ")
    assert "write a reason" in said
    _, said = do(lead, "labeller.pause", [member], project, hours="1e9", reason="Look")
    assert "between 1 and 720" in said
    _, said = do(lead, "labeller.pause", [member], None, hours="5", reason="Look")
    assert "choose a project first" in said
    known = pick(session, "SELECT asset_id FROM gold LIMIT 1")
    assert "Nothing was done" in do(lead, "asset.gold", known)[1]
    assert not pick(session, "SELECT id FROM batch WHERE paused")
    assert not pick(session, "SELECT user_id FROM project_member WHERE paused_until IS NOT NULL")


def test_what_makes_no_sense_is_one_message(ninety_days: History, lead):
    for ids in ([], ["x"], [True], [10**30], {"a": 1}, None, [[1]]):
        assert "Nothing was done" in do(lead, "batch.pause", ids)[1], ids
    assert "There is no such action" in do(lead, "batch.burn", [1])[1]
    assert "There is no such action" in do(lead, None, [1])[1]
