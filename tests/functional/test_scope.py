"""Nobody reaches what is another's: every address with an id, each role, a foreign object."""

import pytest
from flask import url_for
from sqlalchemy import select

from ops.access import ANYONE
from ops.models import Assignment, Certificate, ProjectMember, User
from quality.models import Attempt
from tests.everything import everything, values_of

ROLES = ("ops_lead", "onboarding_manager", "labeller", "reviewer", "expert", "client")
# Managers know everybody who works here: these are about people, not about a project.
ABOUT_STAFF = {
    "api.show_person", "people.person", "pay.statement", "pay.statement_csv",
    "certificates.change_skill",
}  # fmt: skip
# Whose pages an onboarding manager sees of all teams.
OF_TEAMS = {"teams", "team_plan", "team_hours", "teams_api"}
# Whoever holds the secret may.
SECRETS = {
    "signin.link", "setup.form", "setup.submit",
    "apply.form", "apply.send", "apply.own", "apply.data", "apply.ask_erasure",
}  # fmt: skip
# The static files and the dashboards' own assets are the same for all who may open them.
OF_NO_PROJECT = {"static", "dashboards.show"}


@pytest.fixture
def foreign(make, session, sessions, app):
    """Something of every kind that can be named in an address, all of somebody else's project."""
    return everything(app, make, session, sessions)


BODIES = {
    "desk_api.shown": {"tab": "t"},
    "desk_api.heartbeat": {"tab": "t", "beat": 1, "active_ms": 0},
    "desk_api.submit_label": {
        "label": {"class": "a"}, "key": "k" * 10, "revision": 0, "tab": "t", "active_ms": 0,
    },
    "desk_api.skip": {"reason": "unclear"},
    "desk_api.release": {},
    "api.grant_certificate": {
        "skill": "x", "level": 1, "valid_until": "2999-01-01", "reason": "because",
    },
    "api.revoke_certificate": {"reason": "because"},
    "api_applicants.move_applicant": {"to": "Left", "expected": "Applied"},
    "api_projects.create_batch": {"name": "b"},
    "api_projects.import_assets": {"rows": [{"external_id": "x", "text": "y"}]},
    "api_projects.set_wanted": {"wanted": 2},
    "api_projects.add_member": {"user": 1},
    "api_projects.publish_ontology": {"classes": [{"key": "a", "name": "A"}]},
    "api_projects.publish_guideline": {"markdown": "x"},
    "api_projects.reserve_work": {"labeller": 1, "next": {"n": 1}},
    "api_projects.recall_work": {"assignments": [1]},
    "api_projects.reassign_work": {"assignments": [1], "to": 1},
    "api_projects.create_rule": {"name": "x", "signal": "hours", "action": "warn"},
    "api_projects.change_rule": {"name": "x", "signal": "hours", "action": "warn"},
    "api_projects.switch_rule": {"enabled": False},
    "api_projects.settle_firing": {"verdict": "override", "why": "because"},
    "api_projects.make_gold": {"assets": [1]},
    "api_projects.revise_gold": {"answers": [{"class": "a"}], "reason": "because"},
    "api_projects.retire_gold": {"gold": [1], "reason": "because"},
    "api_projects.decide_contention": {"decision": "keep"},
    "decisions_api.appeal_decision": {"text": "because"},
    "desk_drafts.save_draft": {"value": None, "revision": 0, "tab": "t"},
    "desk_talk.ask": {"pin": {"at": "asset"}, "body": "x", "key": "k" * 8},
    "desk_talk.reply": {"body": "x", "key": "k" * 8},
    "api_projects.reply_to_issue": {"body": "x", "key": "k" * 8},
    "api_projects.change_issue": {"action": "resolve"},
    "api_projects.enter_issue": {"markdown": "x"},
    "api_projects.pass_on_issue": {"text": "x"},
    "api_projects.decide_proposal": {"decision": "decline", "reason": "because"},
    "api_portal.answer": {"body": "x", "key": "k" * 8},
    "api_portal.say_of_guideline": {"version": 1, "word": "approved"},
    "api_portal.propose": {"external_id": "x", "label": {"class": "a"}},
    "deliveries.draw": {"n": 1},
    "api_audits.draw_audit": {"n": 1},
    "api_audits.choose_item": {"external_id": "x"},
    "api_audits.look_at_item": {"verdict": "right"},
    "api_audits.decide_delivery": {"decision": "accept"},
    "webhooks_api.change_webhook": {"url": "https://example.com/", "events": ["batch.delivered"]},
    "teams_api.plan_shifts": {"week": "2026-11-23"},
    "teams_api.enter_absence": {
        "person": 1, "kind": "sick", "first_day": "2026-11-23", "last_day": "2026-11-23",
    },
    "teams_api.decide_absence": {"grant": True},
}  # fmt: skip
QUERIES = {
    "api_projects.compare_guidelines": {"before": 1, "after": 2},
}


