"""Planned against actual of a team, by week: a page, a picture, a table to take away."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from metrics import charts_hours
from metrics.reads import planned as reads
from metrics.web import team_forms as forms
from ops import teams
from ops.models import Team
from ops.web.csv_files import csv_file
from ops.web.identity import db, user

blueprint = APIBlueprint("team_hours", __name__, enable_openapi=False, template_folder="templates")

COLUMNS = (
    "name", "day", "planned_hours", "planned_hours_so_far", "active_hours", "wall_hours",
    "difference_hours", "away", "as_of",
)  # fmt: skip


@blueprint.get("/teams/<int:team_id>/hours")
def show(team_id: int) -> ResponseReturnValue:
    """A week of the team: what was planned, what was worked."""
    team = teams.find(db(), user(), team_id)
    sheet = _sheet(team)
    rows = [
        (p.user.name, p.total.planned, p.total.due, p.total.active)
        for p in sheet.people
        if not p.total.empty
    ]
    return render_template(
        "teams/hours.html",
        tab="Planned and worked",
        team=team,
        week=sheet.first,
        sheet=sheet,
        # Names are escaped where the picture is drawn.
        picture=Markup(charts_hours.people(rows)),  # noqa: S704
        earlier=sheet.first - timedelta(days=7),
        later=sheet.first + timedelta(days=7),
    )


@blueprint.get("/teams/<int:team_id>/hours.csv")
def table(team_id: int) -> ResponseReturnValue:
    """The same week as CSV, a row for each person and day."""
    team = teams.find(db(), user(), team_id)
    sheet = _sheet(team)
    return csv_file(f"hours-team-{team.id}-{sheet.first}", COLUMNS, _rows(sheet))


def _rows(sheet: reads.Sheet) -> Iterator[list[Any]]:
    as_of = sheet.as_of.isoformat() if sheet.as_of else ""
    for person in sheet.people:
        for day, one in person.days.items():
            hours = (one.planned, one.due, one.active, one.wall, one.difference)
            away = "yes" if day in person.away else ""
            yield [person.user.name, day, *(f"{h:.4f}" for h in hours), away, as_of]


def _sheet(team: Team) -> reads.Sheet:
    week = forms.week(request.args, user().timezone)
    return reads.of_a_team(db(), team, week, week + timedelta(days=7))
