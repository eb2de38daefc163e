"""The machinery behind consensus: answers in order of asset, and compiled passes over them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.arrays import Floats, Ints, codes, compiled

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
    given = checked_weights(weights, where.size)
    weight = np.ones(where.size) if given is None else given
    starts = np.zeros(n_assets + 1, np.int64)
    np.cumsum(np.bincount(where, minlength=n_assets), out=starts[1:])
    if not np.any(where[1:] < where[:-1]):
        return (starts, who, what, weight), None
    order, by_who, by_what = np.empty(where.size, np.int64), np.empty_like(who), np.empty_like(what)
    _sort(where, starts[:-1].copy(), who, what, order, by_who, by_what)
    return (starts, by_who, by_what, weight if given is None else weight[order]), order


def at_the_start(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    weights: ArrayLike | None,
) -> tuple[ByAsset, Floats]:
    """What every fit begins with: the answers in order of asset, and their vote shares."""
    answers, _ = by_asset(asset, labeller, label, n_assets, n_labellers, n_classes, weights)
    return answers, vote_shares(answers, n_assets, n_classes)


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
    shares = np.zeros((n_assets, n_classes))
    _count_shares(starts, label, weight, shares)
    return shares


def class_prior(known: Floats) -> Floats:
    """Share of each class, of which there are `known` assets, none of them quite 0."""
    prior = known + 1e-6
    shares: Floats = prior / prior.sum()
    return shares


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
def _count_shares(starts: Ints, label: Ints, weight: Floats, shares: Floats) -> None:
    classes = shares.shape[1]
    for a in range(len(shares)):
        total = 0.0
        for i in range(starts[a], starts[a + 1]):
            shares[a, label[i]] += weight[i]
            total += weight[i]
        for c in range(classes):
            shares[a, c] = shares[a, c] / total if total > 0 else 1 / classes


@compiled
def best_of_each(
    table: Floats, near: float, seed: int, label: Ints, probability: Floats, posterior: Floats
) -> None:
    """Per row: its best class (-1 without votes), the share of that, and the share of each class.

    Of classes as near to the best as `near`, relatively, the one with the highest lot is taken: a
    hash (splitmix64) of seed, row and class. `posterior` may be `table` itself.
    """
    salt = np.uint64(seed) * np.uint64(0xBF58476D1CE4E5B9)
    for a in range(len(table)):
        best, total = 0, 0.0
        for c in range(table.shape[1]):
            total += table[a, c]
            if table[a, c] > table[a, best]:
                best = c
        if not total > 0:
            label[a], probability[a], posterior[a] = -1, np.nan, np.nan
            continue
        count, least = 0, table[a, best] * (1 - near)
        for c in range(table.shape[1]):
            votes = table[a, c]
            count += votes > 0 and votes >= least
            posterior[a, c] = votes / total
        if count > 1:
            row, highest, least = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15), 0.0, least / total
            for c in range(table.shape[1]):
                if posterior[a, c] > 0 and posterior[a, c] >= least * (1 - 1e-12):
                    x = row ^ (np.uint64(c + 1) * np.uint64(0xD1B54A32D192ED03)) ^ salt
                    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                    x = x ^ (x >> np.uint64(31))
                    lot = float(x >> np.uint64(11)) + 1.0
                    if lot > highest:
                        best, highest = c, lot
        label[a], probability[a] = best, posterior[a, best]


@compiled
def _sort(
    asset: Ints, position: Ints, who: Ints, what: Ints, order: Ints, by_who: Ints, by_what: Ints
) -> None:
    """Stable order by asset, from where each asset's answers start (`position` is used up), and the
    labellers and labels in it."""
    for i in range(len(asset)):
        at = position[asset[i]]
        position[asset[i]] += 1
        order[at], by_who[at], by_what[at] = i, who[i], what[i]


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