@pytest.mark.parametrize("role", ROLES)
def test_a_foreign_object_answers_as_if_it_were_not_there(app, foreign, client_for, make, role):
    member = make.user(role=role)
    if role != "client":
        make.member(make.project(), member)
    client = client_for(member)
    reached = []
    for rule in app.url_map.iter_rules():
        if not rule.arguments or rule.endpoint in SECRETS | OF_NO_PROJECT | ABOUT_STAFF:
            continue
        assert app.extensions["access"][rule.endpoint] != ANYONE, rule
        if rule.endpoint == "account.revoke_token":
            continue  # below: it is about a person, not a project
        if role == "onboarding_manager" and rule.endpoint.partition(".")[0] in OF_TEAMS:
            continue
        with app.test_request_context():
            asked = QUERIES.get(rule.endpoint, {})
            address = url_for(rule.endpoint, **values_of(rule, foreign), **asked)
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            more = {"json": BODIES.get(rule.endpoint, {})} if "/api/" in address else {}
            answer = client._send(method, address, **more)
            if answer.status_code not in (403, 404):
                reached.append((method, rule.rule, answer.status_code))
    assert not reached, reached


def test_the_addresses_are_right(app, foreign, client_for):
    """What the others are refused is there: an administrator finds it at the same address."""
    client = client_for("admin")
    refused = []
    for rule in app.url_map.iter_rules():
        roles = app.extensions["access"][rule.endpoint]
        if "GET" not in rule.methods or not rule.arguments or "admin" not in roles:
            continue
        if rule.endpoint in OF_NO_PROJECT | {"media.show"}:
            continue
        with app.test_request_context():
            address = url_for(rule.endpoint, **values_of(rule, foreign))
        answer = client.get(address)
        if answer.status_code != 200:
            refused.append((rule.rule, answer.status_code))
    # It has neither classes beyond those of the factory nor a guideline; why is about
    # somebody, what was asked about a text, and what a course shows too; no question was
    # answered yet.
    assert sorted(refused) == [
        ("/api/v1/projects/<int:project_id>/guideline/changes", 422),
        ("/api/v1/projects/<int:project_id>/why", 422),
        ("/onboarding/assessments/<int:assessment_id>/items/<int:gold_id>", 404),
        ("/onboarding/training/<int:course_id>/steps/<int:step_id>/medium", 404),
        ("/projects/<int:project_id>/issues/<int:issue_id>/medium", 404),
    ]


def test_a_form_cannot_name_what_the_address_could_not(foreign, client_for, make, session):
    """One's own project in the address, another's object in the address or the form beside it."""
    lead = make.user(role="ops_lead")
    own = make.project()
    make.member(own, lead)
    client = client_for(lead)
    base = f"/projects/{own.id}"
    tries = [
        client.post(f"{base}/batches/{foreign['batch_id']}", data={"action": "pause"}),
        client.post(f"{base}/gold/{foreign['gold_id']}", data={"action": "retire"}),
        client.post(f"{base}/gold/contention/{foreign['gold_id']}", data={"decision": "retire"}),
        client.post(f"{base}/gold", data={"asset": foreign["asset"], "class": "a"}),
        client.get(f"{base}/gold/mark?asset={foreign['asset']}"),
        client.post(f"{base}/people/{foreign['user_id']}", data={"action": "remove"}),
        client.post(f"{base}/import", data={"batch": foreign["batch_id"], "lines": "x"}),
    ]
    assert [answer.status_code for answer in tries] == [404] * len(tries)
    listed = client.get(f"{base}/assets?batch={foreign['batch_id']}")
    assert "data-asset" not in listed.text
    terms = {
        "project": foreign["project_id"], "title": "x", "questions": 1, "minutes": 1,
        "attempts": 1, "level": 1, "valid_days": 1, "pass_percent": 50,
    }  # fmt: skip
    assert client.post("/onboarding/assessments/new", data=terms).status_code == 422
    invited = {
        "name": "N", "email": "n@example.com", "role": "labeller",
        "projects": [foreign["project_id"]],
    }  # fmt: skip
    assert client.post("/people/new", data=invited).status_code == 422
    sent = client.post("/api/v1/people", json=invited)
    assert (sent.status_code, sent.json["errors"][0]["field"]) == (422, "projects")


