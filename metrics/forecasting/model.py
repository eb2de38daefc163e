"""The floor of a project, simulated day by day from the days that were observed.

Each run draws for each week to come one of the observed weeks: its days follow one another as they
did, so that weekends, holidays and somebody's long absence come as they come (block bootstrap; H.
R. Künsch, Annals of Statistics 17, 1989). What a usual week is, and how far weeks lie apart, is not
known from a few of them: each run draws both from their posterior. A day brings the active hours of
each group of people and the pace of each stage. Hours go to the batches in the order in which work
is handed out, within a batch to the last stages first. What is finished at one stage brings work to
the next at the rates that were observed; these too are drawn anew in every run, from their
posterior under Jeffreys' prior.
"""

from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints

STAGES = ("label", "review", "rework", "adjudicate")
LABEL, REVIEW, REWORK, ADJUDICATE = range(4)
_LAST_FIRST = (ADJUDICATE, REWORK, REVIEW, LABEL)
FEWEST_DAYS = 3  # with work; fewer say nothing of a week to come
FEWEST_WEEKS = 3  # whole ones; with fewer, days are drawn one by one
DONE = 0.5  # answers: less than half a one is none
# What one stage brings to another is worked on in the next step of the day.
STEPS = 8
MOST = 5.0  # times as many hours as on the day that was seen


class Observed(NamedTuple):
    """D days up to now, in order, the last of them `weekday` days after a Monday (0 to 6).

    hours: D × G active hours of each group of people who are still there. answers, worked: D × S
    answers that counted at each stage, and the active hours they took with what goes with them
    (gold, surplus, skips). may: G × S, which group does which stage. reviews, reworks,
    adjudications: (times it came, times it could have come) after a label, after a review, after a
    label.
    """

    weekday: int
    hours: Floats
    answers: Floats
    worked: Floats
    may: Bools
    reviews: tuple[float, float]
    reworks: tuple[float, float]
    adjudications: tuple[float, float]


class Ahead(NamedTuple):
    """What is planned for the next T days.

    rest: T × D × G hours on the observed days of those of whom nothing is known for that day to
    come. hours: T × G active hours to be expected of what is planned. came: W × G, of past weeks
    the hours that came ÷ those that were to be expected of their plans; apart: N × G, by how much
    single days lay beside their week.
    """

    rest: Floats
    hours: Floats
    came: Floats
    apart: Floats


class Change(NamedTuple):
    """What if: `people` more in each group (G), each with the hours of one who is there;
    `overlap`, `review` and `hours` are factors on the answers still to come, the share reviewed,
    and everybody's hours."""

    people: Floats | None = None
    overlap: float = 1.0
    review: float = 1.0
    hours: float = 1.0


UNCHANGED = Change()


class Outcome(NamedTuple):
    """R runs of B batches: `days` until each is complete (inf: beyond the horizon), active `hours`
    it takes from now on, and `left`, the answers left at the end of each day (R × B × days)."""

    days: Floats
    hours: Floats
    left: Floats


def enough(observed: Observed) -> str:
    """Why nothing can be told from these days; empty where something can."""
    worked = int((observed.hours.sum(axis=1) > 0).sum())
    if worked < FEWEST_DAYS:
        return f"work was done on {worked} days only; {FEWEST_DAYS} are needed"
    return ""


