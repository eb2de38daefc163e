"""Which labellers answer too much alike.

People who are right agree; people who copy agree where hardly anybody does. For each asset that two
labellers share, how likely the second says what the first said is known from everybody else (see
`meeting_chances`), so that hard assets, on which mistakes are shared honestly, are accounted for. A
pair is then a wager: on copying a share c of answers, each agreement multiplies the stake by
1 - c + c/p, each difference by 1 - c, which is fair if they work alone. Such stakes are e-values,
their average over several c and over both directions is one, and they may be tested together
whatever hangs together (R. Wang and A. Ramdas, JRSS B 84, 2022).

Times that rise and fall together, more than those of other pairs do, may add to a stake, by little:
they prove nothing alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.classes import wilson
from quality.measures.flags import FALSE_DISCOVERY_RATE
from quality.measures.meeting_chances import Answers, Chance, add, count, meetings, prepared

FEWEST_LABELLERS = 6  # of fewer, everybody else is too few to tell what is usual
FEWEST_SHARED = 10
UNUSUAL = 0.5  # an answer that the other gives less often than this
FEWEST_ECHOES = 5  # of unusual answers, without which nobody is called a copier
LEAST_COPIED = 0.1  # share of unusual answers that were copied, as it seems
COPIED = (0.15, 0.4, 0.8)  # shares of answers that are feared to be copied
MOST_OF_TIMES = 20.0  # by so much times may multiply a stake


class Alike(NamedTuple):
    """Pairs of labellers that share 10 assets or more, the most alike first; arrays by pair.

    `shared` assets; `unusual` answers of `one` that the `other` gives less often than not, of which
    `echoed` were given by the other too, where `expected` would be usual (of the two directions the
    one that tells more: who copied whom it does not say); `log_evidence`, natural log of the
    e-value; `flagged`; `times`, correlation of standardised log times (nan unknown) beside
    `usual_times`, that of all pairs.
    """

    one: Ints
    other: Ints
    shared: Ints
    unusual: Ints
    echoed: Ints
    expected: Floats
    log_evidence: Floats
    flagged: Bools
    times: Floats
    usual_times: float

    def echo(self) -> tuple[Floats, Floats, Floats]:
        """Which share of the unusual answers was echoed, with its 95 % interval."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.echoed / self.unusual, *wilson(self.echoed, self.unusual)


def too_alike(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    accuracy: ArrayLike,
    n_classes: int,
    z: ArrayLike | None = None,
    rate: float = FALSE_DISCOVERY_RATE,
) -> Alike:
    """Compare all pairs of labellers on the assets that they share (at most one answer each).

    `accuracy` of each labeller (n_labellers,), as far as it is known; `z` are standardised log
    times. Memory is labellers² and time the number of meetings: 500 labellers are no trouble.
    Nothing is said of fewer than 6 labellers who meet.
    """
    n = np.asarray(accuracy).size
    a = prepared(asset, labeller, label, accuracy, n_classes, z)
    counts = count(a, n, n_classes)
    stake, tally, sums = _evidence(a, n, Chance(counts, accuracy, n_classes))
    shared = counts.met.sum(axis=0)  # the same both ways
    enough = (shared.sum(axis=0) > 0).sum() >= FEWEST_LABELLERS
    one, other = np.nonzero(np.triu((shared >= FEWEST_SHARED) & enough, 1))
    times, usual, of_times = _times(sums[:, one, other])
    evidence = _averaged(stake)[one, other] + of_times
    way = np.argmax(stake.max(axis=1)[:, one, other], axis=0)
    unusual, echoed, expected = tally[way, :, one, other].T
    found = _e_discoveries(evidence, rate)
    found &= (echoed >= FEWEST_ECHOES) & (_copied(unusual, echoed, expected) >= LEAST_COPIED)
    order = np.argsort(-evidence, kind="stable")
    one, other = np.where(way == 0, one, other), np.where(way == 0, other, one)
    return Alike(
        one[order], other[order], shared[one, other][order].astype(np.int64),
        unusual[order].astype(np.int64), echoed[order].astype(np.int64), expected[order],
        evidence[order], found[order], times[order], usual,
    )  # fmt: skip


