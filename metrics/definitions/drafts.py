"""What a model's drafts are worth, and how long questions wait."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from metrics.definitions.shares import Z95, Share, difference, share
from quality.measures.waiting import Waiting, waiting

# Fewer times in a group say nothing of the time that is saved: below, the rank sum test is no
# longer near its large-sample form.
LEAST_TIMES = 8


class TimeSaved(NamedTuple):
    """Median active time in seconds with a model's draft and without, of `n_with` and `n_without`
    answers; `saved` is the share of the time that a draft saves (below 0: it costs), with its 95 %
    interval. None where there are too few."""

    with_seconds: float | None
    without_seconds: float | None
    saved: float | None
    low: float | None
    high: float | None
    n_with: int
    n_without: int


class Anchoring(NamedTuple):
    """Mistakes of a model that labels repeat, with its draft and without; `pull` is the difference
    of the shares with its 95 % interval, None where one of them has no support."""

    shown: Share
    withheld: Share
    pull: float | None
    low: float | None
    high: float | None


def drafts_kept(kept: int, changed: int, thrown: int) -> Share:
    """Drafts kept: how much of what a model proposes labellers leave as it is.

    The shares that were changed and thrown away are `share` of the same n.

    Formula: proposed objects left as they were ÷ proposed objects.
    Unit: share of proposed objects, with n and Wilson's 95 % interval.
    Counted from: answers compared with the draft that they began with.
    Undefined: while no draft was shown.
    Source: E. B. Wilson, JASA 22 (1927).
    """
    return share(kept, kept + changed + thrown)


def time_saved(with_ms: ArrayLike, without_ms: ArrayLike) -> TimeSaved:
    """Model-assistance savings: how much of the active time a model's draft saves.

    Which answers get a draft is by lot, so the two groups differ in nothing else. Times without a
    logarithm (0: no heartbeat came) are left out.

    Formula: 1 - exp(shift); the shift is the median of all differences of log active time between
    answers with a draft and answers whose draft was withheld.
    Unit: share of the time, with both n and the 95 % interval that inverts the rank sum test.
    Counted from: the newest assisted answers of a project.
    Undefined: with fewer than 8 answers in a group.
    Source: J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963); M.
    Hollander and D. A. Wolfe, Nonparametric Statistical Methods (1999), §4.3.
    """
    some, others = (np.asarray(ms, float) for ms in (with_ms, without_ms))
    some, others = some[some > 0], others[others > 0]
    medians = [float(np.median(ms)) / 1000 if ms.size else None for ms in (some, others)]
    m, n = some.size, others.size
    if min(m, n) < LEAST_TIMES:
        return TimeSaved(medians[0], medians[1], None, None, None, m, n)
    shifts = np.sort(np.subtract.outer(np.log(some), np.log(others)), axis=None)
    within = m * n / 2 - Z95 * math.sqrt(m * n * (m + n + 1) / 12)
    rank = max(int(within), 1)
    shift, low, high = float(np.median(shifts)), float(shifts[rank - 1]), float(shifts[-rank])
    saved, least, most = (1 - math.exp(x) for x in (shift, high, low))
    return TimeSaved(medians[0], medians[1], saved, least, most, m, n)


def anchoring(repeated: int, wrong: int, repeated_without: int, wrong_without: int) -> Anchoring:
    """Anchoring: how much more often a model's mistake gets into a label that began with it.

    Raises ValueError as `share` does.

    Formula: share of a model's mistakes that labels repeat where its draft was shown - the same
    share where it was withheld.
    Unit: difference of shares, with both n and Newcombe's 95 % interval.
    Counted from: the newest assisted answers whose truth is known.
    Undefined: while a group has no mistake of the model.
    Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10.
    """
    shown, withheld = share(repeated, wrong), share(repeated_without, wrong_without)
    found = difference(shown, withheld)
    return Anchoring(shown, withheld, found.value, found.low, found.high)


def time_to_answer(seconds: ArrayLike) -> Waiting:
    """Time to answer a question: how long whoever asks waits for somebody else's first word.

    A median, because one question over a weekend outweighs a week's mean; of answered ones only.

    Formula: median of (first comment by somebody else - question).
    Unit: s, with n answered questions and a 95 % interval that assumes no shape.
    Counted from: the questions asked in the period.
    Undefined: while none was answered.
    Source: W. R. Thompson, Annals of Mathematical Statistics 7 (1936).
    """
    return waiting(seconds)
