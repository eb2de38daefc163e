"""What was agreed with a client, and how often it was kept."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import Share, share


class Days(NamedTuple):
    """How many days something took: the median, what nine in ten do not exceed, of how many."""

    median: float | None
    p90: float | None
    n: int


def service_met(met: int, n: int) -> Share:
    """Service level: how often what was agreed with the client was kept.

    What is not settled yet (an audit that leaves both possible, a batch still within its days)
    counts on neither side.

    Formula: deliveries that kept the level ÷ deliveries of which it is settled.
    Unit: share of deliveries, with n and Wilson's 95 % interval.
    Counted from: deliveries, the client's audits of them, the settings `service` of the project.
    Undefined: while nothing is settled, or nothing was agreed.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(met, n)


def turnaround(days: ArrayLike) -> Days:
    """Turnaround: how long a batch takes from its receipt to its first delivery.

    The same is counted from a rejection to the next delivery.

    Formula: median, and 90th percentile, of days from receipt to delivery.
    Unit: days, with n deliveries.
    Counted from: batches and deliveries, to the second.
    Undefined: while nothing was delivered.
    Source: order statistics, interpolated linearly.
    """
    found = np.asarray(days, float)
    if not found.size:
        return Days(None, None, 0)
    return Days(float(np.median(found)), float(np.quantile(found, 0.9)), int(found.size))
