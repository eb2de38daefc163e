"""MACE: who answers, and who only fills in something.

D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy, Learning Whom to Trust with MACE (NAACL-HLT
2013): a labeller knows the answer with a chance of their own, else gives a label by a habit of
their own. Fitted by variational Bayes as there; started from vote shares instead of at random, so
that the result is the same at every run. Made for several classes: of two, of which one is rare,
it may take everybody's rare right answers for a habit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.answer_passes import ByAsset, at_the_start
from quality.measures.arrays import Floats, Ints, compiled


class Mace(NamedTuple):
    """`posterior` (assets × classes), each labeller's `competence` (how often they know, in [0, 1])
    and `habit` (labellers × classes: what they give when they do not), and the rounds used."""

    posterior: Floats
    competence: Floats
    habit: Floats
    rounds: int


def mace(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    *,
    rounds: int = 100,
    tolerance: float = 1e-4,
    knowing: tuple[float, float] = (0.5, 0.5),
    habits: float = 10.0,
    weights: ArrayLike | None = None,
) -> Mace:
    """Fit competence and habits, and a posterior to every asset.

    `knowing` are the parameters of the beta prior of competence, `habits` that of the Dirichlet
    prior of habits (both of the paper). Stops after `rounds`, or when posteriors move by no more
    than `tolerance` on average. Assets without an answer get even chances.
    """
    answers, posterior = at_the_start(
        asset, labeller, label, n_assets, n_labellers, n_classes, weights
    )
    knows = np.full((n_labellers, n_classes), 0.5)  # before the first round: chance even
    known, guessed = _counts(answers, posterior, knows)
    for used in range(1, rounds + 1):  # noqa: B007 - the last value is returned
        competence, guess = _believed(known, guessed, knowing, habits)
        with np.errstate(divide="ignore"):
            knows = competence[:, None] / (competence[:, None] + guess)
            gain = np.log1p(competence[:, None] / guess)
        moved = _posteriors(*answers, gain, posterior)
        known, guessed = _counts(answers, posterior, knows)
        if moved / max(n_assets, 1) < tolerance:
            break
    total = known + guessed.sum(axis=1) + sum(knowing)
    habit = guessed + habits
    return Mace(
        posterior, (known + knowing[0]) / total, habit / habit.sum(axis=1, keepdims=True), used
    )


def _believed(
    known: Floats, guessed: Floats, knowing: tuple[float, float], habits: float
) -> tuple[Floats, Floats]:
    """Chance to know, and chances to guess each label: geometric means over what is believed."""
    from scipy.special import digamma

    guesses = guessed.sum(axis=1)
    whole = digamma(known + guesses + sum(knowing))
    competence = np.exp(digamma(known + knowing[0]) - whole)
    guessing = np.exp(digamma(guesses + knowing[1]) - whole)
    sums = digamma(guesses + habits * guessed.shape[1])
    habit = np.exp(digamma(guessed + habits) - sums[:, None])
    return competence, guessing[:, None] * habit


def _counts(answers: ByAsset, posterior: Floats, knows: Floats) -> tuple[Floats, Floats]:
    known, guessed = np.zeros(len(knows)), np.zeros(knows.shape)
    _count(*answers, posterior, knows, known, guessed)
    return known, guessed


@compiled
def _posteriors(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, gain: Floats, posterior: Floats
) -> float:
    """Replace each asset's posterior in place; sum what moved. `gain` (labellers × classes) is the
    log odds that a label given is right against any other."""
    classes, moved = posterior.shape[1], 0.0
    score = np.empty(classes)
    for a in range(len(starts) - 1):
        score[:] = 0.0
        for i in range(starts[a], starts[a + 1]):
            score[label[i]] += weight[i] * gain[labeller[i], label[i]]
        top, total = score.max(), 0.0
        for c in range(classes):
            score[c] = np.exp(score[c] - top)
            total += score[c]
        for c in range(classes):
            share = score[c] / total
            moved += abs(share - posterior[a, c]) / 2
            posterior[a, c] = share
    return moved


@compiled
def _count(
    starts: Ints,
    labeller: Ints,
    label: Ints,
    weight: Floats,
    posterior: Floats,
    knows: Floats,
    known: Floats,
    guessed: Floats,
) -> None:
    """Add up how often each labeller knew, and what they gave when they did not. `knows` is the
    chance that who gave a label that is right knew it."""
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            knew = posterior[a, label[i]] * knows[labeller[i], label[i]]
            known[labeller[i]] += weight[i] * knew
            guessed[labeller[i], label[i]] += weight[i] * (1 - knew)
