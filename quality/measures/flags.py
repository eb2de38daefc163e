"""Which labellers and which assets stand out, at a stated false-discovery rate.

A labeller is flagged when there is little doubt that they are right clearly less often than the
typical labeller, or that they take less than half the usual time and are right less often. An asset
is flagged when labellers as able as these would seldom differ so much over an ordinary asset, or
take so long, and differ more than expected or take a quarter longer than usual. Answers of flagged
labellers are not evidence against an asset: the caller leaves them out.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes, compiled
from quality.measures.standing import Standings
from quality.timing import AssetTimes, Pace
from quality.timing.robust import rejected

FALSE_DISCOVERY_RATE = 0.05
MARGIN = 0.10  # how far below the typical accuracy is clearly below
TOO_FAST = 0.5  # of the usual time
NOTED = 0.05  # p-value of an asset that is noted without being flagged
WORTH_A_LOOK = 1.25  # of the usual time: less is not worth a flag, however sure


class LabellerFlags(NamedTuple):
    """Per labeller: `flagged`, whether for being `wrong` or `hasty`, the p-value, and the `typical`
    accuracy they were held against."""

    flagged: Bools
    wrong: Bools
    hasty: Bools
    p: Floats
    typical: float


class AssetFlags(NamedTuple):
    """Per asset: `flagged`, p-values of its disagreement, its time and both, and the number of
    answers off the plurality, `differing`, beside the number `expected` of an ordinary asset."""

    flagged: Bools
    p_disagreement: Floats
    p_time: Floats
    p: Floats
    differing: Ints
    expected: Floats


def discoveries(p: ArrayLike, rate: float = FALSE_DISCOVERY_RATE) -> Bools:
    """Which hypotheses to reject so that at most `rate` of those rejected are true, on average.

    Y. Benjamini and Y. Hochberg, JRSS B 57 (1995). nan is a test not made, and counts for nothing.
    """
    return rejected(np.asarray(p, dtype=float), rate)


def flag_labellers(
    standings: Standings, pace: Pace | None, rate: float = FALSE_DISCOVERY_RATE
) -> LabellerFlags:
    """Flag labellers from their standings and, where times are usable, their pace."""
    from scipy.special import ndtr

    evidence = standings.n > 0
    if not evidence.any():
        none = np.zeros(len(standings.n), dtype=bool)
        return LabellerFlags(none, none, none, np.full(len(none), np.nan), float("nan"))
    typical = _weighted_median(standings.mean[evidence], standings.n[evidence])
    wrong = _chance_at_least(standings, typical - MARGIN)
    hasty = np.ones_like(wrong)
    if pace is not None:
        slack = (pace.deviation - np.log(TOO_FAST)) / np.where(pace.se > 0, pace.se, np.inf)
        fast = np.where(pace.n > 0, ndtr(slack), 1.0)
        hasty = np.maximum(fast, _chance_at_least(standings, typical))
    p = np.where(evidence, np.minimum(1.0, 2 * np.minimum(wrong, hasty)), np.nan)
    flagged = discoveries(p, rate)
    return LabellerFlags(flagged, flagged & (wrong <= rate), flagged & (hasty <= rate), p, typical)


def flag_assets(
    asset: ArrayLike,
    labeller: ArrayLike,
    votes: ArrayLike,
    accuracy: ArrayLike,
    times: AssetTimes | None,
    rate: float = FALSE_DISCOVERY_RATE,
) -> AssetFlags:
    """Flag hard assets. `votes` is the table (assets × classes) of the answers given, `accuracy`
    that of each labeller, `times` the pooled time effects where times are usable."""
    table = np.asarray(votes)
    differing = table.sum(axis=1) - table.max(axis=1, initial=0)
    p_disagreement, expected = disagreement_tail(asset, labeller, accuracy, differing)
    p_time = np.full(len(table), np.nan) if times is None else times.p
    halfway = _middle_of_tail(asset, labeller, accuracy, differing, p_disagreement)
    p = np.where(np.isnan(p_time), p_disagreement, _fisher(halfway, p_time))
    flagged = discoveries(p, rate)
    flagged &= worth_a_look(differing, expected, times)
    return AssetFlags(flagged, p_disagreement, p_time, p, differing, expected)


def worth_a_look(differing: Ints, expected: Floats, times: AssetTimes | None) -> Bools:
    """Which assets differ more than expected or take a quarter longer than usual: with many answers
    each, half of all assets are surely slower than the usual one."""
    more: Bools = differing > expected
    return more if times is None else more | (times.effect >= np.log(WORTH_A_LOOK))


def colours(found: AssetFlags, noted: float = NOTED) -> list[str]:
    """Per asset: "red" is flagged, "yellow" has a p-value below `noted` though it is not, "green"
    is all else."""
    yellow = found.p < noted  # false where nan: a test not made
    return np.where(found.flagged, "red", np.where(yellow, "yellow", "green")).tolist()


def disagreement_tail(
    asset: ArrayLike, labeller: ArrayLike, accuracy: ArrayLike, differing: ArrayLike
) -> tuple[Floats, Floats]:
    """Per asset, the chance that `differing` or more of its labellers err, and the errors expected.

    Errors of labellers with these accuracies follow the Poisson-binomial distribution. Those who
    differ from the plurality are never more than those who err, so the tail is an upper bound. nan
    below two answers.
    """
    least = np.asarray(differing, dtype=np.int64)
    where = codes("asset", asset, len(least))
    order = np.argsort(where, kind="stable")
    wrong = 1 - np.clip(np.asarray(accuracy, dtype=float), 1e-6, 1 - 1e-6)
    starts = np.zeros(len(least) + 1, np.int64)
    np.cumsum(np.bincount(where, minlength=len(least)), out=starts[1:])
    tail, expected = np.full(len(least), np.nan), np.zeros(len(least))
    _poisson_binomial_tail(starts, wrong[np.asarray(labeller)[order]], least, tail, expected)
    return tail, expected


def _middle_of_tail(
    asset: ArrayLike, labeller: ArrayLike, accuracy: ArrayLike, differing: Ints, tail: Floats
) -> Floats:
    """Mid-p: halfway between the chances of `differing` or more errors and of more than that.

    An asset where all agree has a tail of 1 by the coarseness of counting alone, which would
    silence its times where the two are combined (H. O. Lancaster, JASA 56, 1961).
    """
    beyond, _ = disagreement_tail(asset, labeller, accuracy, differing + 1)
    return (tail + beyond) / 2


def _chance_at_least(standings: Standings, level: float) -> Floats:
    """Posterior chance that accuracy is `level` or more, normal on the arcsine scale."""
    from scipy.special import ndtr

    mean = np.clip(standings.mean, 1e-6, 1 - 1e-6)
    deviation = standings.sd / (2 * np.sqrt(mean * (1 - mean)))
    gap = np.arcsin(np.sqrt(mean)) - np.arcsin(np.sqrt(np.clip(level, 0, 1)))
    chance: Floats = ndtr(gap / np.maximum(deviation, 1e-12))
    return chance


def _weighted_median(values: Floats, weights: Ints) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def _fisher(first: Floats, second: Floats) -> Floats:
    """Combine two independent p-values (R. A. Fisher, 1932); one alone stands where one is nan."""
    product = np.maximum(first * second, 1e-300)
    both = product * (1 - np.log(product))
    return np.where(np.isnan(second), first, np.where(np.isnan(first), second, both))


@compiled
def _poisson_binomial_tail(
    starts: Ints, wrong: Floats, least: Ints, tail: Floats, expected: Floats
) -> None:
    """P(errors ≥ least) per asset, by adding one answer at a time to the chance of fewer errors."""
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            expected[a] += wrong[i]
        if starts[a + 1] - starts[a] < 2:
            continue
        if least[a] == 0:
            tail[a] = 1.0
            continue
        fewer = np.zeros(least[a])
        fewer[0] = 1.0
        for i in range(starts[a], starts[a + 1]):
            for k in range(least[a] - 1, 0, -1):
                fewer[k] = fewer[k] * (1 - wrong[i]) + fewer[k - 1] * wrong[i]
            fewer[0] *= 1 - wrong[i]
        tail[a] = min(1.0, max(0.0, 1 - fewer.sum()))
