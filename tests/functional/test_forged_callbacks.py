"""What the dashboards' callbacks are sent by hand: other people's ids, wrong types, huge lists."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from dashboards.pages import PAGES, definitions
from metrics import alerts, views
from ops.models import Project, User
from tests.functional.test_dashboards import UPDATE, draw
from tests.history import History
from tests.http import Client

ODD = (
    "x\0",
    10**30,
    True,
    {"points": [{"customdata": [{}]}]},
    [["x"]],
    list(range(2000)),
    "\ud800",
)
PAGE = "/dashboards/throughput"


@pytest.fixture
def lead(ninety_days: History, session, client_for) -> Client:
    return client_for(session.get(User, ninety_days.lead))


@pytest.fixture
def stranger(ninety_days: History, session, client_for) -> Client:
    return client_for(session.get(User, ninety_days.stranger))


def dependencies(client: Client) -> list[dict[str, Any]]:
    """Every callback that the server answers, as the browser learns of them."""
    listed = client.get("/dashboards/_dash-dependencies").json
    return [one for one in listed if not one["clientside_function"]]


def concrete(told: str, value: Any) -> Any:
    """The id of one component of a callback; `value` stands for each wildcard in it."""
    if not told.startswith("{"):
        return told
    return {k: value if isinstance(v, list) else v for k, v in json.loads(told).items()}


def sent(one: dict[str, Any], value: Any, odd: Any, given: dict[str, Any] | None = None) -> Any:
    """A body with `odd` for all values, but those of `given` by property or id."""

    def at(part: dict[str, Any]) -> Any:
        id_ = concrete(part["id"], value)
        usual = id_ if part["property"] == "id" else odd
        key = id_ if isinstance(id_, str) else part["property"]
        told = {"id": id_, "property": part["property"], "value": (given or {}).get(key, usual)}
        return [told] if '["ALL"]' in part["id"] else told

    outputs = []
    for output in one["output"].strip(".").split("..."):
        id_, _, prop = output.rpartition(".")
        told = {"id": concrete(id_, value), "property": prop}
        outputs.append([told] if '["ALL"]' in id_ else told)
    first = one["inputs"][0]
    id_ = concrete(first["id"], value)
    pressed = id_ if isinstance(id_, str) else json.dumps(id_, separators=(",", ":"))
    return {
        "output": one["output"],
        "outputs": outputs if one["output"].startswith("..") else outputs[0],
        "inputs": [at(part) for part in one["inputs"]],
        "state": [at(part) for part in one["state"]],
        "changedPropIds": [f"{pressed}.{first['property']}"],
    }


def post(client: Client, body: Any) -> Any:
    return client.http.post(
        UPDATE, data=json.dumps(body), content_type="application/json",
        headers={"X-CSRFToken": client._csrf},
    )  # fmt: skip


def written(session: Any, *, commit: bool = False) -> list[int]:
    session.commit() if commit else session.rollback()
    tables = ("audit_entry", "saved_view", "alert_rule", "notice")
    return [session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]


def test_no_value_breaks_a_callback(lead: Client, session):
    before = written(session)
    known = dependencies(lead)
    assert len(known) > 10
    for one in known:
        for n, odd in enumerate(ODD):
            answer = post(lead, sent(one, ("x", 1, 10**30)[n % 3], odd))
            said = (one["output"], one["inputs"][0]["id"], str(odd)[:30], answer.text[:300])
            assert answer.status_code < 500, said
            assert "Traceback" not in answer.text and "on our side" not in answer.text, said
    for body in ({}, [], "x", {"output": "page.children"}, {"output": 3}, None):
        assert post(lead, body).status_code < 500, body
    assert written(session) == before


def press(client: Client, trigger: dict[str, Any], **given: Any) -> Any:
    """A press on the button `trigger`, by hand; the other values as `given` by id or property."""
    one = next(
        one for one in dependencies(client)
        if (first := one["inputs"][0]["id"]).startswith("{")
        and trigger.keys() == json.loads(first).keys()
    )  # fmt: skip
    body = sent(one, 1, 1, {"n_clicks": 1, **given})
    body["inputs"][0] = [{"id": trigger, "property": "n_clicks", "value": 1}]
    body["changedPropIds"] = [f"{json.dumps(trigger, separators=(',', ':'))}.n_clicks"]
    return post(client, body)


def test_views_of_another_lead_stay_theirs(ninety_days: History, lead, stranger, session):
    mine = session.get(User, ninety_days.lead)
    kept = views.save(session, mine, name="Nights", path=PAGE, query="", shared=True)
    session.commit()
    number = kept.id
    for do in ("keep", "delete"):
        before = written(session)
        answer = press(stranger, {"do": do, "view": number}, at=PAGE, value="Mine")
        assert "no such view of yours" in answer.text, (do, answer.text)
        assert written(session) == before
    assert "Nights" in draw(stranger).text
    assert "Deleted" in press(lead, {"do": "delete", "view": number}, at=PAGE).text
    assert "Nights" not in draw(stranger).text


def test_alerts_of_another_project_stay_unseen(ninety_days: History, lead, stranger, session):
    project = ninety_days.projects["Street scenes"]
    alerts.look_at(session, session.get(Project, project))
    number = session.scalar(text("SELECT min(id) FROM alert_firing"))
    assert number is not None
    before = written(session, commit=True)
    answer = press(stranger, {"alert": number, "at": "page"}, at="")
    assert "There is no such alert" in answer.text
    seen = text("SELECT count(*) FROM alert_firing WHERE seen_at IS NOT NULL")
    assert written(session) == before and session.scalar(seen) == 0
    assert press(lead, {"alert": number, "at": "page"}, at="").status_code == 200
    session.rollback()
    assert session.scalar(seen) == 1
    kind = {"alert": "queue_starved", "do": "save"}
    search = f"?project={project}"
    for client, rules in ((stranger, 0), (lead, 1)):
        entries = text("SELECT count(*) FROM audit_entry WHERE action = 'alert.changed'")
        press(client, kind, at=search, value="", n_clicks=1)
        session.rollback()
        assert session.scalar(entries) == rules


def test_points_of_another_project_are_not_shown(ninety_days: History, lead, stranger, session):
    asset, name = session.execute(
        text("SELECT id, external_id FROM asset WHERE batch_id = :b ORDER BY id LIMIT 1"),
        {"b": ninety_days.batches["Harbour"]},
    ).one()
    model = ninety_days.models["eye"]
    pointed = [one for one in dependencies(lead) if one["inputs"][0]["id"] == "map-points"]
    assert len(pointed) == 2
    for first in pointed:
        body = sent(
            first, 1, model, {"map-points": asset if len(first["inputs"]) == 1 else [asset]}
        )
        assert name in post(lead, body).text
        answer = post(stranger, body).text
        assert name not in answer and "/media/" not in answer
    project = ninety_days.projects["Street scenes"]
    asked = {"project": project, "model": model, "like": asset,
             "batch": ninety_days.batches["Harbour"], "run": ninety_days.runs[0],
             "with": ninety_days.runs[1], "compare": f"project:{project}",
             "truth": "car", "said": "bus"}  # fmt: skip
    for page in PAGES:
        shown = draw(stranger, page.PATH, f"?{urlencode(asked)}").text
        for theirs in (name, "Street scenes", "Harbour", "Old town", "detector"):
            assert f'"{theirs}' not in shown, (page.PATH, theirs)
        mine = draw(lead, page.PATH, f"?{urlencode(asked)}").text
        assert "Street scenes" in mine or page is definitions, page.PATH
