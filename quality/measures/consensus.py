"""One answer per asset from many: majority vote, one-coin and Dawid-Skene.

All three take the same arrays of codes and return a posterior (assets × classes); so do `glad`,
`mace` and, with a model's probabilities too, `crowdlab`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.answer_passes import (
    TIE,
    ByAsset,
    at_the_start,
    best_of_each,
    by_asset,
    checked_weights,
    class_prior,
    count_hits,
    count_votes,
    leave_one_out,
    leave_one_out_one_coin,
    update_one_coin,
)
from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.measures.em_rounds import rounds_of
from quality.measures.glad import Glad
from quality.measures.mace import Mace


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
    given = checked_weights(weights, where.size)
    votes = np.zeros((n_assets, n_classes))
    count_votes(where, what, np.zeros(0) if given is None else given, votes)
    return _winners(votes, votes, seed)


def winners(votes: ArrayLike, *, seed: int = 0) -> Consensus:
    """The class with most votes in each row of a table (assets × classes) of votes or posteriors.

    A tie is broken by a hash of (seed, asset, class): each tied class has the same chance, and the
    pick depends neither on the order of answers nor on the names of labellers.
    """
    table = np.ascontiguousarray(votes, dtype=float)
    return _winners(table, np.empty_like(table), seed)


def _winners(table: Floats, posterior: Floats, seed: int) -> Consensus:
    """The same, the shares written into `posterior`, which may be the table itself."""
    label, probability = np.empty(len(table), np.int64), np.empty(len(table))
    best_of_each(table, TIE, seed, label, probability, posterior)
    return Consensus(label, probability, posterior)


def tied_classes(votes: ArrayLike) -> Bools:
    """Which classes share the highest vote of each asset (assets × classes); none without votes."""
    table = np.asarray(votes, dtype=float)
    best = table.max(axis=1, keepdims=True, initial=0)
    tied: Bools = (table >= best * (1 - TIE)) & (best > 0)
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
    answers, posterior = at_the_start(
        asset, labeller, label, n_assets, n_labellers, n_classes, weights
    )
    with rounds_of(answers, n_classes, n_labellers) as em:
        counts, known = em.counts(posterior), posterior.sum(axis=0)
        for used in range(1, rounds + 1):  # noqa: B007 - the last value is returned
            confusion = counts + smoothing
            confusion /= confusion.sum(axis=1, keepdims=True)
            prior = class_prior(known)
            counts, known, moved = em.step(confusion, prior, posterior)
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
    answers, posterior = at_the_start(
        asset, labeller, label, n_assets, n_labellers, n_classes, weights
    )
    weight_sum = np.bincount(answers[1], answers[3], n_labellers)
    for used in range(1, rounds + 1):  # noqa: B007 - the last value is returned
        hits = np.zeros(n_labellers)
        count_hits(*answers, posterior, hits)
        accuracy = (hits + prior_answers[0]) / (weight_sum + sum(prior_answers))
        moved = update_one_coin(*answers, _gain(accuracy, n_classes), posterior)
        if moved / max(n_assets, 1) < tolerance:
            break
    return OneCoin(posterior, accuracy, used)


def consensus_of_others(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    model: DawidSkene | OneCoin | Glad | Mace,
) -> tuple[Ints, Floats]:
    """For each answer, what the others on that asset make of it: (best class, its probability).

    The answer's own vote is taken out of the asset's posterior, so that agreement with the result
    is evidence about the labeller, not about the labeller's weight. Where there is no other answer
    the class prior speaks.
    """
    n_assets, n_classes = model.posterior.shape
    n_labellers = len(model[1])  # confusion, accuracy or ability
    answers, order = by_asset(asset, labeller, label, n_assets, n_labellers, n_classes, None)
    best, chance = np.empty(answers[1].size, np.int64), np.empty(answers[1].size)
    if not isinstance(model, DawidSkene):
        gain = _gains(model, answers, n_classes)
        leave_one_out_one_coin(answers[0], answers[2], gain, best, chance, n_classes)
    else:
        log_confusion = np.log(np.ascontiguousarray(model.confusion.transpose(0, 2, 1)))
        leave_one_out(*answers[:3], log_confusion, np.log(model.prior), best, chance)
    if order is None:
        return best, chance
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return best[back], chance[back]


def _gains(model: OneCoin | Glad | Mace, answers: ByAsset, n_classes: int) -> Floats:
    """Log odds that each answer gives its label against any other."""
    starts, labeller, label, _ = answers
    if isinstance(model, OneCoin):
        return _gain(model.accuracy, n_classes)[labeller]
    if isinstance(model, Mace):
        knows = model.competence[labeller]
        return np.log1p(knows / ((1 - knows) * model.habit[labeller, label]))
    ease = np.repeat(model.ease, np.diff(starts))
    return model.ability[labeller] * ease + np.log(max(n_classes - 1, 1))


def _gain(accuracy: Floats, n_classes: int) -> Floats:
    """Log odds that one answer of each labeller gives its label against any other."""
    gain: Floats = np.log(accuracy * max(n_classes - 1, 1) / (1 - accuracy))
    return gain
