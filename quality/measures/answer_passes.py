"""The machinery behind consensus: answers in order of asset, and compiled passes over them."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.arrays import Floats, Ints, codes, compiled

_SHARES = 8
TIE = 1e-9  # votes as near as this, relatively, are the same
ByAsset = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], Floats]


def by_asset(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    weights: ArrayLike | None,
) -> tuple[ByAsset, Ints | None]:
    """Check the arrays and sort them by asset: (starts of each asset, labeller, label, weight), and
    the order in which they were taken (None when they already were in order)."""
    where = codes("asset", asset, n_assets)
    who = codes("labeller", labeller, n_labellers, where.size).astype(np.int32)
    what = codes("label", label, n_classes, where.size).astype(np.int32)
    weight = checked_weights(weights, where.size)
    weight = np.ones(where.size) if weight is None else weight
    starts = np.zeros(n_assets + 1, np.int64)
    np.cumsum(np.bincount(where, minlength=n_assets), out=starts[1:])
    if not np.any(where[1:] < where[:-1]):
        return (starts, who, what, weight), None
    order = np.empty(where.size, np.int64)
    _counting_order(where, starts[:-1].copy(), order)
    return (starts, who[order], what[order], weight[order]), order


def checked_weights(weights: ArrayLike | None, length: int) -> Floats | None:
    """The weights as floats, None where none were given; ValueError unless one each, ≥ 0."""
    if weights is None:
        return None
    given = np.asarray(weights, dtype=float)
    if given.shape != (length,) or not np.all(given >= 0):
        raise ValueError(f"weights: expected {length} numbers of at least 0")
    return given


def vote_shares(answers: ByAsset, n_assets: int, n_classes: int) -> Floats:
    """Share of each class in an asset's votes (assets × classes); even where there are none."""
    starts, _, label, weight = answers
    rows = np.repeat(np.arange(n_assets), np.diff(starts))
    votes = np.bincount(rows * n_classes + label, weight, n_assets * n_classes)
    votes = votes.reshape(n_assets, n_classes)
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / n_classes)


def class_prior(posterior: Floats) -> Floats:
    """Share of each class over all assets, none of them quite 0."""
    prior = posterior.sum(axis=0) + 1e-6
    shares: Floats = prior / prior.sum()
    return shares