def _copied(unusual: ArrayLike, echoed: ArrayLike, expected: Floats) -> Floats:
    """Of answers echoed by chance with some probability, the share that was not left to chance."""
    n = np.asarray(unusual, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip((np.asarray(echoed, float) - expected) / (n - expected), 0, 1)


def _evidence(a: Answers, n: int, chance: Chance) -> tuple[Floats, Floats, Floats]:
    """By direction, log stakes (2, shares copied, n, n) and unusual answers, echoes and echoes
    expected (2, 3, n, n); sums of times for a correlation (6, n, n). Rows are the smaller code."""
    stake, tally = np.zeros((2, len(COPIED), n, n)), np.zeros((2, 3, n, n))
    sums = np.zeros((6, n, n))
    for m in meetings(a):
        pair = m.one * n + m.other
        for way, ((i, j), situation, label) in enumerate(m.ways()):
            p = chance.of(i, j, situation, label)
            for c, copied in enumerate(COPIED):
                log = np.where(m.same, np.log(1 - copied + copied / p), np.log(1 - copied))
                add(stake[way, c], pair, np.where(p < 1, log, 0.0))
            odd = p < UNUSUAL
            for row, counted in enumerate((odd, odd & m.same, odd * p)):
                add(tally[way, row], pair, counted)
        z, w = m.z
        timed = np.isfinite(z) & np.isfinite(w)
        z, w = np.where(timed, z, 0.0), np.where(timed, w, 0.0)
        for row, moment in enumerate((timed, z, w, z * z, w * w, z * w)):
            add(sums[row], pair, moment)
    return stake, tally, sums


def _averaged(stake: Floats) -> Floats:
    """Log of the mean e-value over shares copied and directions."""
    flat = stake.reshape(-1, *stake.shape[2:])
    top = flat.max(axis=0)
    mean: Floats = top + np.log(np.exp(flat - top).mean(axis=0))
    return mean


def _times(sums: Floats) -> tuple[Floats, float, Floats]:
    """Correlation of times of each pair, that of all, and what it adds to the log evidence.

    Fisher's z against all pairs gives a p-value, and 1 / (2√p) is an e-value of it (V. Vovk and R.
    Wang, Annals of Statistics 49, 2021), here bounded.
    """
    from scipy.special import ndtr

    n, x, y, xx, yy, xy = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (xy - x * y / n) / np.sqrt((xx - x * x / n) * (yy - y * y / n))
    enough = (n >= FEWEST_SHARED) & np.isfinite(value)
    value = np.where(enough, np.clip(value, -0.999, 0.999), np.nan)
    if not enough.any():
        return value, float("nan"), np.zeros(value.shape)
    weight = np.where(enough, n - 3, 0.0)
    turned = np.arctanh(np.where(enough, value, 0.0))
    usual = float((weight * turned).sum() / weight.sum())
    p = np.maximum(ndtr(-(turned - usual) * np.sqrt(weight)), 1e-300)
    log = np.minimum(-np.log(2) - 0.5 * np.log(p), np.log(MOST_OF_TIMES))
    return value, float(np.tanh(usual)), np.where(enough, log, 0.0)


def _e_discoveries(log_evidence: Floats, rate: float) -> Bools:
    """The e-BH procedure: the k largest, for the largest k of which all reach pairs ÷ (rate k)."""
    order = np.argsort(-log_evidence, kind="stable")
    n = order.size
    enough = log_evidence[order] >= np.log(n / (rate * np.arange(1, n + 1)))
    found = np.zeros(n, bool)
    if enough.any():
        found[order[: int(np.flatnonzero(enough)[-1]) + 1]] = True
    return found
