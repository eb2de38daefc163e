"""Two teams with their leads, and what tests of teams ask of their pages."""

import csv
import io
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

from ops import clock_time, teams
from ops.local_time import monday
from ops.shifts import weekly

WORKDAYS = {day: [(9 * 60, 17 * 60)] for day in range(5)}
SELF = {"kind": "holiday", "note": ""}


def two_teams(make, session):
    """Teams A and B, each with a lead who labels and two others; who is in B is called Bee."""
    admin = make.user(role="admin", name="Ada")

    def team(name, word):
        made = teams.create(session, name, by=admin)
        people = [make.user(name=f"{word} {n}", team_id=made.id) for n in range(3)]
        for one in people:
            weekly.put(session, one, WORKDAYS, clock_time.now().date(), by=one)
        teams.appoint(session, made, people[0], by=admin)
        return SimpleNamespace(team=made, lead=people[0], people=people)

    a, b = team("Dawn", "Ant"), team("Dusk", "Bee")
    next_week = monday(clock_time.now().date()) + timedelta(days=7)
    session.commit()
    return SimpleNamespace(a=a, b=b, admin=admin, week=next_week)


def base(team):
    return f"/teams/{team.team.id}"


def table_of(client, team, **asked):
    table = client.get(f"{base(team)}/hours.csv?{urlencode(asked)}").text
    return list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))


def plan(client, floor, team, **more):
    return client.post(f"{base(team)}/plan", data={"week": floor.week, "action": "hours", **more})
