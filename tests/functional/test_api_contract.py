"""Every documented operation, called with what the document allows and what it forbids."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
)

from ops import tokens

HELD = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture
def headers(make, session):
    """Authorization of an administrator and of a labeller with work waiting."""
    people = {"admin": make.user("admin"), "labeller": make.floor(assets=3).labellers[0]}
    secrets = {r: tokens.create(session, p, "contract", ["write"]) for r, p in people.items()}
    session.commit()
    return {role: {"Authorization": f"Bearer {secret}"} for role, secret in secrets.items()}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda m: m.value)
def test_the_document_holds(app, headers, mode):
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in document.get_all_operations()]
    assert operations
    for operation in operations:
        role = "labeller" if operation.path.startswith("/api/v1/desk") else "admin"
        _call_and_check(operation, mode, headers[role])


def _call_and_check(operation, mode, headers):
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers=headers, checks=HELD)

    check()
