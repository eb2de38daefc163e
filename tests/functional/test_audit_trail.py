"""Every write by a person leaves an audit entry: each endpoint that writes, called with success."""

import json

import pytest
from sqlalchemy import func, select

from ops.models import AuditEntry
from tests.factories import PASSWORD
from tests.writes import applicants, clients, desk, judged, onboarding, pay, people, projects, teams
from tests.writes.world import NEW_PASSWORD, World

CASES = {
    endpoint: case
    for part in (applicants, clients, desk, judged, onboarding, pay, people, projects, teams)
    for endpoint, case in part.CASES.items()
}
# What writes nothing by a person that anybody could be asked about later.
SILENT = {
    "signin.submit": "beginning a session; failures are counted, by hash",
    "signin.out": "ends the cookie",
    "account.read_notices": "one's own notices were read",
    "desk_api.next_work": "a lease; the work event tells of it",
    "desk_api.shown": "a sign of life",
    "desk_api.heartbeat": "a sign of life",
    "desk_talk.read": "one's own notices were read",
    "desk_drafts.save_draft": "nothing is said yet; the answer is what is recorded",
    "projects.guideline_preview": "writes nothing",
    "courses.try_step": "a preview: nothing of it is kept",
    "api_projects.upload": "a file without a name; its import is what is recorded",
    "audits.go_on": "an item is on the screen; what is said of it is recorded",
    "dashboards.show": "draws pages; what a lead does there is recorded by what does it",
}
# Covered where they live: without mail a forgotten password only tells the administrators, and the
# first administrator is made before there is anybody, as an application is (`test_pipeline`).
ELSEWHERE = {"signin.forgot_send", "setup.submit", "apply.send", "apply.ask_erasure"}
# One delivery takes them all: `test_client_audit` looks at the entry of each.
ELSEWHERE |= {
    "audits.draw", "audits.choose", "audits.look", "audits.decide", "acceptance.correct",
    "api_audits.draw_audit", "api_audits.choose_item", "api_audits.look_at_item",
    "api_audits.decide_delivery",
}  # fmt: skip


@pytest.fixture
def world(make, session, client_for, settings):
    return World(make, session, client_for)


def test_every_endpoint_that_writes_is_accounted_for(app):
    unsafe = {r.endpoint for r in app.url_map.iter_rules() if r.methods & {"POST", "PUT", "PATCH",
                                                                          "DELETE"}}  # fmt: skip
    assert unsafe == CASES.keys() | SILENT.keys() | ELSEWHERE


@pytest.mark.parametrize("endpoint", sorted(CASES))
def test_a_write_leaves_an_entry_under_a_pseudonym(endpoint, world, session):
    call = CASES[endpoint](world)
    client = world.client_for(world.caller)
    newest = session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0)))
    session.commit()
    answer = call(client)
    assert answer.status_code < 400, (answer.status_code, answer.text[-600:])
    session.expire_all()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.id > newest)).all()
    told = [(e.action, e.subject, e.data) for e in entries]
    assert told, "no audit entry"
    assert world.caller.pseudonym in {e.actor for e in entries}, told
    text = json.dumps(told).lower()
    for private in ("@example.com", "private", world.labeller.name.lower(), PASSWORD, NEW_PASSWORD):
        assert private not in text, told


def test_a_refused_write_leaves_none(world, session):
    client = world.client_for(world.admin)
    newest = session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0)))
    session.commit()
    assert client.post(f"{world.base}/batches", data={"name": ""}).status_code == 422
    assert session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0))) == newest
