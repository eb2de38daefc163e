"""What each clue of difficulty is worth on the data at hand.

Learnt from disagreement between labellers, which is there without any truth: the weights by
penalised logistic regression pulled to stated defaults, and how far a clue counts against what was
seen on the asset itself by foretelling each answer from the others.
"""

import numpy as np

from quality.measures.arrays import Floats, Ints
from quality.measures.difficulty_clues import overall

# Log odds of a difference per: log odds of the class's dispute, deviation of time, doubling of
# (1 + skips), of (1 + questions). They stand where nothing can be learnt.
DEFAULTS = {"class": 1.0, "time": 0.5, "skips": 1.5, "questions": 1.25}
_CERTAINTY = (2.0, 4.0, 8.0, 4.0, 4.0)  # prior precision of the intercept and of these
_STRENGTH, _STRENGTH_SD = 4.0, 1.0  # expected worth of the clues in comparisons; its spread in logs
_STRENGTHS = 2.0 ** np.arange(-1, 6.25, 0.25)
_ROUNDS = 25


def learn(clues: Floats, seen: Floats, comparisons: Floats) -> Floats:
    """Weights of the clues (assets × 5: 1, then as in DEFAULTS), by Newton's method. `seen` is the
    share of `comparisons` that differ."""
    usual = overall(seen, comparisons)
    default = np.array([np.log(usual / (1 - usual)), *DEFAULTS.values()])
    precision, weights = np.array(_CERTAINTY), default.copy()
    for _ in range(_ROUNDS):
        expected = 1 / (1 + np.exp(-np.clip(clues @ weights, -20, 20)))
        curvature = comparisons * np.maximum(expected * (1 - expected), 1e-6)
        gradient = clues.T @ (comparisons * (seen - expected)) - precision * (weights - default)
        hessian = (clues * curvature[:, None]).T @ clues + np.diag(precision)
        step = np.clip(np.linalg.solve(hessian, gradient), -2, 2)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def strength(asset: Ints, label: Ints, counts: Ints, expected: Floats) -> float:
    """How many comparisons the expectation is worth beside what was seen.

    Each answer of an asset with three or more is left out in turn; the chance that it differs from
    the others is foretold from `expected` and from how those differ among themselves. The strength
    that foretells best (by the logarithmic score) is taken, drawn to 4 where there is little to
    learn from.
    """
    answers = counts.sum(axis=1)
    use = answers[asset] >= 3
    where, what = asset[use], label[use]
    m = answers[where].astype(float)
    alike = counts[where, what] - 1.0
    differs = 1 - alike / np.maximum(m - 1, 1)
    same = np.einsum("ac,ac->a", counts, counts)[where] - m - 2 * alike
    seen = 1 - same / np.maximum((m - 1) * (m - 2), 1)
    scores = []
    for worth in _STRENGTHS:
        chance = (worth * expected[where] + (m - 2) * seen) / (worth + m - 2)
        chance = np.clip(chance, 1e-3, 1 - 1e-3)
        # An asset's answers tell the same story: all of them weigh as its comparisons do.
        told = differs * np.log(chance) + (1 - differs) * np.log(1 - chance)
        prior = 0.5 * (np.log(worth / _STRENGTH) / _STRENGTH_SD) ** 2
        scores.append(float((told * (m - 1) / m).sum()) - prior)
    return float(_STRENGTHS[int(np.argmax(scores))])
