"""How much was done, in what time, and what became of what was handed out."""

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import Ratio, Share, ratio, share

HOUR_MS = 3_600_000


def labels(submitted: int, surplus: int = 0) -> int:
    """Throughput: the labels that were handed in.

    Gold is among them and so is surplus (a label that came after its task was full): both are work.
    Reviews are answers too, but no labels: pages count the stages in which labels are made.

    Formula: submitted + surplus.
    Unit: labels per period; a full count, no estimate.
    Counted from: work events submitted and surplus; of several submissions of one piece of work
    the newest. A labeller's day is their own.
    """
    return int(submitted) + int(surplus)


def active_hours(active_ms: int) -> float:
    """Active time: how long people worked with the task on their screen in front of them.

    Formula: time between heartbeats of the answers handed in, silences longer than the project's
    `idle_seconds` cut off; what was begun and then skipped or lost is not in it.
    Unit: h; a full count, no estimate.
    Counted from: the client's heartbeats of one tab, kept on the assignment when it ends.
    """
    return float(active_ms) / HOUR_MS


def efficiency(labels_: int, active_ms: int) -> float | None:
    """Efficiency: how many labels come out of an hour of work.

    Formula: labels ÷ active hours, as a ratio of totals.
    Unit: labels per active hour, with an interval (labellers as clusters).
    Counted from: daily roll-up, stages label and rework unless a stage is chosen.
    Undefined: without active time.
    Source: a ratio of totals by linearisation, labellers as clusters: W. G. Cochran, Sampling
    Techniques (1977), §2.11 and §6.3.
    """
    return labels_ / active_hours(active_ms) if active_ms > 0 else None


def efficiency_interval(
    labels_: ArrayLike, active_ms: ArrayLike
) -> tuple[float, float] | tuple[None, None]:
    """95 % interval of labels per active hour, from the labels and active time of each labeller.

    As `ratio` says; None with fewer than two labellers that have active time.
    """
    n, ms = np.asarray(labels_, float), np.asarray(active_ms, float)
    found = ratio(n[ms > 0], ms[ms > 0] / HOUR_MS)
    if found.low is None or found.high is None:
        return None, None
    return found.low, found.high


def work_time(active_ms: int, all_active_ms: int) -> float | None:
    """Time on labelling, review and rework: how the active hours divide over the stages.

    Formula: active hours of a stage ÷ active hours of all stages.
    Unit: share of the active hours, beside the hours themselves; a full count, no estimate.
    Counted from: daily roll-up by stage (label; review and adjudicate; rework).
    Undefined: without active time.
    """
    return active_ms / all_active_ms if all_active_ms > 0 else None


def utilisation(active_ms: int, available_hours: float | None) -> float | None:
    """Utilisation: how much of the time people were there they worked.

    Available is an hour of the clock in which somebody did anything at all. The rest of it is idle
    (in front of the screen, silent), away, or between two pieces of work.

    Formula: active hours ÷ hours available.
    Unit: share of the hours, with an interval (labellers as clusters).
    Counted from: hourly roll-up: hours in which a labeller has at least one event.
    Undefined: without hours available.
    Source: a ratio of totals by linearisation (Cochran 1977, §6.3).
    """
    return active_hours(active_ms) / available_hours if available_hours else None


def utilisation_interval(active_ms: ArrayLike, available_hours: ArrayLike) -> Ratio:
    """Utilisation of many labellers together, one entry each, with its 95 % interval up to 1."""
    found = ratio(np.asarray(active_ms, float) / HOUR_MS, available_hours)
    return found if found.high is None else found._replace(high=min(1.0, found.high))


def planned_utilisation(active_ms: int, planned_hours: float) -> float | None:
    """Utilisation of planned hours: how much of what was planned was worked.

    Work outside of what was planned counts, so that it may pass 1. Nobody is watched for it: what
    is counted is the active time of answers that were handed in, as everywhere.

    Formula: active hours ÷ planned hours.
    Unit: share of the planned hours, with an interval (labellers as clusters; of one, days).
    Counted from: shifts that stand, less days granted as off, up to the moment of the roll-up;
    daily roll-up by a labeller's own day.
    Undefined: where nothing was planned.
    Source: a ratio of totals by linearisation (Cochran 1977, §6.3).
    """
    return active_hours(active_ms) / planned_hours if planned_hours > 0 else None


def planned_utilisation_interval(active_ms: ArrayLike, planned_hours: ArrayLike) -> Ratio:
    """Utilisation of the planned hours of many labellers, or of many days of one, with its 95 %
    interval; one entry each."""
    return ratio(np.asarray(active_ms, float) / HOUR_MS, planned_hours)


def skip_rate(skipped: int, labels_: int) -> Share:
    """Skip rate: of what was decided on, the share that was passed over.

    Formula: skipped ÷ (skipped + labels).
    Unit: share of decisions, with n and Wilson's 95 % interval.
    Counted from: work events skipped, submitted and surplus.
    Undefined: while nothing was decided on.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(skipped, skipped + labels_)


def expiry_rate(expired: int, leased: int) -> Share:
    """Lease expiry rate: how much of what was handed out came back because its time ran out.

    A lease may run out on the day after it was given out; the count is bounded by the leases.

    Formula: leases that ran out ÷ leases given out in the period.
    Unit: share of leases, with n and Wilson's 95 % interval.
    Counted from: work events expired and leased.
    Undefined: while nothing was leased.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(min(expired, leased), leased)
