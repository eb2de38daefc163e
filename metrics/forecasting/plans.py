"""Shifts and absences as the forecast takes them: what is planned, and what came of plans so far.

Where nobody has plans, or plans have not been kept long enough to know what comes of them, there is
nothing to take, and days to come are as those that were seen.
"""

from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from metrics.forecasting import ahead
from metrics.forecasting.history import History
from metrics.forecasting.model import Ahead
from ops.models import Absence, Project, Shift
from quality.measures.arrays import Bools, Floats

DAYS = 84  # ahead; nobody plans farther with care
FEWEST_WEEKS = 3  # with plans, over all people, before what comes of them is believed


def plan(
    session: Session, project: Project, past: History, at: datetime, *, staying: bool = True
) -> Ahead | None:
    """What was planned at this moment for the days from its own on, of those who worked here.

    Of a week in which somebody has a shift each day is as planned, also one without a shift; on
    days that are granted as off nobody works. None where neither says anything.
    """
    ids, today = [int(i) for i in past.people], at.date()
    if not ids or not _any(session, ids, at):
        return None
    begin, stop = past.window(today)
    first = past.first + timedelta(days=begin)
    end = today + timedelta(days=DAYS)
    plans = ahead.known(session, ids, first, end, at=at, project_id=project.id)
    hours, planned = _matrices(plans, ids, first, (end - first).days)
    seen = stop - begin
    worked = past.hours[begin:stop]
    util, weeks = _came(past, worked, hours[:seen], planned[:seen])
    off = _off(session, ids, today, at)
    if weeks is None:
        if not off.any():
            return None
        # What plans are worth is not known yet; days off are.
        planned[:], hours[:] = False, 0
        weeks = np.ones((1, len(past.may))), np.zeros((1, len(past.may)))
    kept = past.staying if staying else np.ones(past.staying.shape, bool)
    to_come = hours[seen:] * util
    known = planned[seen:] | off
    rest = np.stack([past.by_group(worked, kept & ~one) for one in known])
    came, apart = weeks
    return Ahead(rest, past.by_group(to_come, kept), came, apart)


def _any(session: Session, ids: list[int], at: datetime) -> bool:
    """Whether a shift or an absence of these people was known then and is not over."""
    shift = select(Shift.id).where(
        Shift.user_id.in_(ids), Shift.planned_at <= at, Shift.ends_at > at
    )
    away = select(Absence.id).where(
        Absence.user_id.in_(ids), Absence.decided_at <= at, Absence.last_day >= at.date()
    )
    found = session.scalar(shift.limit(1)) or session.scalar(away.limit(1))
    return found is not None


def _matrices(plans: ahead.Plans, ids: list[int], first: date, days: int) -> tuple[Floats, Bools]:
    """Day × person: hours planned, and whether the week is planned at all."""
    hours, planned = np.zeros((days, len(ids))), np.zeros((days, len(ids)), bool)
    for p, who in enumerate(ids):
        for day, n in plans.hours.get(who, {}).items():
            hours[(day - first).days, p] = n
        for week in plans.shifts.get(who, ()):
            begin = (week - first).days
            planned[max(begin, 0) : max(begin + 7, 0), p] = True
    return np.where(planned, hours, 0.0), planned


def _came(
    past: History, worked: Floats, hours: Floats, planned: Bools
) -> tuple[Floats, tuple[Floats, Floats] | None]:
    """Utilisation of each person, and of weeks and days what came ÷ what was to be expected.

    Groups whose plans are too few to tell are taken to be as all together.
    """
    done = {p: float(worked[planned[:, p], p].sum()) for p in range(worked.shape[1])}
    due = {p: float(n) for p, n in enumerate(hours.sum(axis=0)) if n > 0}
    own, usual = ahead.utilisation(done, due)
    util = np.array([own.get(p, usual or 0.0) for p in range(worked.shape[1])])
    if not usual:
        return util, None
    expected, came = hours * util, np.where(planned, worked, 0.0)
    everybody = np.ones(worked.shape[1], bool)
    groups = range(len(past.may))
    pairs = [
        (past.by_group(expected, everybody)[:, g], past.by_group(came, everybody)[:, g])
        for g in groups
    ]
    all_of = came_of(expected.sum(axis=1), came.sum(axis=1))
    if len(all_of[0]) < FEWEST_WEEKS:
        return util, None
    found = [came_of(*pair) for pair in pairs]
    found = [one if len(one[0]) >= FEWEST_WEEKS else all_of for one in found]
    # As many of each group: the newest.
    n, m = min(len(w) for w, _ in found), min(len(d) for _, d in found)
    weeks = np.stack([w[-n:] for w, _ in found], axis=1)
    days = np.stack([d[-m:] for _, d in found], axis=1)
    return util, (weeks, days)


def came_of(expected: Floats, came: Floats) -> tuple[Floats, Floats]:
    """Of the weeks up to the last day: came ÷ expected; and of their days with plans, by how much
    each lay beside its week."""
    whole = len(expected) // 7 * 7
    e = expected[len(expected) - whole :].reshape(-1, 7)
    c = came[len(came) - whole :].reshape(-1, 7)
    kept = e.sum(axis=1) > 0
    e, c = e[kept], c[kept]
    ratio = c.sum(axis=1) / e.sum(axis=1)
    share = np.divide(c, e, out=np.zeros_like(c), where=e > 0)
    return ratio, (share - ratio[:, None])[e > 0]


def _off(session: Session, ids: list[int], today: date, at: datetime) -> Bools:
    """Day to come × person: whether it was granted as off by then."""
    found = np.zeros((DAYS, len(ids)), bool)
    rows = session.execute(
        select(Absence.user_id, Absence.first_day, Absence.last_day).where(
            Absence.user_id.in_(ids),
            Absence.state.in_(("granted", "withdrawn")),
            Absence.decided_at <= at,
            or_(Absence.withdrawn_at.is_(None), Absence.withdrawn_at > at),
            Absence.last_day >= today,
        )
    )
    place = {who: p for p, who in enumerate(ids)}
    for who, first, last in rows:
        begin, end = (first - today).days, (last - today).days + 1
        found[max(begin, 0) : max(end, 0), place[who]] = True
    return found
