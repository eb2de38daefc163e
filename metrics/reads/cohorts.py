"""Learning curves of newcomers by cohort: how good and how fast, by how many answers they had done.

Counted from the hours of the roll-up alone. An hour belongs where its middle answer falls: of
somebody who did 40 answers before it and 30 in it, to the answers 51 to 100. Of each labeller and
step there is one figure, and a cohort shows the median of its people and the quarters around it, so
that nobody counts for more because they did more.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Integer, Select, func, select, true
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.models import DailyRollup, HourlyRollup
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import Scope
from ops.models import Applicant, Opening, Team, User

# Answers in a step of a curve, and how far curves go.
STEP, MOST = 50, 500
# Somebody of whom fewer answers were judged or timed in a step has no figure there.
LEAST = 5
# Whoever has not done them within so many days is no newcomer any more.
WITHIN = timedelta(days=180)
MOST_COHORTS = 6
GROUPS = ("month", "team", "opening")
NOWHERE = {"team": "No team", "opening": "No opening"}
FIGURES = ("gold", "review", "pace")


@dataclass(frozen=True)
class Point:
    """A step of a curve: the median over `people` and the quarters around it, from `n` answers.

    `step` 0 are the first `STEP` answers.
    """

    step: int
    low: float
    middle: float
    high: float
    people: int
    n: int


@dataclass(frozen=True)
class Cohort:
    """Newcomers who began together; a curve for each of FIGURES: the share of gold that was right,
    that of reviewed labels accepted at once, median active seconds."""

    name: str
    people: int
    curves: Mapping[str, Sequence[Point]] = field(default_factory=dict)


def cohorts(
    session: Session, scope: Scope, since: date, by: str = "month", narrow: Narrow = EVERYTHING
) -> list[Cohort]:
    """The cohorts of those whose first labels in scope were made on their own day `since` or later.

    `by` is one of GROUPS: the month of the first label, the team they are in now, the opening that
    they applied for. At most `MOST_COHORTS`: the newest months, or the largest. Four statements.
    """
    days = _days(session, scope, since, narrow)
    named = _names(session, days, by)
    rows = session.execute(_sums(scope, days, narrow)).all() if days else []
    times = session.execute(_times(scope, days, narrow)).all() if days else []
    own = _own(rows, times)
    grouped: dict[str, list[int]] = defaultdict(list)
    for who, name in named.items():
        grouped[name].append(who)
    kept = _kept(grouped, by)
    return [Cohort(name, len(grouped[name]), _curves(grouped[name], own)) for name in kept]


# Labeller → the own days of their first label in scope, and of the last that belongs to a curve.
_Days = Mapping[int, tuple[date, date]]


def _days(session: Session, scope: Scope, since: date, narrow: Narrow) -> _Days:
    of = DailyRollup
    labels = func.sum(of.submitted + of.surplus)
    days = (
        select(of.labeller_id, of.day, labels.label("labels"))
        .where(of.project_id.in_(scope), of.stage == "label", *narrow.conditions(of))
        .group_by(of.labeller_id, of.day)
        .having(labels > 0)
        .cte("days")
    )
    who = days.c.labeller_id
    done = func.sum(days.c.labels).over(partition_by=who, order_by=days.c.day)
    first = func.min(days.c.day).over(partition_by=who).label("first")
    run = select(days, (done - days.c.labels).label("before"), first).cte("run")
    found = (
        select(run.c.labeller_id, run.c.first, func.max(run.c.day))
        .where(run.c.first >= since, run.c.before < MOST, run.c.day < run.c.first + WITHIN.days)
        .group_by(run.c.labeller_id, run.c.first)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(found)}


def _names(session: Session, days: _Days, by: str) -> dict[int, str]:
    """Labeller → the cohort they belong to."""
    if by == "month":
        return {who: f"{first:%Y-%m}" for who, (first, _) in days.items()}
    known: Any
    if by == "team":
        known = select(User.id, Team.name).join(Team, Team.id == User.team_id)
        known = known.where(User.id.in_(list(days)))
    else:
        known = select(Applicant.user_id, Opening.title).join(
            Opening, Opening.id == Applicant.opening_id
        )
        known = known.where(Applicant.user_id.in_(list(days)))
    names = {row[0]: row[1] for row in session.execute(known)}
    return {who: names.get(who, NOWHERE[by]) for who in days}


def _kept(grouped: Mapping[str, Collection[int]], by: str) -> list[str]:
    if by == "month":
        return sorted(grouped, reverse=True)[:MOST_COHORTS]
    return sorted(grouped, key=lambda name: (-len(grouped[name]), name))[:MOST_COHORTS]


def _began(days: _Days) -> Any:
    return select(
        func.unnest(list(days)).label("labeller_id"),
        func.unnest([first for first, _ in days.values()]).label("first"),
        func.unnest([last for _, last in days.values()]).label("last"),
    ).cte("began")


def _within(began: Any) -> Any:
    """The condition that an hour is of a newcomer's first days."""
    of = HourlyRollup
    days = of.day.between(began.c.first, began.c.last)
    return (began.c.labeller_id == of.labeller_id) & days


