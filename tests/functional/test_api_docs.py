"""The API's document, its page, its errors, and the endpoints for people."""

import json
import re

import pytest
from sqlalchemy import func, select

from ops import tokens
from ops.models import User

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def spec(app):
    return app.test_client().get("/api/v1/openapi.json").json


@pytest.fixture
def call(app, make, session):
    """call(method, path, json=…) as an admin's program."""
    secret = tokens.create(session, make.user("admin"), "test", ["write"])
    session.commit()

    def call(method, path, **more):
        headers = {"Authorization": f"Bearer {secret}"}
        return app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)

    return call


def test_the_document_is_openapi_3_1_and_every_reference_leads_somewhere(spec):
    assert spec["openapi"] == "3.1.0"
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(spec)))
    assert named
    assert named <= spec["components"]["schemas"].keys()
    assert {"token", "session"} == spec["components"]["securitySchemes"].keys()


def test_no_two_schemas_have_one_name(spec):
    """The second would be numbered, and what lies within it be taken for the first's."""
    numbered = [name for name in spec["components"]["schemas"] if name[-1].isdigit()]
    assert numbered == []


def test_every_api_route_is_documented_with_what_it_does_and_how_it_refuses(app, spec):
    routes = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint not in ("openapi.spec", "api.docs")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    documented = {(path, m) for path, ops in spec["paths"].items() for m in METHODS & ops.keys()}
    assert documented == routes
    for path, method in documented:
        operation = spec["paths"][path][method]
        assert operation["summary"], (path, method)
        assert operation["security"] == [{"token": []}, {"session": []}]
        refused = operation["responses"]["4XX"]["content"]
        assert list(refused) == ["application/problem+json"]


def test_operation_ids_are_unique(spec):
    ids = [o["operationId"] for ops in spec["paths"].values() for o in ops.values()]
    assert len(ids) == len(set(ids))


def test_the_page_shows_every_operation(app, spec):
    page = app.test_client().get("/api/v1/docs").text
    for path, operations in spec["paths"].items():
        for method in METHODS & operations.keys():
            assert f"<strong>{method.upper()}</strong> {path}" in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/people", 405), ("GET", "/people/999999999", 404)],
)
def test_errors_are_problem_documents(call, method, path, status):
    answer = call(method, path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    if status == 405:
        assert {"GET", "POST"} <= set(re.split(r",\s*", answer.headers["Allow"]))


def test_without_a_token_the_answer_says_how_to_authenticate(app):
    answer = app.test_client().get("/api/v1/people")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    wrong = app.test_client().get("/api/v1/people", headers={"Authorization": "Bearer ts_no"})
    assert wrong.status_code == 401


PERSON = {"email": "bo@example.com", "name": "Bo", "role": "labeller"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**PERSON, "email": 7}, "email"),
        ({**PERSON, "shoe": 42}, "shoe"),
        ({**PERSON, "role": "pilot"}, "role"),
        ({**PERSON, "skills": [{"skill": "s", "level": 1.0}]}, "skills.0.level"),
        ({**PERSON, "skills": [{"skill": "s", "level": True}]}, "skills.0.level"),
        ({**PERSON, "skills": [{"skill": "unheard of"}]}, "skills"),
        ({**PERSON, "projects": [999]}, "projects"),
        ({**PERSON, "name": "zero\0byte"}, "name"),
        ({**PERSON, "role": "client"}, "organisation"),
        ({"email": "bo@example.com", "role": "labeller"}, "name"),
    ],
)
def test_what_does_not_fit_the_document_is_refused_at_its_field(call, session, body, field):
    before = session.scalar(select(func.count(User.id)))
    answer = call("POST", "/people", json=body)
    assert answer.status_code == 422, answer.text
    assert [e["field"] for e in answer.json["errors"]] == [field]
    assert session.scalar(select(func.count(User.id))) == before


@pytest.mark.parametrize("body", ["[", "", "[]", "7", "null"])
def test_what_is_no_object_is_refused(call, body):
    answer = call("POST", "/people", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"


def test_a_person_through_the_api(call, make, session):
    skill, project = make.skill(), make.project()
    session.commit()
    asked = {**PERSON, "skills": [{"skill": skill.name, "level": 2}], "projects": [project.id]}
    made = call("POST", "/people", json=asked)
    assert made.status_code == 201, made.text
    assert "/link/" in made.json["invitation"]
    assert call("POST", "/people", json=asked).status_code == 409

    shown = call("GET", f"/people/{made.json['id']}").json
    assert "invitation" not in shown
    assert shown["invited"]
    assert [(c["skill"], c["level"]) for c in shown["certificates"]] == [(skill.name, 2)]

    grant = {"skill": skill.name, "level": 4, "valid_until": "2999-01-31", "reason": "Exam"}
    path = f"/people/{shown['id']}/certificates"
    assert call("POST", path, json={**grant, "valid_until": 5}).status_code == 422
    assert call("POST", path, json={**grant, "valid_until": "1999-01-31"}).status_code == 422
    certificate = call("POST", path, json=grant)
    assert certificate.status_code == 201
    assert certificate.json["valid_until"].startswith("2999-01-31T23:59:59")
    number = certificate.json["id"]
    revoked = call("POST", f"{path}/{number}/revoke", json={"reason": "A mistake"})
    assert revoked.json["revoked_at"]

    listed = call("GET", "/people?q=bo%40&role=labeller").json
    assert [p["id"] for p in listed["people"]] == [shown["id"]]
    assert listed["total"] == 1
    assert call("GET", "/people?page=0").status_code == 422
    assert call("GET", "/people?shoe=1").status_code == 422