def lots(rows: Ints, n_classes: int, seed: int) -> Floats:
    """A number in [0, 1) for each (row, class), by splitmix64 of seed, row and class."""
    row = rows.astype(np.uint64)[:, None] * np.uint64(0x9E3779B97F4A7C15)
    column = np.arange(1, n_classes + 1, dtype=np.uint64)[None, :] * np.uint64(0xD1B54A32D192ED03)
    x = row ^ column ^ np.uint64((seed * 0xBF58476D1CE4E5B9) % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(float) / 2**53


def em_round(
    answers: ByAsset, log_confusion: Floats, log_prior: Floats, posterior: Floats
) -> tuple[Floats, float]:
    """One round of EM: posteriors in place, the counts they give, and how far they moved.

    Many answers are split into shares of fixed bounds, so that the sums, and with them the result,
    do not depend on how many processors there are.
    """
    starts = answers[0]
    n_assets, n_answers = len(starts) - 1, int(starts[-1])
    shares = _SHARES if n_answers >= 50_000 and 10 * log_confusion.size < n_answers else 1
    bounds = np.searchsorted(starts, np.linspace(0, n_answers, shares + 1)[1:-1])
    bounds = np.concatenate([[0], bounds, [n_assets]])
    counts = [np.zeros(log_confusion.shape) for _ in range(shares)]

    def work(i: int) -> float:
        first, last = int(bounds[i]), int(bounds[i + 1])
        return _update_posterior(
            *answers, first, last, log_confusion, log_prior, posterior, counts[i]
        )

    if shares == 1:
        moved = [work(0)]
    else:
        with ThreadPoolExecutor(min(shares, os.cpu_count() or 1)) as pool:
            moved = list(pool.map(work, range(shares)))
    return sum(counts[1:], counts[0]), sum(moved)


@compiled
def count_votes(asset: Ints, label: Ints, weight: Floats, votes: Floats) -> None:
    """Add each answer's weight (1 where `weight` is empty) to votes[asset, label]."""
    if len(weight):
        for i in range(len(asset)):
            votes[asset[i], label[i]] += weight[i]
    else:
        for i in range(len(asset)):
            votes[asset[i], label[i]] += 1.0


@compiled
def first_of_each(
    table: Floats, near: float, label: Ints, ties: Ints, probability: Floats, posterior: Floats
) -> None:
    """Per row: its first best class (-1 without votes), how many share that place, its share, and
    the share of each class. `posterior` may be `table` itself."""
    for a in range(len(table)):
        best, total = 0, 0.0
        for c in range(table.shape[1]):
            total += table[a, c]
            if table[a, c] > table[a, best]:
                best = c
        if not total > 0:
            label[a], ties[a], probability[a], posterior[a] = -1, 0, np.nan, np.nan
            continue
        count, least = 0, table[a, best] * (1 - near)
        for c in range(table.shape[1]):
            votes = table[a, c]
            count += votes > 0 and votes >= least
            posterior[a, c] = votes / total
        label[a], ties[a], probability[a] = best, count, posterior[a, best]


@compiled
def _counting_order(asset: Ints, position: Ints, order: Ints) -> None:
    """Stable order by asset, from where each asset's answers start (`position` is used up)."""
    for i in range(len(asset)):
        order[position[asset[i]]] = i
        position[asset[i]] += 1


@compiled
def count_confusion(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, posterior: Floats, confusion: Floats
) -> None:
    """Add each answer's posterior to confusion[labeller, answer, truth] (truth is contiguous)."""
    classes = posterior.shape[1]
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            row = confusion[labeller[i], label[i]]
            for c in range(classes):
                row[c] += weight[i] * posterior[a, c]


@compiled
def _update_posterior(
    starts: Ints,
    labeller: Ints,
    label: Ints,
    weight: Floats,
    first: int,
    last: int,
    log_confusion: Floats,
    log_prior: Floats,
    posterior: Floats,
    counts: Floats,
) -> float:
    """Replace the posterior of assets first..last - 1 in place and add their answers to `counts`
    for the next round, while they are at hand; return the total variation moved, summed."""
    classes, moved = posterior.shape[1], 0.0
    score = np.empty(classes)
    for a in range(first, last):
        score[:] = log_prior
        for i in range(starts[a], starts[a + 1]):
            row = log_confusion[labeller[i], label[i]]
            for c in range(classes):
                score[c] += weight[i] * row[c]
        top, total = score.max(), 0.0
        for c in range(classes):
            score[c] = np.exp(score[c] - top)
            total += score[c]
        for c in range(classes):
            score[c] /= total
            moved += abs(score[c] - posterior[a, c]) / 2
            posterior[a, c] = score[c]
        for i in range(starts[a], starts[a + 1]):
            row = counts[labeller[i], label[i]]
            for c in range(classes):
                row[c] += weight[i] * score[c]
    return moved


@compiled
def leave_one_out(
    starts: Ints,
    labeller: Ints,
    label: Ints,
    log_confusion: Floats,
    log_prior: Floats,
    best: Ints,
    chance: Floats,
) -> None:
    """For each answer: the best class by all others on its asset, and its probability."""
    classes = len(log_prior)
    score, without = np.empty(classes), np.empty(classes)
    for a in range(len(starts) - 1):
        score[:] = log_prior
        for i in range(starts[a], starts[a + 1]):
            score += log_confusion[labeller[i], label[i]]
        for i in range(starts[a], starts[a + 1]):
            without[:] = score - log_confusion[labeller[i], label[i]]
            best[i] = without.argmax()
            chance[i] = 1 / np.exp(without - without.max()).sum()


@compiled
def leave_one_out_one_coin(
    starts: Ints, label: Ints, gain: Floats, best: Ints, chance: Floats, classes: int
) -> None:
    """The same from each answer's log odds (`gain`), all classes alike beforehand."""
    score = np.empty(classes)
    for a in range(len(starts) - 1):
        score[:] = 0.0
        for i in range(starts[a], starts[a + 1]):
            score[label[i]] += gain[i]
        for i in range(starts[a], starts[a + 1]):
            score[label[i]] -= gain[i]
            best[i] = score.argmax()
            chance[i] = 1 / np.exp(score - score[best[i]]).sum()
            score[label[i]] += gain[i]


@compiled
def count_hits(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, posterior: Floats, hits: Floats
) -> None:
    """Add to each labeller's `hits` how far the posterior agrees with the answers."""
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            hits[labeller[i]] += weight[i] * posterior[a, label[i]]


@compiled
def update_one_coin(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, gain: Floats, posterior: Floats
) -> float:
    """Replace each asset's posterior in place from the labellers' log odds; sum what moved."""
    classes, moved = posterior.shape[1], 0.0
    score = np.empty(classes)
    for a in range(len(starts) - 1):
        score[:] = 0.0
        for i in range(starts[a], starts[a + 1]):
            score[label[i]] += weight[i] * gain[labeller[i]]
        top, total = score.max(), 0.0
        for c in range(classes):
            score[c] = np.exp(score[c] - top)
            total += score[c]
        for c in range(classes):
            share = score[c] / total
            moved += abs(share - posterior[a, c]) / 2
            posterior[a, c] = share
    return moved
