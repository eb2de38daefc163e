"""A person's own account: their password, their API tokens, their notices."""

from datetime import timedelta

from apiflask import APIBlueprint
from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops import api_tokens, clock_time, notices, people
from ops.errors import InvalidInput, NotSignedIn, TooMany
from ops.web import fields, identity
from ops.web.identity import db, user

blueprint = APIBlueprint("account", __name__, enable_openapi=False)

LONGEST_LIFE = 730  # days


@blueprint.get("/account")
def index() -> ResponseReturnValue:
    """Who I am here, and the keys I have made."""
    return _page()


@blueprint.post("/account/password")
def password() -> ResponseReturnValue:
    """Change the password; every other session of mine ends."""
    person, form = user(), request.form
    sessions, address = current_app.extensions["sessions"], request.remote_addr or ""
    try:
        people.authenticate(sessions, person.email or "", form.get("current", ""), address)
        people.set_password(db(), person, form.get("password", ""))
    except (NotSignedIn, TooMany) as error:
        text = "this is not your password" if isinstance(error, NotSignedIn) else error.message
        return _page(errors=[{"field": "current", "message": text}], status=422)
    except InvalidInput as error:
        return _page(errors=error.errors, status=422)
    identity.sign_in(person)
    flash("Your password is changed. Sessions on other devices have ended.", "success")
    return redirect(url_for("account.index"), 303)


@blueprint.post("/account/tokens")
def make_token() -> ResponseReturnValue:
    """Make an API token; its secret is on this answer and nowhere else."""
    form = request.form
    try:
        ends = clock_time.now() + timedelta(days=_days(form.get("days", "")))
        name, scopes = form.get("name", ""), form.getlist("scopes")
        secret = api_tokens.make(db(), user(), name=name, scopes=scopes, expires_at=ends, by=user())
    except InvalidInput as error:
        return _page(token_errors=error.errors, status=422)
    return _page(secret=secret, status=201)


def _days(text: str) -> int:
    days = fields.identity(text)
    if days is None or not 1 <= days <= LONGEST_LIFE:
        raise InvalidInput(f"give 1 to {LONGEST_LIFE} days", field="days")
    return days


@blueprint.post("/account/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    """End one of my own tokens."""
    token = api_tokens.own(db(), user(), token_id)
    api_tokens.revoke(db(), token.id, by=user())
    flash(f"The token {token.name} no longer works.", "success")
    return redirect(url_for("account.index"), 303)


@blueprint.get("/notices")
def notices_page() -> ResponseReturnValue:
    """What I have been told."""
    return render_template("account/notices.html", notices=notices.of(db(), user()))


@blueprint.post("/notices/read")
def read_notices() -> ResponseReturnValue:
    """I have read them."""
    notices.read_all(db(), user())
    return redirect(url_for("account.notices_page"), 303)


def _page(status: int = 200, **more: object) -> tuple[str, int]:
    own = api_tokens.live(db(), user())
    more = {"errors": None, "token_errors": None, "secret": None, **more}
    least = people.LEAST_PASSWORD
    return render_template(
        "account/index.html", person=user(), own=own, least=least, **more
    ), status