def _hours(scope: Scope, began: Any, narrow: Narrow) -> Any:
    """Each hour of a newcomer with the step it belongs to."""
    of = HourlyRollup
    labels = func.sum(of.submitted + of.surplus)
    names = ("gold_n", "gold_correct", "review_n", "review_accepted")
    hours = (
        select(
            of.labeller_id,
            of.hour,
            labels.label("labels"),
            *(func.sum(getattr(of, name)).label(name) for name in names),
        )
        .join(began, _within(began))
        .where(*_ours(scope, narrow))
        .group_by(of.labeller_id, of.hour)
        .having(labels > 0)
        .cte("hours")
    )
    done = func.sum(hours.c.labels).over(partition_by=hours.c.labeller_id, order_by=hours.c.hour)
    step = func.floor((done - hours.c.labels / 2.0) / STEP).cast(Integer).label("step")
    return select(hours, step).cte("stepped")


def _ours(scope: Scope, narrow: Narrow) -> list[Any]:
    of = HourlyRollup
    return [of.project_id.in_(scope), of.stage == "label", *narrow.conditions(of)]


def _sums(scope: Scope, days: _Days, narrow: Narrow) -> Select[Any]:
    of = _hours(scope, _began(days), narrow)
    names = ("gold_n", "gold_correct", "review_n", "review_accepted")
    return (
        select(of.c.labeller_id, of.c.step, *(func.sum(of.c[name]).label(name) for name in names))
        .where(of.c.step < MOST // STEP)
        .group_by(of.c.labeller_id, of.c.step)
    )


def _times(scope: Scope, days: _Days, narrow: Narrow) -> Select[Any]:
    of, began = HourlyRollup, _began(days)
    step = _hours(scope, began, narrow)
    timed = (
        func.unnest(of.time_bins, of.time_counts)
        .table_valued("bin", "n", name="time")
        .render_derived()
    )
    return (
        select(step.c.labeller_id, step.c.step, timed.c.bin, func.sum(timed.c.n).label("n"))
        .select_from(of)
        # Found by its days again, or all hours that there are would be read.
        .join(began, _within(began))
        .join(step, (step.c.labeller_id == of.labeller_id) & (step.c.hour == of.hour))
        .join(timed, true())
        .where(*_ours(scope, narrow), step.c.step < MOST // STEP)
        .group_by(step.c.labeller_id, step.c.step, timed.c.bin)
    )


# (labeller, step) → figure → (value, answers it is from).
_Own = dict[tuple[int, int], dict[str, tuple[float, int]]]


def _own(rows: Sequence[Any], times: Sequence[Any]) -> _Own:
    found: _Own = defaultdict(dict)
    for row in rows:
        shares = (("gold", row.gold_correct, row.gold_n),
                  ("review", row.review_accepted, row.review_n))  # fmt: skip
        for name, hits, n in shares:
            if n >= LEAST:
                found[row.labeller_id, row.step][name] = float(hits) / int(n), int(n)
    histograms: dict[tuple[int, int], Any] = {}
    for who, step, place, n in times:
        counts = histograms.setdefault((who, step), np.zeros(definitions.N_TIME_BINS, np.int64))
        counts[int(place)] += int(n)
    for key, counts in histograms.items():
        time = definitions.active_time(counts)
        if time.n >= LEAST and time.median_seconds is not None:
            found[key]["pace"] = time.median_seconds, time.n
    return found


def _curves(people: Sequence[int], own: _Own) -> dict[str, list[Point]]:
    return {name: _curve(people, own, name) for name in FIGURES}


def _curve(people: Sequence[int], own: _Own, name: str) -> list[Point]:
    points = []
    for step in range(MOST // STEP):
        known = [own[who, step][name] for who in people if name in own.get((who, step), {})]
        if known:
            values, numbers = zip(*known, strict=True)
            low, middle, high = np.percentile(values, (25, 50, 75)).tolist()
            points.append(Point(step, low, middle, high, len(known), sum(numbers)))
    return points
