"""My hours, for whoever labels: when they can work, their shifts, absences, planned and worked."""

from datetime import date, timedelta

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select

from metrics import charts_hours
from metrics.reads import planned as reads
from metrics.web import team_forms as forms
from ops import clock_time, scope
from ops.errors import Conflict, InvalidInput, NotFound
from ops.local_time import monday, zone_named
from ops.models import ABSENCES, Absence, Team
from ops.shifts import absences, planned, weekly
from ops.web import fields
from ops.web.identity import db, user

blueprint = APIBlueprint("hours", __name__, enable_openapi=False, template_folder="templates")

BACK, AHEAD = 28, 28  # days of one's own that are shown


@blueprint.get("/hours")
def show() -> ResponseReturnValue:
    """My hours."""
    return _page()


@blueprint.post("/hours")
def put() -> ResponseReturnValue:
    """When I can work, from a day on."""
    form = request.form
    try:
        with db().begin_nested():
            week = forms.hours(form)
            begins = fields.day(form.get("valid_from", ""), "valid_from")
            changed = weekly.put(db(), user(), week, begins, by=user())
    except InvalidInput as error:
        return _page(hours=form, errors=error.errors), 422
    words = f"Your hours hold from {begins} on. Shifts that are planned stay as they are."
    flash(words if changed else "Nothing was changed.", "success")
    return redirect(url_for("hours.show"), 303)


@blueprint.post("/hours/absences")
def ask() -> ResponseReturnValue:
    """Ask for days off."""
    form = request.form
    try:
        with db().begin_nested():
            absences.ask(
                db(),
                user(),
                kind=form.get("kind", ""),
                first=fields.day(form.get("first_day", ""), "first_day"),
                last=fields.day(form.get("last_day", ""), "last_day"),
                note=form.get("note", ""),
                by=user(),
            )
    except (InvalidInput, Conflict) as error:
        return _page(asked=form, errors=fields.faults(error)), 422
    flash("Your lead is told; you are told what they decide.", "success")
    return redirect(url_for("hours.show"), 303)


@blueprint.post("/hours/absences/<int:absence_id>")
def withdraw(absence_id: int) -> ResponseReturnValue:
    """Take back what I asked."""
    absence = db().get(Absence, absence_id)
    if absence is None or absence.user_id != user().id:
        raise NotFound("There is no such absence.")
    absences.withdraw(db(), absence, by=user())
    flash(f"Withdrawn: {absences.days(absence)}.", "success")
    return redirect(url_for("hours.show"), 303)


def _page(*, hours: object = None, asked: object = None, errors: object = None) -> str:
    me = user()
    zone = zone_named(me.timezone)
    today = clock_time.now().astimezone(zone).date()
    rows = weekly.of(db(), [me.id], today)[me.id]
    first = monday(today) - timedelta(days=BACK - 7)
    sheet = reads.of_one(db(), me, first, monday(today) + timedelta(days=7))
    (mine,) = sheet.people
    listed = _absences(today)
    later = planned.around(today, today + timedelta(days=AHEAD))
    shifts = planned.live(db(), [me.id], later)
    return render_template(
        "teams/own.html",
        zone=zone,
        today=today,
        weekdays=weekly.WEEKDAYS,
        hours=hours or _now(rows, today),
        coming=_coming(rows, today),
        shifts=[s for s in shifts if s.ends_at > clock_time.now()],
        absences=listed,
        off={day for day in (today + timedelta(days=n) for n in range(-1, AHEAD + 1))
             if any(a.state == "granted" and a.covers(day) for a in listed)},
        kinds=ABSENCES,
        asked=asked or {},
        errors=errors,
        sheet=sheet,
        mine=mine,
        said=weekly.said,
        picture=Markup(charts_hours.days(  # noqa: S704 - drawn of numbers
            [(day, one.planned, one.due, one.active) for day, one in mine.days.items()]
        )),
        leads=bool(db().scalar(scope.teams(me).limit(1))),
        team=db().get(Team, me.team_id) if me.team_id else None,
    )  # fmt: skip


def _now(rows: list[weekly.Hours], today: date) -> dict[str, str]:
    """The form as it would be sent for what holds today."""
    found: dict[str, str] = {"valid_from": today.isoformat()}
    for weekday in range(7):
        held = [h for h in rows if h.weekday == weekday and h.in_force(today)]
        found[f"day{weekday}"] = weekly.said([(h.begins, h.ends) for h in held])
    return found


def _coming(rows: list[weekly.Hours], today: date) -> list[tuple[date, str]]:
    """Other hours that begin later: from when, in words."""
    starts = sorted({h.valid_from for h in rows if h.valid_from > today})
    ends = {h.valid_until for h in rows if h.valid_until and h.valid_until > today}
    found = []
    for day in sorted({*starts, *ends}):
        held = [
            h for h in rows if h.valid_from <= day and (not h.valid_until or day < h.valid_until)
        ]
        parts = [
            f"{weekly.WEEKDAYS[n][:3]} {weekly.said(spans)}"
            for n in range(7)
            if (spans := [(h.begins, h.ends) for h in held if h.weekday == n])
        ]
        found.append((day, "; ".join(parts) or "no hours"))
    return found


def _absences(today: date) -> list[Absence]:
    since = today - timedelta(days=90)
    mine = select(Absence).where(Absence.user_id == user().id, Absence.last_day >= since)
    return list(db().scalars(mine.order_by(Absence.first_day.desc(), Absence.id.desc())))
