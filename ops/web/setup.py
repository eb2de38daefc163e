"""The start page, and the page on which the first administrator sets the system up."""

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops import first_admin, tokens
from ops.errors import InvalidInput
from ops.web import identity, layout
from ops.web.identity import db

home_blueprint = APIBlueprint("home", __name__, enable_openapi=False)
blueprint = APIBlueprint("setup", __name__, enable_openapi=False)


@home_blueprint.get("/")
def index() -> ResponseReturnValue:
    """Everybody's way in: to their own start page, to sign-in, or to setting up."""
    viewer = identity.viewer()
    if viewer is None:
        if first_admin.anyone(db()):
            return redirect(url_for("signin.form"))
        return render_template("setup/empty.html")
    own = layout.home_of(viewer.role)
    return render_template("setup/start.html") if own == "/" else redirect(own)


@blueprint.get("/setup/<secret>")
def form(secret: str) -> ResponseReturnValue:
    """The form, if the link is good."""
    tokens.check_link(db(), secret, "setup")
    return render_template("setup/form.html", values={}, errors=None)


@blueprint.post("/setup/<secret>")
def submit(secret: str) -> ResponseReturnValue:
    """Make the administrator and sign them in."""
    values = {name: request.form.get(name, "") for name in ("name", "email", "password")}
    try:
        with db().begin_nested():
            person = first_admin.finish(db(), secret, **values)
    except InvalidInput as error:
        return render_template("setup/form.html", values=values, errors=error.errors), 422
    identity.sign_in(person)
    return redirect(layout.home_of(person.role))
