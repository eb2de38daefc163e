"""Capacity by skill: hours planned on weeks to come against those that open batches need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from metrics.forecasting import ahead
from metrics.forecasting.floor import floor as floor_of
from metrics.forecasting.left import hours_left
from metrics.forecasting.model import Observed, enough
from metrics.forecasting.sharing import share_out
from metrics.models import DailyRollup
from metrics.reads import forecasts
from metrics.reads.work import as_of
from ops import clock_time, scope
from ops.access import OVER_TEAMS, WORKERS
from ops.local_time import monday
from ops.models import Certificate, Project, ProjectMember, Skill, User

WEEKS = 6
PAST = 56  # days from which utilisation is taken
HOUR_MS = 3_600_000
LEAST = 0.5  # hours; less is no gap


@dataclass(frozen=True)
class Cell:
    """One skill in one week, in active hours: needed, covered by people who are shared out over all
    skills, and what is left of people who could do it."""

    need: float
    covered: float
    spare: float

    @property
    def missing(self) -> float:
        return max(self.need - self.covered, 0.0)


@dataclass(frozen=True)
class Capacity:
    """Cells by skill (name) and week (Monday). `planned`: hours of each week as planned, and which
    part of them is from hours of the week where no shift is planned. `usual`: utilisation of all,
    None where no plan is behind us. `untold`: projects of which nothing can be told, and why."""

    weeks: list[date]
    cells: dict[str, list[Cell]]
    planned: list[tuple[float, float]]
    usual: float | None
    untold: list[tuple[str, str]]
    at: datetime
    as_of: datetime | None

    @property
    def gaps(self) -> list[tuple[date, str, float]]:
        """(week, skill, active hours missing), the first week and the largest first."""
        found = [
            (week, skill, listed[i].missing)
            for i, week in enumerate(self.weeks)
            for skill, listed in self.cells.items()
            if listed[i].missing >= LEAST
        ]
        return sorted(found, key=lambda gap: (gap[0], -gap[2], gap[1]))


def of_viewer(session: Session, viewer: User) -> Capacity:
    """What the projects that `viewer` sees need, of their members and the teams `viewer` sees."""
    at = clock_time.now()
    today = at.astimezone(UTC).date()
    weeks = [monday(today) + timedelta(days=7 * n) for n in range(WEEKS)]
    need, untold = _needed(session, viewer, at, weeks)
    named = session.execute(select(Skill.id, Skill.name).where(Skill.id.in_(need)))
    skills: dict[int, str] = {row[0]: row[1] for row in named}
    people = _people(session, viewer)
    able, planned, usual = _able(session, people, today, weeks, set(need))
    cells: dict[str, list[Cell]] = {}
    for i in range(WEEKS):
        wanted = {skill: hours[i] for skill, hours in need.items()}
        shared = share_out(able[i], wanted)
        used: dict[frozenset[int], float] = {}
        for (group, _), hours in shared.items():
            used[group] = used.get(group, 0.0) + hours
        for skill, name in sorted(skills.items(), key=lambda item: item[1]):
            covered = sum(hours for (_, of), hours in shared.items() if of == skill)
            spare = sum(h - used.get(g, 0.0) for g, h in able[i].items() if skill in g)
            cells.setdefault(name, []).append(Cell(wanted[skill], covered, max(spare, 0.0)))
    return Capacity(weeks, cells, planned, usual, untold, at, as_of(session))


def _needed(
    session: Session, viewer: User, at: datetime, weeks: Sequence[date]
) -> tuple[dict[int, list[float]], list[tuple[str, str]]]:
    """Skill id → active hours needed in each week: what is left of each batch, spread over the
    days until it is due; until its middle forecast where it has no due date."""
    rows = forecasts.newest(session, scope.projects(viewer))
    by_project: dict[int, list[Any]] = {}
    for row in rows:
        by_project.setdefault(row.project_id, []).append(row)
    need: dict[int, list[float]] = {}
    untold = []
    for project_id, listed in by_project.items():
        project = session.get_one(Project, project_id)
        if project.state != "running":
            continue
        # Where no forecast is kept yet, what is left is counted.
        left = {r.batch_id: dict(r.basis["left"]) for r in listed if r.basis}
        known = left if len(left) == len(listed) else None
        floor = floor_of(session, project, at, known)
        # How long an answer takes is known, though whoever gave it may have left.
        seen = floor.past.before(at.date(), staying=False)
        if why := enough(seen):
            untold.append((project.name, why))
            continue
        ends = {row.batch_id: row.due_at or row.finish_50 for row in listed}
        days = _weekdays(seen)
        each = hours_left(floor.observed, floor.left).sum(axis=1)
        total = need.setdefault(project.skill_id, [0.0] * WEEKS)
        for batch, hours in zip(floor.batches, each, strict=True):
            for i, part in enumerate(_spread(float(hours), days, at, ends.get(batch.id), weeks)):
                total[i] += part
    return need, untold


def _weekdays(seen: Observed) -> list[float]:
    """Hours that were worked on each day of the week, Monday first."""
    found = [0.0] * 7
    for back, hours in enumerate(reversed(seen.hours.sum(axis=1))):
        found[(seen.weekday - back) % 7] += float(hours)
    return found


def _spread(
    hours: float,
    weekdays: Sequence[float],
    at: datetime,
    until: datetime | None,
    weeks: Sequence[date],
) -> list[float]:
    """Hours by week, over the days from now on as days of the week were worked on before; what is
    overdue is needed in the first."""
    today = at.astimezone(UTC).date()
    end = until.astimezone(UTC).date() if until else weeks[-1] + timedelta(days=6)
    days = [today + timedelta(days=n) for n in range(max((end - today).days + 1, 1))]
    shares = [weekdays[day.weekday()] for day in days]
    if not any(shares):
        shares = [1.0] * len(days)
    whole, found = sum(shares), [0.0] * len(weeks)
    for day, share in zip(days, shares, strict=True):
        place = (day - weeks[0]).days // 7
        if place < len(weeks):
            found[place] += hours * share / whole
    return found


def _people(session: Session, viewer: User) -> list[User]:
    """Whoever works in a project or a team that `viewer` sees; all who work for who sees all."""
    found = select(User).where(User.role.in_(WORKERS), User.active)
    if viewer.role not in OVER_TEAMS:
        members = select(ProjectMember.user_id).where(
            ProjectMember.project_id.in_(scope.projects(viewer)),
            ProjectMember.suspended_at.is_(None),
        )
        found = found.where(or_(User.id.in_(members), User.team_id.in_(scope.teams(viewer))))
    return list(session.scalars(found.order_by(User.id)))


def _able(
    session: Session, people: Sequence[User], today: date, weeks: Sequence[date], skills: set[int]
) -> tuple[list[dict[frozenset[int], float]], list[tuple[float, float]], float | None]:
    """Of each week: active hours to be expected by what people are certified in then, planned hours
    and those of them from hours of the week; and the utilisation of all."""
    ids = [person.id for person in people]
    end = weeks[-1] + timedelta(days=7)
    plans = ahead.known(session, ids, today, end)
    can = ahead.from_weekly(session, people, today, end)
    own, usual = _utilisation(session, ids, today)
    held = _certificates(session, ids, today, skills)
    able: list[dict[frozenset[int], float]] = [{} for _ in weeks]
    planned = [[0.0, 0.0] for _ in weeks]
    for who in ids:
        shifts, hours = plans.hours.get(who, {}), can.get(who, {})
        for i, week in enumerate(weeks):
            taken = shifts if week in plans.shifts.get(who, set()) else hours
            for day in (week + timedelta(days=n) for n in range(7)):
                n = taken.get(day, 0.0)
                if n <= 0:
                    continue
                planned[i][0] += n
                planned[i][1] += n if taken is hours else 0.0
                group = frozenset(
                    skill for skill, since, until in held.get(who, []) if since <= day <= until
                )
                expected = n * own.get(who, usual if usual is not None else 1.0)
                able[i][group] = able[i].get(group, 0.0) + expected
    return able, [(a, b) for a, b in planned], usual


def _utilisation(
    session: Session, ids: Sequence[int], today: date
) -> tuple[Mapping[int, float], float | None]:
    """Active ÷ planned hours of the last weeks in which somebody had shifts, today left out."""
    first = today - timedelta(days=PAST)
    past = ahead.known(session, ids, first, today)
    hours = {who: sum(days.values()) for who, days in past.hours.items()}
    rows = session.execute(
        select(DailyRollup.labeller_id, DailyRollup.day, func.sum(DailyRollup.active_ms))
        .where(
            DailyRollup.labeller_id.in_(hours), DailyRollup.day >= first, DailyRollup.day < today
        )
        .group_by(DailyRollup.labeller_id, DailyRollup.day)
    )
    worked: dict[int, float] = {}
    for who, day, ms in rows:
        if monday(day) in past.shifts.get(who, set()):
            worked[who] = worked.get(who, 0.0) + float(ms) / HOUR_MS
    return ahead.utilisation(worked, hours)


def _certificates(
    session: Session, ids: Sequence[int], today: date, skills: set[int]
) -> dict[int, list[tuple[int, date, date]]]:
    """Person → (skill, first day, last day) of certificates that are good today or later."""
    rows = session.execute(
        select(Certificate.user_id, Certificate.skill_id, Certificate.granted_at,
               Certificate.valid_until)
        .where(
            Certificate.user_id.in_(ids),
            Certificate.skill_id.in_(skills),
            Certificate.revoked_at.is_(None),
            Certificate.valid_until > datetime.combine(today, datetime.min.time(), UTC),
        )
    )  # fmt: skip
    found: dict[int, list[tuple[int, date, date]]] = {}
    for who, skill, since, until in rows:
        # The day on which it ends counts where it holds for most of it.
        last = (until.astimezone(UTC) - timedelta(hours=12)).date()
        found.setdefault(who, []).append((skill, since.astimezone(UTC).date(), last))
    return found