@pytest.mark.parametrize("path", ["/projects", "/batches", "/people/new", "/onboarding"])
def test_lists_leave_out_what_is_anothers(foreign, client_for, path):
    page = client_for("ops_lead").get(path)
    assert page.status_code == 200
    assert foreign["name"] not in page.text


def test_the_desk_gives_no_work_of_a_project_one_is_no_member_of(foreign, client_for):
    asked = {"tab": "t", "project": foreign["project_id"]}
    assert client_for("labeller").post("/api/v1/desk/next", json=asked).status_code == 404


def test_a_lead_opens_no_account_of_a_client_they_do_not_work_for(
    foreign, client_for, make, session
):
    """A link to an account opens it: an invitation or a reset would show a client's deliveries."""
    client = make.user(role="client", organisation_id=foreign["client_organisation"])
    session.commit()
    lead = client_for("ops_lead")
    for action in ("link", "change", "deactivate"):
        assert lead.post(f"/people/{client.id}/{action}").status_code == 403, action
    form = {"name": "Eve", "email": "eve@example.com", "role": "client"}
    form["organisation"] = client.organisation.name
    assert lead.post("/people/new", data=form).status_code == 422
    assert lead.post("/api/v1/people", json=form).status_code == 422
    table = "email,name,role,organisation\neve@example.com,Eve,client," + form["organisation"]
    assert lead.post("/people/import", data={"csv": table}).status_code == 422


def test_a_lead_manages_the_clients_of_their_own_projects(client_for, make, session):
    project = make.project()
    lead = make.member(project, make.user(role="ops_lead"))
    client = make.user(role="client", organisation_id=project.organisation_id)
    session.commit()
    assert client_for(lead).post(f"/people/{client.id}/link").status_code == 201


def test_uploads_of_others_are_no_folder_to_import(client_for, make, settings):
    settings.media.mkdir(parents=True)
    project = make.project(medium="image")
    lead = make.member(project, make.user(role="ops_lead"))
    form = {"batch": "new", "batch_name": "b", "folder": str(settings.media)}
    answer = client_for(lead).post(f"/projects/{project.id}/import", data=form)
    assert answer.status_code == 422
    assert "lies outside" in answer.text


def test_whoever_left_a_project_sees_nothing_more_of_it(foreign, client_for, session):
    attempt = session.scalars(select(Attempt)).one()
    client = client_for(session.get_one(User, attempt.labeller_id))
    take = f"/onboarding/take/{attempt.token}"
    desk = f"/api/v1/desk/{foreign['desk_token']}"
    assert [client.get(path).status_code for path in (take, f"{desk}/brief")] == [200, 200]
    session.delete(session.get(ProjectMember, (foreign["project_id"], attempt.labeller_id)))
    session.commit()
    pages = (take, f"{take}/{foreign['question_token']}/medium", f"{desk}/brief")
    assert [client.get(path).status_code for path in pages] == [404] * 3


def test_a_key_is_ended_by_its_owner_only(client_for, make, session):
    from ops import tokens
    from ops.models import ApiToken

    tokens.create(session, make.user(), "mine", ["read"])
    session.commit()
    token = session.scalars(select(ApiToken)).one()
    other = client_for("admin")
    assert other.post(f"/account/tokens/{token.id}/revoke").status_code == 404


def test_the_fixture_is_real(foreign, session):
    assert session.scalar(select(Assignment).where(Assignment.token == foreign["desk_token"]))
    assert session.get(Certificate, foreign["certificate_id"])
