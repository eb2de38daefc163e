"""Applying without an account: the public form of an opening, and an applicant's own page."""

import json
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from apiflask import APIBlueprint
from flask import (
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from ops.applicants import applying, forgetting, openings, own_data
from ops.errors import InvalidInput, TooMany
from ops.models import Opening
from ops.web.identity import db, installation

blueprint = APIBlueprint("apply", __name__, enable_openapi=False)

TEXTS = ("name", "email", "country", "timezone", "hours_per_week", "about")
LISTS = ("languages", "equipment", "days")
# No person sees it, and no browser fills it in: only programs do.
TRAP = "homepage"


@blueprint.get("/apply/<link>")
def form(link: str) -> ResponseReturnValue:
    """The form, or that the opening is closed."""
    opening = openings.by_link(db(), link)
    return _form(opening, {"client_key": applying.new_key()}, None)


@blueprint.post("/apply/<link>")
def send(link: str) -> ResponseReturnValue:
    """Take the application and go on to the applicant's own page, or say what is wrong."""
    opening = openings.by_link(db(), link)
    names = (*TEXTS, "client_key", "more_languages")
    kept: dict[str, Any] = {name: request.form.get(name, "") for name in names}
    kept.update({name: request.form.getlist(name) for name in LISTS})
    kept["consent"] = request.form.get("consent") == "1"
    if request.form.get(TRAP):
        said = "a field that nobody sees was filled in, as programs do; send the form once more"
        return _form(opening, kept, [{"field": TRAP, "message": said}]), 422
    try:
        applying.throttle(db(), request.remote_addr or "")
        with db().begin_nested():
            key = kept["client_key"]
            applicant = applying.apply(db(), opening, _application(kept), key)
    except InvalidInput as error:
        if error.field == "client_key":
            kept["client_key"] = applying.new_key()
        return _form(opening, kept, error.errors), 422
    except TooMany as error:
        return _form(opening, kept, [{"field": None, "message": error.message}]), 429
    flash("Your application is in. Thank you.", "success")
    return redirect(url_for("apply.own", own_link=applicant.token), 303)


def _application(kept: dict[str, Any]) -> dict[str, Any]:
    more = [word.strip() for word in kept["more_languages"].split(",")]
    values = {name: kept[name] for name in (*TEXTS, "equipment", "days", "consent")}
    return {**values, "languages": [*kept["languages"], *filter(None, more)]}


def _form(opening: Opening, values: dict[str, Any], errors: Any) -> str:
    for fault in errors or ():
        # Where nothing is asked for by name, languages are written.
        if fault["field"] == "languages" and not opening.languages:
            fault["field"] = "more_languages"
    return render_template(
        "apply/form.html",
        opening=opening,
        takes=openings.takes(opening),
        values=values,
        errors=errors,
        equipment=applying.EQUIPMENT,
        days=applying.DAYS,
        zones=[("", "Choose…"), *((zone, zone) for zone in _zones())],
        trap=TRAP,
    )


@cache
def _zones() -> list[str]:
    # Places, and what has none; not the old names of whole countries.
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


@blueprint.get("/application/<own_link>")
def own(own_link: str) -> ResponseReturnValue:
    """What happens next, what is held of them, and how to have it erased."""
    applicant = applying.by_own_link(db(), own_link)
    held = own_data.by_own_link(db(), applicant)
    here = absolute(url_for("apply.own", own_link=own_link))
    page = render_template("apply/own.html", applicant=applicant, held=held, here=here)
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.get("/application/<own_link>/data.json")
def data(own_link: str) -> ResponseReturnValue:
    """Everything that is held of their application, as a file."""
    applicant = applying.by_own_link(db(), own_link)
    return as_file(own_data.by_own_link(db(), applicant))


@blueprint.post("/application/<own_link>/erase")
def ask_erasure(own_link: str) -> ResponseReturnValue:
    """Ask to be forgotten; managers are told."""
    forgetting.ask(db(), applying.by_own_link(db(), own_link))
    flash("We were told to erase your data. This page will say when it is done.", "success")
    return redirect(url_for("apply.own", own_link=own_link), 303)


def absolute(path: str) -> str:
    """An address to hand out, as people reach this installation."""
    base: str = installation().base_url
    return base.rstrip("/") + path


def as_file(held: dict[str, Any]) -> Response:
    """What is held of an applicant as a JSON file to keep."""
    text = json.dumps(held, ensure_ascii=False, indent=2)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="application.json"'
    return answer
