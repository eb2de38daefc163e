"""Meetings of labellers on the assets that they share, and how likely one says what another said.

What was said stands in a situation: how much speaks for it among the *other* answers to the asset,
each weighed by how able its labeller is. How often it is said again in that situation is learnt
from all pairs but the one in question, and how often these two are echoed, or echo, from their
meetings with others.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes

MOST_TOGETHER = 300  # answers of one asset that are compared, drawn by chance where there are more
# Situation 0 has no others; the rest are cut at these quantiles of what speaks for an answer:
# finely where little does.
_CUTS = (0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.8)
SITUATIONS = len(_CUTS) + 2
_SAMPLE = 200_000  # meetings on which the cuts are made
_DOUBTED = 0.6  # situations in which fewer agree are learnt of each labeller apart from the rest
_ABLE = (0.02, 0.98)
_FEWEST_KNOWN, _WORTH = 40.0, 10.0


class Answers(NamedTuple):
    """Answers of all labellers by asset. `weight` of the labeller's word; `backed`, the weight of
    all who said the same, and `total`, of all who said anything about the asset; `others`, how many
    more answers the asset has; `cuts` between situations."""

    asset: Ints
    labeller: Ints
    label: Ints
    z: Floats
    weight: Floats
    backed: Floats
    total: Floats
    others: Ints
    cuts: Floats


class Meetings(NamedTuple):
    """Meetings of two labellers on one asset, `one` < `other`: whether they said the `same`; for
    either of them the situation of what they said, and its code; their z."""

    one: Ints
    other: Ints
    same: Bools
    situation: tuple[Ints, ...]
    label: tuple[Ints, Ints]
    z: tuple[Floats, Floats]

    def ways(self) -> Iterable[tuple[tuple[Ints, Ints], Ints, Ints]]:
        """Of either direction: (who said it, who may have echoed it), its situation, its answer."""
        both = ((self.one, self.other), (self.other, self.one))
        return zip(both, self.situation, self.label, strict=True)


def prepared(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    accuracy: ArrayLike,
    n_classes: int,
    z: ArrayLike | None = None,
) -> Answers:
    """Sort answers by asset, and weigh what speaks for each by log odds of its labellers'
    `accuracy`."""
    able = np.clip(np.asarray(accuracy, float), *_ABLE)
    where, who = np.asarray(asset, np.int64), codes("labeller", labeller, able.size)
    what = codes("label", label, n_classes, where.size).astype(np.int64)
    effort = np.full(where.size, np.nan) if z is None else np.asarray(z, float)
    order = np.lexsort((np.random.default_rng(0).random(where.size), where))
    _, first, place = np.unique(where[order], return_index=True, return_inverse=True)
    kept = np.arange(where.size) - first[place] < MOST_TOGETHER
    order, place = order[kept], place[kept]
    where, who, what, effort = where[order], who[order], what[order], effort[order]
    odds = np.log(able / (1 - able)) + np.log(max(n_classes - 1, 1))
    weight = np.maximum(odds, 0.0)[who]
    _, cell = np.unique(place * n_classes + what, return_inverse=True)
    backed, total = (np.bincount(of, weight).astype(float)[of] for of in (cell, place))
    others = np.bincount(place)[place] - 1
    a = Answers(where, who, what, effort, weight, backed, total, others, np.zeros(len(_CUTS)))
    return a._replace(cuts=_cuts(a))


def _cuts(a: Answers) -> Floats:
    """Where one situation ends and the next begins, from meetings of neighbours."""
    i = np.flatnonzero((a.asset[1:] == a.asset[:-1]) & (a.others[1:] > 1))[:_SAMPLE]
    same = a.label[i] == a.label[i + 1]
    score = np.concatenate([_score(a, i, i + 1, same), _score(a, i + 1, i, same)])
    return np.quantile(score, _CUTS) if score.size else a.cuts


def meetings(a: Answers) -> Iterator[Meetings]:
    """All meetings, in portions: each answer with the next on its asset, the one after, …"""
    rows = np.arange(a.asset.size)
    for step in range(1, int(a.others.max(initial=0)) + 1):
        rows = rows[rows + step < a.asset.size]
        rows = rows[a.asset[rows] == a.asset[rows + step]]
        i, j = rows, rows + step
        swap = a.labeller[i] > a.labeller[j]
        i, j = np.where(swap, j, i), np.where(swap, i, j)
        same = a.label[i] == a.label[j]
        yield Meetings(
            a.labeller[i], a.labeller[j], same,
            (_situation(a, i, j, same), _situation(a, j, i, same)),
            (a.label[i], a.label[j]), (a.z[i], a.z[j]),
        )  # fmt: skip


def _situation(a: Answers, i: Ints, j: Ints, same: Bools) -> Ints:
    # Equal scores must not fall on two sides of a cut by how they were summed.
    found: Ints = 1 + np.searchsorted(a.cuts, _score(a, i, j, same) - 1e-9)
    return np.where(a.others[i] > 1, found, 0)


def _score(a: Answers, i: Ints, j: Ints, same: Bools) -> Floats:
    """What speaks for what `i` said, less what speaks against it, without the word of `j`."""
    backed = a.backed[i] - same * a.weight[j]
    against = a.total[i] - a.backed[i] - ~same * a.weight[j]
    found: Floats = backed - against
    return found


class Counts(NamedTuple):
    """How often what the row's labeller said was said by the column's, (situations, n, n): `hits`
    out of `met`; and of all pairs by answer, (hits or met, situations, answers)."""

    hits: Floats
    met: Floats
    by_label: Floats


def count(a: Answers, n: int, n_classes: int) -> Counts:
    """Count agreements of `n` labellers in every situation."""
    hits, met = np.zeros((SITUATIONS, n, n)), np.zeros((SITUATIONS, n, n))
    by_label = np.zeros((2, SITUATIONS * n_classes))
    for m in meetings(a):
        for (i, j), situation, label in m.ways():
            cell, kind = (situation * n + i) * n + j, situation * n_classes + label
            add(met, cell, 1.0)
            add(hits, cell, m.same)
            add(by_label[1], kind, 1.0)
            add(by_label[0], kind, m.same)
    return Counts(hits, met, by_label.reshape(2, SITUATIONS, n_classes))


def add(totals: Floats, place: Ints, weights: ArrayLike) -> None:
    """Add to a table where it stands: what few meetings touch is not gone through whole."""
    np.add.at(totals.reshape(-1), place, weights)


class Chance:
    """How likely a labeller says what another said, if both work alone."""

    def __init__(self, counts: Counts, accuracy: ArrayLike, n_classes: int):
        hits, met, by_label = counts
        right = np.clip(np.asarray(accuracy, float), *_ABLE)
        self.rate, self.known = _rates(hits, met, right, (1 - right) / max(n_classes - 1, 1))
        all_hits, all_met = hits.sum(axis=(1, 2)), met.sum(axis=(1, 2))
        usual = (all_hits + 0.5) / (all_met + 1)
        of_label = (by_label[0] + _WORTH * usual[:, None]) / (by_label[1] + _WORTH)
        self.of_label = of_label / usual[:, None]
        self.doubted = usual < _DOUBTED
        due = met * self.rate
        self.person = np.stack([
            _others(hits[which].sum(axis=0), due[which].sum(axis=0))
            for which in (~self.doubted, self.doubted)
        ])  # fmt: skip

    def of(self, i: Ints, j: Ints, situation: Ints, label: Ints) -> Floats:
        """Chance that `j` says what `i` said; 1, which proves nothing, where nobody else tells."""
        p = self.rate[situation, i, j] * self.of_label[situation, label]
        p = np.clip(p * self.person[self.doubted[situation].astype(int), i, j], 0.01, 0.99)
        return np.where(self.known[situation, i, j], p, 1.0)


def _rates(hits: Floats, met: Floats, right: Floats, stray: Floats) -> tuple[Floats, Bools]:
    """By situation and pair, how likely the column's labeller says what the row's said, and whether
    enough other meetings tell.

    What was said in a situation is right with some chance: one that makes the agreements of all
    other pairs come out, where somebody says what is right as often as they are `right`, and any
    one thing that is not as often as they `stray`.
    """

    def rest(table: Floats) -> Floats:
        total: Floats = table.sum(axis=(1, 2))[:, None, None] - table - table.transpose(0, 2, 1)
        return total

    by_chance, told = rest(met * stray), rest(met * (right - stray))
    sure = (rest(hits) + 0.5 - by_chance) / np.maximum(told + 1, 1e-9)
    sure = np.clip(sure, 0.01, 1.0)
    return sure * right + (1 - sure) * stray, rest(met) >= _FEWEST_KNOWN


def _others(seen: Floats, due: Floats) -> Floats:
    """How much more often than usual the row's labeller is echoed and the column's echoes, but for
    their own meetings, each drawn towards 1."""
    found = np.ones_like(seen)
    for axis in (0, 1):
        rest_seen = seen.sum(axis=axis, keepdims=True) - seen
        rest_due = due.sum(axis=axis, keepdims=True) - due
        found *= (rest_seen + _WORTH) / (rest_due + _WORTH)
    return found
