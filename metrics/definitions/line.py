"""The line: what is in progress, how long it takes, what passes each stage, and where it sticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import Counts, Floats, Ratio, Share, product, share
from metrics.definitions.times import Spread, spread

# The order in which work passes the stages.
STAGES = ("label", "review", "rework", "adjudicate")
# Days of which the output of a stage is known, below which nothing is said of its pace.
LEAST_DAYS = 3


@dataclass(frozen=True)
class Flow:
    """A stage over a period: tasks in it now, and what came and left on each day."""

    stage: str
    wip: int
    arrived: Sequence[int]
    finished: Sequence[int]


class Queue(NamedTuple):
    """How a stage keeps up: days that its tasks take to clear at the pace of the period (`days`,
    infinite where nothing is finished), and by how many tasks a day its queue grows."""

    stage: str
    wip: int
    days: Ratio
    growth: Ratio


class Bottleneck(NamedTuple):
    """The stage where work sticks, None where that is not clear; then `near` are the stages that
    may be it (none: nothing waits, or nothing is known). `queues` are all stages."""

    stage: str | None
    near: tuple[str, ...]
    queues: tuple[Queue, ...]


def work_in_progress(arrived: ArrayLike, finished: ArrayLike, before: int = 0) -> Counts:
    """Work in progress: tasks that have come to a stage and not left it.

    Formula: tasks arrived - tasks finished, up to the moment.
    Unit: tasks; a full count, no estimate.
    Counted from: line roll-up. A task arrives when it is opened and is finished with the last
    answer that it wants; one that is reopened is in progress again. Gold, and what is no longer
    wanted before anybody began, is not in the line.
    Source: J. D. C. Little, Operations Research 9 (1961).
    """
    more = np.cumsum(np.asarray(arrived, np.int64) - np.asarray(finished, np.int64))
    found: Counts = before + more
    return found


def cycle_time(histogram: ArrayLike) -> Spread:
    """Cycle time: how long a task is being worked on.

    Formula: median of (last answer wanted - first lease) of the tasks finished in the period.
    Unit: s, to 4.4 %, with n tasks, the median's 95 % interval and the middle half of the tasks.
    Counted from: line roll-up, at the hour of the last answer.
    Undefined: while no task was finished; the interval below 6 tasks.
    Source: W. R. Thompson, Annals of Mathematical Statistics 7 (1936).
    """
    return spread(histogram)


def lead_time(histogram: ArrayLike) -> Spread:
    """Lead time: how long a task takes in all, waiting and work together.

    Formula: median of (last answer wanted - arrival) of the tasks finished in the period.
    Unit: s, to 4.4 %, with n tasks, the median's 95 % interval and the middle half of the tasks.
    Counted from: line roll-up, at the hour of the last answer.
    Undefined: while no task was finished; the interval below 6 tasks.
    Source: W. R. Thompson, Annals of Mathematical Statistics 7 (1936).
    """
    return spread(histogram)


def waiting_time(histogram: ArrayLike) -> Spread:
    """Waiting time: how long a task lies before somebody begins with it.

    Formula: median of (first lease - arrival) of the tasks begun in the period.
    Unit: s, to 4.4 %, with n tasks, the median's 95 % interval and the middle half of the tasks.
    Counted from: line roll-up, at the hour of the first lease.
    Undefined: while no task was begun; the interval below 6 tasks.
    Source: W. R. Thompson, Annals of Mathematical Statistics 7 (1936).
    """
    return spread(histogram)


def stage_yield(passed: int, looked: int) -> Share:
    """Yield per stage: how much of what a stage hands on the next one lets stand.

    First-pass acceptance is the same of single answers; here it is of tasks, at every stage, after
    rework as well, on the day of the look.

    Formula: tasks of the stage that the next review or decision let stand ÷ tasks of the stage at
    which one looked.
    Unit: share of tasks looked at, with n and Wilson's 95 % interval.
    Counted from: line roll-up (looked, passed), at the hour of the verdict.
    Undefined: for a stage at whose work nobody looks again.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(passed, looked)


def rolled_throughput_yield(yields: Sequence[Share]) -> Ratio:
    """Rolled throughput yield: how much of the work would pass every stage at the first attempt.

    Formula: product of the yields of all stages whose yield is defined.
    Unit: share, with the smallest n among the stages and a 95 % interval.
    Counted from: `stage_yield` of each stage.
    Undefined: while no stage has a yield.
    Source: margins added on the log scale: G. Y. Zou and A. Donner, Statistics in Medicine 27
    (2008).
    """
    return product([one for one in yields if one.n])


def bottleneck(flows: Sequence[Flow]) -> Bottleneck:
    """Bottleneck: the stage whose tasks would take longest to clear at the pace of the period.

    It is named when its interval lies above those of all others, or when it alone has tasks; else
    the stages near it are told, and that it is not clear. Beside it stands by how much each queue
    grows, because a short queue that grows every day is the next bottleneck.

    Formula: work in progress ÷ tasks finished per day, the largest of all stages; growth is tasks
    arrived - finished per day.
    Unit: days, and tasks a day, with 95 % intervals in which days are the clusters.
    Counted from: line roll-up: tasks in progress now, arrivals and finishes of each day.
    Undefined: while nothing waits, or with fewer than 3 days.
    Source: J. D. C. Little, Operations Research 9 (1961); W. J. Hopp and M. L. Spearman, Factory
    Physics (2008), ch. 9.
    """
    queues = tuple(queue(one) for one in flows)
    waiting = [q for q in queues if q.wip > 0 and q.days.value is not None]
    if not waiting or (len(queues[0].days) and max(q.days.n for q in waiting) < LEAST_DAYS):
        return Bottleneck(None, (), queues)
    longest = max(waiting, key=lambda q: (q.days.value or 0.0, q.wip))
    least = longest.days.low if longest.days.low is not None else 0.0
    near = tuple(q.stage for q in waiting if q is not longest and _most(q.days) >= least)
    if near:
        return Bottleneck(None, (longest.stage, *near), queues)
    return Bottleneck(longest.stage, (longest.stage,), queues)


def _most(days: Ratio) -> float:
    return math.inf if days.high is None else days.high


def queue(flow: Flow) -> Queue:
    """How one stage keeps up; None for what fewer than LEAST_DAYS days cannot tell."""
    arrived, finished = (np.asarray(v, float) for v in (flow.arrived, flow.finished))
    n = finished.size
    grows = _per_day(arrived - finished)
    pace = _per_day(finished)
    if n < LEAST_DAYS:
        return Queue(flow.stage, flow.wip, Ratio(None, n, None, None), grows)
    if flow.wip == 0:
        return Queue(flow.stage, 0, Ratio(0.0, n, 0.0, 0.0), grows)
    low, high = (_clear(flow.wip, rate) for rate in (pace.high, pace.low))
    return Queue(flow.stage, flow.wip, Ratio(_clear(flow.wip, pace.value), n, low, high), grows)


def _clear(wip: int, per_day: float | None) -> float:
    return wip / per_day if per_day and per_day > 0 else math.inf


def _per_day(each: Floats) -> Ratio:
    """Mean of days with its 95 % interval, which may be below 0."""
    from scipy.special import stdtrit

    n = each.size
    if n < LEAST_DAYS:
        return Ratio(None, n, None, None)
    mean = float(each.mean())
    margin = float(stdtrit(n - 1, 0.975)) * float(each.std(ddof=1)) / math.sqrt(n)
    return Ratio(mean, n, mean - margin, mean + margin)
