"""One answer per asset from many: majority vote, one-coin and Dawid-Skene.

All three take the same arrays of codes and return a posterior (assets × classes).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.measures.arrays import Bools, Floats, Ints, codes, compiled


class Consensus(NamedTuple):
    """Per asset: the winning `label` (-1 without an answer), its `probability` (nan without), and
    the `posterior` (assets × classes)."""

    label: Ints
    probability: Floats
    posterior: Floats


class DawidSkene(NamedTuple):
    """`posterior` (assets × classes), `confusion` (labellers × classes × classes: row = truth,
    column = answer), `prior` (classes) and the number of EM rounds used."""

    posterior: Floats
    confusion: Floats
    prior: Floats
    rounds: int


class OneCoin(NamedTuple):
    """`posterior` (assets × classes), each labeller's `accuracy` and the rounds used."""

    posterior: Floats
    accuracy: Floats
    rounds: int


def majority(
    asset: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_classes: int,
    weights: ArrayLike | None = None,
    *,
    seed: int = 0,
) -> Consensus:
    """Share of (weighted) votes per asset and class, and the class with most of them.

    Ties are broken fairly and the same at every run; see `winners`. `weights` is one non-negative
    weight an answer, e.g. the labeller's standing.
    """
    where = codes("asset", asset, n_assets)
    what = codes("label", label, n_classes, where.size)
    cells = where.astype(np.int64) * n_classes + what
    votes = np.bincount(cells, _weights(weights, where.size), n_assets * n_classes)
    return winners(votes.reshape(n_assets, n_classes), seed=seed)


def winners(votes: ArrayLike, *, seed: int = 0) -> Consensus:
    """The class with most votes in each row of a table (assets × classes) of votes or posteriors.

    A tie is broken by a hash of (seed, asset, class): each tied class has the same chance, and the
    pick depends neither on the order of answers nor on the names of labellers.
    """
    table = np.asarray(votes, dtype=float)
    total = table.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        posterior = table / total[:, None]
    label = table.argmax(axis=1)
    tied = tied_classes(table)
    rows = np.flatnonzero(tied.sum(axis=1) > 1)
    if rows.size:
        lots = _lots(rows, table.shape[1], seed)
        label[rows] = np.where(tied[rows], lots, -1.0).argmax(axis=1)
    probability = np.take_along_axis(posterior, label[:, None], axis=1)[:, 0]
    label[total <= 0] = -1
    return Consensus(label, probability, posterior)


def tied_classes(votes: ArrayLike) -> Bools:
    """Which classes share the highest vote of each asset (assets × classes); none without votes."""
    table = np.asarray(votes, dtype=float)
    best = table.max(axis=1, keepdims=True, initial=0)
    tied: Bools = (table >= best * (1 - 1e-9)) & (best > 0)
    return tied


def expected_hits(votes: ArrayLike, truth: ArrayLike) -> Floats:
    """Per asset, the chance that a fair pick among the tied best classes is the truth.

    `truth` holds one code an asset, or -1 where unknown (then nan), so that the accuracy of a
    consensus does not depend on how ties happen to fall.
    """
    known = np.asarray(truth)
    tied = tied_classes(votes)
    count = tied.sum(axis=1)
    hit = np.take_along_axis(tied, np.maximum(known, 0)[:, None], axis=1)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((known >= 0) & (count > 0), hit / count, np.nan)


def dawid_skene(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    *,
    rounds: int = 100,
    tolerance: float = 1e-4,
    smoothing: float = 0.1,
    weights: ArrayLike | None = None,
) -> DawidSkene:
    """Fit a confusion matrix to every labeller and a posterior to every asset by EM.

    A. P. Dawid and A. M. Skene, Applied Statistics 28 (1979). Starts from vote shares; stops after
    `rounds`, or when posteriors move by no more than `tolerance` on average. `smoothing` answers
    are added to each cell of a confusion matrix, so that what was never seen is not impossible.
    Assets without an answer get the class prior.
    """
    answers, _ = _by_asset(asset, labeller, label, n_assets, n_labellers, n_classes, weights)
    posterior = _vote_shares(answers, n_assets, n_classes)
    for used in range(1, rounds + 1):  # noqa: B007 - the last value is returned
        confusion = np.full((n_labellers, n_classes, n_classes), smoothing)
        _count_confusion(*answers, posterior, confusion)
        confusion /= confusion.sum(axis=1, keepdims=True)
        prior = _class_prior(posterior)
        moved = _update_posterior(*answers, np.log(confusion), np.log(prior), posterior)
        if moved / max(n_assets, 1) < tolerance:
            break
    return DawidSkene(posterior, confusion.transpose(0, 2, 1), prior, used)


def one_coin(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    *,
    rounds: int = 100,
    tolerance: float = 1e-4,
    prior_answers: tuple[float, float] = (2.0, 1.0),
    weights: ArrayLike | None = None,
) -> OneCoin:
    """Dawid-Skene with one accuracy a labeller and errors spread evenly: for many classes.

    Y. Zhang, X. Chen, D. Zhou, M. I. Jordan, JMLR 17 (2016), §2. `prior_answers` are the right and
    wrong answers credited to every labeller beforehand.
    """
    answers, _ = _by_asset(asset, labeller, label, n_assets, n_labellers, n_classes, weights)
    posterior = _vote_shares(answers, n_assets, n_classes)
    others = max(n_classes - 1, 1)
    weight_sum = np.bincount(answers[1], answers[3], n_labellers)
    for used in range(1, rounds + 1):  # noqa: B007 - the last value is returned
        hits = np.zeros(n_labellers)
        _count_hits(*answers, posterior, hits)
        accuracy = (hits + prior_answers[0]) / (weight_sum + sum(prior_answers))
        gain = np.log(accuracy * others / (1 - accuracy))
        moved = _update_one_coin(*answers, gain, posterior)
        if moved / max(n_assets, 1) < tolerance:
            break
    return OneCoin(posterior, accuracy, used)