def simulate(
    observed: Observed,
    left: Floats,
    present: Floats,
    *,
    today: float = 1.0,
    change: Change = UNCHANGED,
    ahead: Ahead | None = None,
    horizon: int = 365,
    runs: int = 500,
    seed: int = 1,
) -> Outcome:
    """Run the floor until every batch is complete, at most `horizon` days.

    left: B × S answers still wanted, batches in the order in which they get work. present: G people
    in each group. today: the share of the first day that is still to come. With `ahead` the first
    days are those that are planned. Raises ValueError when `enough` says why.
    """
    why = enough(observed)
    if why:
        raise ValueError(why)
    rng = np.random.default_rng(seed)
    drawn, scale = draw_days(observed, horizon, runs, rng)
    planned = _draw_plans(ahead, runs, rng) if ahead is not None else np.zeros((0, 0, 0))
    rates = _rates(observed, change, runs, rng)
    pace = _pace(observed)
    more = _more_people(observed.hours, present, change)
    queue = np.repeat(left[None].astype(float), runs, axis=0)
    queue[:, :, LABEL] *= change.overlap
    n_batches = left.shape[0]
    days = np.where(queue.sum(axis=2) < DONE, 0.0, np.inf)
    spent, trace = np.zeros((runs, n_batches)), []
    for day in range(horizon):
        if np.isfinite(days).all():
            break
        share = today if day == 0 else 1.0
        seen = observed.hours if ahead is None or day >= len(ahead.rest) else ahead.rest[day]
        hours = seen[drawn[:, day]] * scale[:, day]
        if day < len(planned):
            hours += planned[day]
        hours *= more * change.hours * share / STEPS
        begun = 0.0 if day == 0 else today + day - 1
        for step in range(STEPS):
            used, until = _work(queue, hours, pace[drawn[:, day]], observed.may, rates)
            spent += used
            rest = queue.sum(axis=2)
            now = ~np.isfinite(days) & (rest < DONE)
            days[now] = (begun + share * (step + until) / STEPS)[now]
            queue[rest < DONE] = 0
        trace.append(queue.sum(axis=2))
    path = np.stack(trace, axis=2) if trace else np.zeros((runs, n_batches, 0))
    return Outcome(days, spent, path)


