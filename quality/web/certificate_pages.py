"""Certificates, for managers: who holds what and until when, many granted or ended at once."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from ops import certificate_table, certificates, certifying, clock_time, skills, staff
from ops.certificate_table import Asked
from ops.errors import InvalidInput
from ops.models import Certificate, Skill, Team, User
from ops.web import people_forms
from ops.web.csv_files import csv_file
from ops.web.fields import identity
from ops.web.identity import db, user
from quality.models import Assessment

blueprint = APIBlueprint(
    "certificates",
    __name__,
    url_prefix="/onboarding/certificates",
    template_folder="templates",
    enable_openapi=False,
)
DEEDS = (
    ("grant", "Certify"),
    ("shorten", "Ask to qualify again by a date"),
    ("revoke", "Revoke"),
)
MOST_ENDING = 12


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Who holds what: people and skills, narrowed by the filter in the address."""
    return _page(_asked(request.args))


@blueprint.get("/file.csv")
def file() -> ResponseReturnValue:
    """The same as a file, a line for each certificate."""
    table = certificate_table.read(db(), _asked(request.args), clock_time.now())
    rows = certificate_table.lines(table.rows)
    return csv_file("certificates", certificate_table.COLUMNS, rows)


@blueprint.post("")
def change() -> ResponseReturnValue:
    """Grant, cut short or revoke certificates of everybody who is ticked, or say what is wrong."""
    asked = _asked(request.form)
    try:
        with db().begin_nested():
            said = _do(request.form)
    except InvalidInput as error:
        return _page(asked, values=request.form, errors=error.errors), 422
    flash(said, "success")
    return redirect(url_for("certificates.index", **_kept(asked)), 303)


@blueprint.post("/skills/<int:skill_id>")
def change_skill(skill_id: int) -> ResponseReturnValue:
    """Set below which standing the holders of a skill must qualify again, and how soon."""
    skill = skills.find(db(), skill_id)
    try:
        with db().begin_nested():
            below, days = _bar(request.form)
            skills.set_requalifying(db(), skill, below=below, days=days, by=user())
    except InvalidInput as error:
        page = _page(Asked(), setting=skill.id, values=request.form, errors=error.errors)
        return page, 422
    flash(f"Saved for {skill.name}.", "success")
    return redirect(url_for("certificates.index"), 303)


def _asked(args: MultiDict[str, str]) -> Asked:
    """What the table is narrowed to; what cannot be read counts as not asked."""
    state = args.get("state", "")
    return Asked(
        text=args.get("q", "").replace("\0", ""),
        team_id=identity(args.get("team", "")),
        skill_id=identity(args.get("in", "")),
        state=state if state in certificate_table.NARROWED else "",
        page=max(1, identity(args.get("page", "")) or 1),
    )


def _kept(asked: Asked) -> dict[str, Any]:
    """The filter as parts of an address, without what does not narrow."""
    parts = {
        "q": asked.text,
        "team": asked.team_id,
        "in": asked.skill_id,
        "state": asked.state,
        "page": asked.page if asked.page > 1 else None,
    }
    return {name: value for name, value in parts.items() if value not in ("", None)}


def _do(form: MultiDict[str, str]) -> str:
    """Do what the form says to everybody ticked; returns what was done, in words."""
    deed, reason = form.get("deed", ""), form.get("reason", "")
    chosen = sorted({n for n in map(identity, form.getlist("who")) if n is not None})
    people = [staff.managed(db(), one, by=user()) for one in chosen]
    skill = db().get(Skill, identity(form.get("skill", "")) or 0)
    if skill is None:
        raise InvalidInput("choose a skill", field="skill")
    if deed == "grant":
        level, until = _level(form), people_forms.end_of_day(form.get("valid_until", ""))
        terms: dict[str, Any] = {"level": level, "until": until, "reason": reason, "by": user()}
        n = certifying.grant(db(), people, skill, **terms)
        return f"{_people(n)} certified in {skill.name}, level {level}, until {until:%Y-%m-%d}."
    if deed == "shorten":
        until = people_forms.end_of_day(form.get("valid_until", ""))
        n = certifying.shorten(db(), people, skill, until=until, reason=reason, by=user())
        return f"{_many(n)} in {skill.name} now run out on {until:%Y-%m-%d}; holders are told."
    if deed == "revoke":
        n = certifying.revoke(db(), people, skill, reason=reason, by=user())
        return f"{_many(n)} in {skill.name} revoked; holders are told."
    raise InvalidInput("choose what to do", field="deed")


def _level(form: MultiDict[str, str]) -> int:
    level = identity(form.get("level", ""))
    if level is None or level not in certificates.LEVELS:
        raise InvalidInput("a level is 1 to 5", field="level")
    return level


def _people(n: int) -> str:
    return "1 person is" if n == 1 else f"{n} people are"


def _many(n: int) -> str:
    return "1 certificate" if n == 1 else f"{n} certificates"


def _bar(form: MultiDict[str, str]) -> tuple[float | None, int]:
    text = form.get("requalify_below", "").strip()
    try:
        below = float(text) / 100 if text else None
    except ValueError:
        raise InvalidInput("give a percentage", field="requalify_below") from None
    days = identity(form.get("requalify_days", "").strip())
    if days is None:
        raise InvalidInput("give a whole number of days", field="requalify_days")
    return below, days


def _page(asked: Asked, **more: Any) -> str:
    now = clock_time.now()
    table = certificate_table.read(db(), asked, now)
    page = min(asked.page, table.pages)
    rows = table.rows[(page - 1) * certificate_table.PAGE : page * certificate_table.PAGE]
    soon = certificate_table.ending(table.rows)
    shown: dict[str, Any] = {"values": {}, "errors": None, "setting": None, **more}
    return render_template(
        "onboarding/certificates.html",
        asked=asked,
        kept=_kept(asked),
        table=table,
        rows=rows,
        page=page,
        columns=table.skills[: certificate_table.MOST_COLUMNS],
        soon=soon[:MOST_ENDING],
        more_soon=max(len(soon) - MOST_ENDING, 0),
        ticked={int(n) for n in request.form.getlist("who") if identity(n)},
        skills=skills.everything(db()),
        teams=db().scalars(select(Team).order_by(Team.name)).all(),
        assessed=set(db().scalars(select(Assessment.skill_id).where(Assessment.open))),
        holders=_holders(now),
        mine={row.user.id for row in rows if staff.may_manage(user(), row.user.role)},
        deeds=DEEDS,
        usual=now + certificates.USUAL_VALIDITY,
        **shown,
    )


def _holders(now: datetime) -> dict[int, int]:
    """Skill id → how many people hold it now."""
    counted = (
        select(Certificate.skill_id, func.count(Certificate.user_id.distinct()))
        .join(User, User.id == Certificate.user_id)
        .where(User.active, Certificate.revoked_at.is_(None), Certificate.valid_until > now)
        .group_by(Certificate.skill_id)
    )
    return {row[0]: row[1] for row in db().execute(counted)}
