"""What the pages of teams and shifts are asked, read and checked at the boundary."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ops import clock_time, scope
from ops.errors import InvalidInput
from ops.local_time import DAY, monday, zone_named
from ops.models import Project, User
from ops.shifts import weekly
from ops.web.fields import identity

Form = MultiDict[str, str]
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")
FARTHEST = timedelta(days=1100)


def week(args: Form, zone: str) -> date:
    """The Monday of the week that is asked for; of this one, there, where it cannot be read."""
    today = clock_time.now().astimezone(zone_named(zone)).date()
    try:
        asked = date.fromisoformat(args.get("week", ""))
    except ValueError:
        asked = today
    near = today - FARTHEST <= asked <= today + FARTHEST
    return monday(asked if near else today)


def zone(args: Form, usual: str) -> str:
    """The time zone that is asked for, if it is one."""
    asked = args.get("zone", "")
    return asked if asked in available_timezones() else usual


def minute(text: str, field: str) -> int:
    """A time of the day as minutes after midnight, 24:00 among them. Raises InvalidInput."""
    match = _CLOCK.match(text.strip())
    found = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else DAY + 1
    if found > DAY:
        raise InvalidInput("give a time as 09:30", field=field)
    return found


def ticked(form: Form, people: Sequence[User]) -> list[User]:
    """Those of the people who are ticked."""
    wanted = {identity(text) for text in form.getlist("people")}
    return [person for person in people if person.id in wanted]


def project(session: Session, form: Form, viewer: User) -> Project | None:
    """The project that is chosen; None for any. Raises InvalidInput naming `project`."""
    if not form.get("project"):
        return None
    found = session.scalar(
        select(Project).where(
            Project.id == (identity(form["project"]) or 0), Project.id.in_(scope.projects(viewer))
        )
    )
    if found is None:
        raise InvalidInput("there is no such project, or you are no member of it", field="project")
    return found


def hours(form: Form) -> dict[int, list[tuple[int, int]]]:
    """The hours of each day of the week, from the fields `day0` … `day6`.

    Raises InvalidInput with every day that cannot be read.
    """
    found, faults = {}, []
    for weekday in range(7):
        try:
            found[weekday] = weekly.read(form.get(f"day{weekday}", ""), weekday)
        except InvalidInput as error:
            faults += error.errors
    if faults:
        raise InvalidInput(errors=faults)
    return found