def draw_days(
    observed: Observed, horizon: int, runs: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Which observed day each day to come is like (runs × horizon), the weekday the same, and by
    what each group's hours are to be multiplied (runs × horizon × G).

    Whole weeks where there are `FEWEST_WEEKS`; else single days, of the same kind (working day or
    weekend) where any were seen. Days are drawn for all groups at once: they share their holidays.
    """
    n, groups = observed.hours.shape
    weeks, ahead = n // 7, np.arange(horizon)
    if weeks >= FEWEST_WEEKS:
        # The newest whole weeks, each of the seven days up to the last one observed.
        first = n - 7 * weeks
        totals = observed.hours[first:].reshape(weeks, 7, groups).sum(axis=1)
        week = rng.integers(weeks, size=(runs, horizon // 7 + 1))[:, ahead // 7]
        return first + 7 * week + ahead % 7, _scale(totals, week, rng)
    weekday = (observed.weekday - np.arange(n - 1, -1, -1)) % 7
    drawn, scale = np.empty((runs, horizon), int), np.empty((runs, horizon, groups))
    for weekend in (False, True):
        kind = np.flatnonzero((weekday >= 5) == weekend)
        kind = kind if kind.size else np.arange(n)
        when = ((observed.weekday + 1 + ahead) % 7 >= 5) == weekend
        chosen = rng.integers(kind.size, size=(runs, int(when.sum())))
        drawn[:, when] = kind[chosen]
        scale[:, when] = _scale(observed.hours[kind], chosen, rng)
    return drawn, scale


def _draw_plans(ahead: Ahead, runs: int, rng: np.random.Generator) -> Floats:
    """T × runs × G active hours of what is planned: what comes of a plan differs from week to week
    and, within a week, from day to day, as it did."""
    days = len(ahead.hours)
    week = rng.integers(len(ahead.came), size=(runs, days // 7 + 1))
    of_week = _believed(ahead.came, week, rng)[:, np.arange(days) // 7]
    of_day = ahead.apart[rng.integers(len(ahead.apart), size=(runs, days))]
    drawn: Floats = ahead.hours * np.clip(of_week + of_day, 0, MOST)
    return np.swapaxes(drawn, 0, 1)


def _scale(totals: Floats, drawn: Ints, rng: np.random.Generator) -> Floats:
    """Of n totals (n × G) and which of them each run drew when: by what each is multiplied, so that
    means and spreads are those each run believes in."""
    if len(totals) < 2:
        return np.ones((*drawn.shape, totals.shape[1]))
    seen = totals[drawn]
    wanted = _believed(totals, drawn, rng)
    scale: Floats = np.divide(wanted, seen, out=np.ones_like(seen), where=seen > 0)
    return np.minimum(scale, MOST)


def _believed(totals: Floats, drawn: Ints, rng: np.random.Generator) -> Floats:
    """The drawn totals, moved so that means and spreads are those each run believes in (the
    posterior of a normal sample under Jeffreys' prior, to which the totals give the shape)."""
    n, runs = len(totals), len(drawn)
    if n < 2:
        return totals[drawn]
    mean, sd = totals.mean(axis=0), totals.std(axis=0, ddof=1)
    spread = np.sqrt((n - 1) / rng.chisquare(n - 1, size=(runs, len(mean))))
    usual = mean + spread * sd / np.sqrt(n) * rng.standard_normal((runs, len(mean)))
    apart = (totals - mean)[drawn] * np.sqrt(n / (n - 1)) * spread[:, None]
    wanted: Floats = np.maximum(usual[:, None] + apart, 0)
    return wanted


class _Rates(NamedTuple):
    review: Floats
    rework: Floats
    adjudicate: Floats


def _rates(observed: Observed, change: Change, runs: int, rng: np.random.Generator) -> _Rates:
    def beta(seen: tuple[float, float]) -> Floats:
        came, of = seen
        if of <= 0:
            return np.zeros(runs)
        return rng.beta(min(came, of) + 0.5, max(of - came, 0) + 0.5, size=runs)

    came, of = observed.reviews
    # Layers of review may look at a label more than once: a rate that may pass 1.
    review = rng.gamma(came + 0.5, 1 / of, size=runs) if of > 0 and came > 0 else np.zeros(runs)
    return _Rates(
        review * change.review,
        beta(observed.reworks) if observed.reworks[0] > 0 else np.zeros(runs),
        beta(observed.adjudications) if observed.adjudications[0] > 0 else np.zeros(runs),
    )


def _pace(observed: Observed) -> Floats:
    """Active hours an answer takes, by day and stage: the day's own, drawn to that of all days
    where it had few; nan where a stage was never worked on."""
    answers, worked = observed.answers, observed.worked
    total = answers.sum(axis=0)
    usual = np.divide(worked.sum(axis=0), total, out=np.full(len(STAGES), np.nan), where=total > 0)
    worth = 20.0  # answers
    pace: Floats = (worked + worth * usual) / (answers + worth)
    return pace


def _more_people(hours: Floats, present: Floats, change: Change) -> Floats:
    if change.people is None:
        return np.ones(hours.shape[1])
    return 1 + np.divide(change.people, present, out=np.zeros(len(present)), where=present > 0)


def _work(
    queue: Floats, hours: Floats, pace: Floats, may: Bools, rates: _Rates
) -> tuple[Floats, Floats]:
    """A step's work, batch by batch; changes `queue` in place.

    Returns the hours each batch took, and how far into the step the people who worked on it were
    with it and with those before it.
    """
    left = hours.copy()
    used, until = np.zeros(queue.shape[:2]), np.zeros(queue.shape[:2])
    for batch in range(queue.shape[1]):
        before = left.sum(axis=1)
        for stage in _LAST_FIRST:
            for group in np.flatnonzero(may[:, stage]):
                _take(queue[:, batch], left, pace, stage, int(group), rates)
        used[:, batch] = before - left.sum(axis=1)
        busy = np.divide(hours - left, hours, out=np.zeros_like(hours), where=hours > 0)
        until[:, batch] = busy.max(axis=1)
    return used, until


def _take(queue: Floats, left: Floats, pace: Floats, stage: int, group: int, rates: _Rates) -> None:
    each = pace[:, stage]
    with np.errstate(invalid="ignore"):
        able = np.where(each > 0, left[:, group] / each, 0.0)
    done = np.minimum(queue[:, stage], np.nan_to_num(able))
    queue[:, stage] -= done
    if stage in (LABEL, REWORK):
        queue[:, REVIEW] += done * rates.review
    if stage == LABEL:
        queue[:, ADJUDICATE] += done * rates.adjudicate
    if stage == REVIEW:
        queue[:, REWORK] += done * rates.rework
    left[:, group] -= done * np.nan_to_num(each)
