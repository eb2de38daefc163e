"""Accounts, people, skills."""

from sqlalchemy import select

from ops import people, tokens
from ops.models import ApiToken
from tests.factories import PASSWORD
from tests.writes.world import NEW_PASSWORD


def _person(action, **data):
    return lambda w: w.post(f"/people/{w.labeller.id}/{action}", data=data)


def _revoke_token(w):
    tokens.create(w.session, w.admin, "t", ["read"])
    token = w.session.scalars(select(ApiToken)).one()
    return w.post(f"/account/tokens/{token.id}/revoke")


def _closed(action):
    def case(w):
        people.deactivate(w.session, w.labeller, by=w.admin)
        return w.post(f"/people/{w.labeller.id}/{action}")

    return case


def _link(w):
    secret = people.invite(w.session, w.labeller, by=w.admin)
    w.caller = w.labeller
    return w.post(f"/link/{secret}", data={"password": NEW_PASSWORD})


def _grant(w):
    form = {"skill": w.make.skill().id, "level": 1, "valid_until": "2999-01-01", "reason": "r"}
    return w.post(f"/people/{w.labeller.id}/certificates", data=form)


def _api_grant(w):
    form = {"skill": w.make.skill().name, "level": 1, "valid_until": "2999-01-01", "reason": "r"}
    return w.post(f"/api/v1/people/{w.labeller.id}/certificates", json=form)


PERSON = {"name": "Bo Private", "email": "bo.private@example.com", "role": "labeller"}


CASES = {
    "account.password": lambda w: w.post(
        "/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD}
    ),
    "account.make_token": lambda w: w.post(
        "/account/tokens", data={"name": "t", "days": "9", "scopes": "read"}
    ),
    "account.revoke_token": _revoke_token,
    "signin.link": _link,
    "people.add": lambda w: w.post("/people/new", data=PERSON),
    "people.import_csv": lambda w: w.post(
        "/people/import",
        data={"csv": "email,name,role,skills\nbo.private@example.com,Bo Private,labeller,\n"},
    ),
    "people.add_skill": lambda w: w.post("/people/skills", data={"name": "Birds"}),
    "people.grant": _grant,
    "people.revoke": lambda w: w.post(
        f"/people/{w.labeller.id}/certificates/{w.certificate().id}/revoke", data={"reason": "r"}
    ),
    "people.make_link": _person("link"),
    "people.deactivate": _person("deactivate"),
    "people.change": _person("change", **PERSON),
    "people.reopen": _closed("reopen"),
    "people.erase": _closed("erase"),
    "api.invite_person": lambda w: w.post("/api/v1/people", json=PERSON),
    "api.grant_certificate": _api_grant,
    "api.revoke_certificate": lambda w: w.post(
        f"/api/v1/people/{w.labeller.id}/certificates/{w.certificate().id}/revoke",
        json={"reason": "r"},
    ),
}  # fmt: skip
