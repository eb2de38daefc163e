"""Every route is in the role matrix, and every role is refused what it does not grant."""

import pytest

from ops.access import ANYONE, EVERYONE
from ops.models import ROLES


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if not rule.build_only]


def address(rule) -> str:
    """A well-formed address of the rule, of something that does not exist."""
    token = "00000000-0000-4000-8000-000000000000"
    values = {name: _sample(kind, token) for name, kind in rule._converters.items()}
    with_defaults = {**values, **(rule.defaults or {})}
    built = rule.build(with_defaults, append_unknown=False)
    assert built is not None, rule
    return built[1]


def _sample(converter, token: str):
    kind = type(converter).__name__
    return {"IntegerConverter": 999_999_999, "UUIDConverter": token}.get(kind, "nothing")


def test_every_route_is_in_the_matrix(app):
    missing = {rule.endpoint for rule in rules(app)} - app.extensions["access"].keys()
    assert not missing, f"not in any ACCESS: {sorted(missing)}"


def test_every_role_named_is_a_role(app):
    known = {*ROLES, *ANYONE}
    for endpoint, roles in app.extensions["access"].items():
        assert roles <= known and roles, endpoint


def test_nobody_gets_in_without_signing_in(app, client_for):
    client = client_for()
    for rule in rules(app):
        if app.extensions["access"][rule.endpoint] == ANYONE:
            continue
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            # As a machine would: no cookie, no redirect to the sign-in page.
            answer = client._send(method, address(rule), headers={"Accept": "application/json"})
            # 400: the form token is missing, which is checked first.
            assert answer.status_code in (400, 401), (method, rule.rule, answer.status_code)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_only_what_the_matrix_grants(app, client_for, role):
    client = client_for(role)
    for rule in rules(app):
        allowed = app.extensions["access"][rule.endpoint]
        if allowed in (ANYONE, EVERYONE) or rule.endpoint == "signin.out":
            continue
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = client._send(method, address(rule), headers={"Accept": "application/json"})
            seen = (role, method, rule.rule, answer.status_code)
            if role in allowed:
                assert answer.status_code not in (401, 403, 500), seen
            else:
                assert answer.status_code == 403, seen
