"""What labels cost. Every price is the project's cost per active hour, in its currency."""

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import UNKNOWN, Ratio, Share, product, ratio
from metrics.definitions.work import active_hours


def cost(active_ms: int, cost_per_hour: float | None) -> float | None:
    """Cost: the price of the active time.

    Formula: active hours × the project's cost per hour.
    Unit: the project's currency; a full count, no estimate.
    Counted from: daily roll-up; `cost_per_hour` of the project's settings.
    Undefined: when the project sets no cost per hour.
    """
    return None if cost_per_hour is None else active_hours(active_ms) * cost_per_hour


def cost_per_label(labels_: int, active_ms: int, cost_per_hour: float | None) -> float | None:
    """Cost per label: what it costs to have one label made.

    Without any active time a label would seem to cost nothing, which nobody measured.

    Formula: cost of the active time spent on labelling ÷ labels.
    Unit: the project's currency per label, with an interval (labellers as clusters).
    Counted from: daily roll-up, stages label and rework; `cost_per_hour` of the project.
    Undefined: without labels, without active time or without a price.
    Source: a ratio of totals by linearisation (Cochran 1977, §6.3).
    """
    spent = cost(active_ms, cost_per_hour)
    return None if spent is None or labels_ == 0 or active_ms <= 0 else spent / labels_


def cost_of_labels(labels_: ArrayLike, spent: ArrayLike) -> Ratio:
    """Cost per label with its 95 % interval, from the labels of each person and what they cost.

    Who reviews costs and makes no labels; they belong to it where reviews are to be paid for too.
    """
    costs = np.asarray(spent, float)
    return UNKNOWN if costs.sum() <= 0 else ratio(costs, labels_)


def cost_per_accepted_label(labels_: ArrayLike, spent: ArrayLike, accepted: Share) -> Ratio:
    """Cost per accepted label: what a label costs that a reviewer lets stand as it is.

    `labels_` are first labels and `spent` the cost at all stages, one entry for each person. Only
    some labels are reviewed: how many would be accepted is estimated from those.

    Formula: cost of labelling, review, rework and adjudication ÷ (first labels × first-pass
    acceptance).
    Unit: the project's currency per accepted label, with an interval of both parts together.
    Counted from: daily roll-up of all stages; `cost_per_hour` of the project.
    Undefined: without reviewed labels, without an accepted one, without labels, time or a price.
    Source: the two intervals are joined on the log scale: G. Y. Zou and A. Donner, Statistics in
    Medicine 27 (2008).
    """
    return product([cost_of_labels(labels_, spent), accepted], [1, -1])