def consensus_of_others(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    model: DawidSkene | OneCoin,
) -> tuple[Ints, Floats]:
    """For each answer, what the others on that asset make of it: (best class, its probability).

    The answer's own vote is taken out of the asset's posterior, so that agreement with the result
    is evidence about the labeller, not about the labeller's weight. Where there is no other answer
    the class prior speaks.
    """
    n_assets, n_classes = model.posterior.shape
    if isinstance(model, DawidSkene):
        log_prior, log_confusion = np.log(model.prior), np.log(model.confusion.transpose(0, 2, 1))
    else:
        log_prior = np.full(n_classes, -np.log(n_classes))
        log_confusion = _spread_errors(model.accuracy, n_classes)
    n_labellers = len(log_confusion)
    answers, order = _by_asset(asset, labeller, label, n_assets, n_labellers, n_classes, None)
    best, chance = np.empty(answers[1].size, np.int64), np.empty(answers[1].size)
    _leave_one_out(*answers[:3], np.ascontiguousarray(log_confusion), log_prior, best, chance)
    if order is None:
        return best, chance
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return best[back], chance[back]


_Answers = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], Floats]


def _by_asset(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    weights: ArrayLike | None,
) -> tuple[_Answers, Ints | None]:
    """Check the arrays and sort them by asset: (starts of each asset, labeller, label, weight), and
    the order in which they were taken (None when they already were in order)."""
    where = codes("asset", asset, n_assets)
    who = codes("labeller", labeller, n_labellers, where.size).astype(np.int32)
    what = codes("label", label, n_classes, where.size).astype(np.int32)
    weight = _weights(weights, where.size)
    weight = np.ones(where.size) if weight is None else weight
    starts = np.zeros(n_assets + 1, np.int64)
    np.cumsum(np.bincount(where, minlength=n_assets), out=starts[1:])
    if not np.any(where[1:] < where[:-1]):
        return (starts, who, what, weight), None
    order = np.argsort(where, kind="stable")
    return (starts, who[order], what[order], weight[order]), order


def _weights(weights: ArrayLike | None, length: int) -> Floats | None:
    if weights is None:
        return None
    given = np.asarray(weights, dtype=float)
    if given.shape != (length,) or not np.all(given >= 0):
        raise ValueError(f"weights: expected {length} numbers of at least 0")
    return given


def _vote_shares(answers: _Answers, n_assets: int, n_classes: int) -> Floats:
    starts, _, label, weight = answers
    rows = np.repeat(np.arange(n_assets), np.diff(starts))
    votes = np.bincount(rows * n_classes + label, weight, n_assets * n_classes)
    votes = votes.reshape(n_assets, n_classes)
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / n_classes)


def _class_prior(posterior: Floats) -> Floats:
    prior = posterior.sum(axis=0) + 1e-6
    shares: Floats = prior / prior.sum()
    return shares


def _lots(rows: Ints, n_classes: int, seed: int) -> Floats:
    """A number in [0, 1) for each (row, class), by splitmix64 of seed, row and class."""
    row = rows.astype(np.uint64)[:, None] * np.uint64(0x9E3779B97F4A7C15)
    column = np.arange(1, n_classes + 1, dtype=np.uint64)[None, :] * np.uint64(0xD1B54A32D192ED03)
    x = row ^ column ^ np.uint64((seed * 0xBF58476D1CE4E5B9) % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(float) / 2**53


@compiled
def _count_confusion(
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
    log_confusion: Floats,
    log_prior: Floats,
    posterior: Floats,
) -> float:
    """Replace each asset's posterior in place; return the total variation moved, summed."""
    classes, moved = posterior.shape[1], 0.0
    score = np.empty(classes)
    for a in range(len(starts) - 1):
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
            share = score[c] / total
            moved += abs(share - posterior[a, c]) / 2
            posterior[a, c] = share
    return moved


def _spread_errors(accuracy: Floats, n_classes: int) -> Floats:
    """Log confusion (labellers × classes × classes) of one-coin labellers."""
    wrong = (1 - accuracy) / max(n_classes - 1, 1)
    table = np.repeat(wrong[:, None], n_classes * n_classes, axis=1)
    table[:, :: n_classes + 1] = accuracy[:, None]
    log: Floats = np.log(table).reshape(-1, n_classes, n_classes)
    return log


@compiled
def _leave_one_out(
    starts: Ints,
    labeller: Ints,
    label: Ints,
    log_confusion: Floats,
    log_prior: Floats,
    best: Ints,
    chance: Floats,
) -> None:
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
def _count_hits(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, posterior: Floats, hits: Floats
) -> None:
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            hits[labeller[i]] += weight[i] * posterior[a, label[i]]


@compiled
def _update_one_coin(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, gain: Floats, posterior: Floats
) -> float:
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
