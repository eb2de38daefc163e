"""GLAD: whose vote should count more, where assets differ in difficulty.

J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma, J. Movellan, Whose Vote Should Count More (NIPS 2009),
for more than two classes as in crowd-kit: a labeller of ability α gives an asset of ease β its
class with chance σ(αβ), and any other class with an even share of the rest.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.answer_passes import ByAsset, at_the_start
from quality.measures.arrays import Floats, Ints, compiled

PRIOR_ABILITY, PRIOR_LOG_EASE = 1.0, 1.0  # means of normal priors of variance 1
_SEARCH = 20  # halvings of a step before a direction is given up


class Glad(NamedTuple):
    """`posterior` (assets × classes), each labeller's `ability` α (below 0: worse than guessing),
    each asset's `ease` β > 0 (small: difficult), and the EM rounds used."""

    posterior: Floats
    ability: Floats
    ease: Floats
    rounds: int


def glad(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    n_classes: int,
    *,
    rounds: int = 50,
    steps: int = 25,
    tolerance: float = 1e-4,
    prior: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Glad:
    """Fit abilities, eases and a posterior to every asset by EM.

    Normal priors of variance 1 hold α near 1 and log β near 1, so that few answers say little. Each
    round improves the parameters by at most `steps` of conjugate gradients; it stops after
    `rounds`, or when posteriors move by no more than `tolerance` on average. `prior` is the
    classes' chance beforehand (default: even). Assets without an answer get the prior.
    """
    answers, posterior = at_the_start(
        asset, labeller, label, n_assets, n_labellers, n_classes, weights
    )
    log_prior = _log_prior(prior, n_classes)
    point = np.concatenate([np.full(n_labellers, PRIOR_ABILITY), np.full(n_assets, PRIOR_LOG_EASE)])
    for used in range(1, rounds + 1):
        moved = _posteriors(*answers, point, n_labellers, log_prior, posterior)
        right = _chance_right(*answers[:3], posterior)
        point = _climb(answers, right, point, n_labellers, steps)
        if moved / max(n_assets, 1) < tolerance and used > 1:
            break
    _posteriors(*answers, point, n_labellers, log_prior, posterior)
    return Glad(posterior, point[:n_labellers], np.exp(point[n_labellers:]), used)


def _log_prior(prior: ArrayLike | None, n_classes: int) -> Floats:
    if prior is None:
        return np.full(n_classes, -np.log(max(n_classes, 1)))
    given = np.asarray(prior, float)
    if given.shape != (n_classes,) or not np.all(given > 0):
        raise ValueError(f"prior: expected {n_classes} numbers above 0")
    return np.log(given / given.sum())


def _climb(answers: ByAsset, right: Floats, point: Floats, n_labellers: int, steps: int) -> Floats:
    """Raise the expected log likelihood plus log prior by conjugate gradients (Polak-Ribière, with
    restarts) and a line search that only ever accepts a better point (Armijo).

    Gradients are scaled by the curvature of each parameter, without which an ability that rests on
    a thousand answers and the ease of an asset with three would need steps of different lengths.
    """
    gradient, scale = np.empty_like(point), np.empty_like(point)
    starts, labeller, _, weight = answers
    height = _expected(starts, labeller, weight, right, point, n_labellers, gradient, scale)
    slope = gradient / scale
    direction, length = slope.copy(), 1.0
    for _ in range(steps):
        rise = _dot(gradient, direction)
        if rise <= 0:
            direction, rise = slope.copy(), _dot(gradient, slope)
        if rise <= 1e-9 * (1 + abs(height)):
            break
        found = _step(answers, right, point, n_labellers, direction, length, height, rise)
        if found is None:
            break
        point, height, gradient_new, scale, length = found
        slope_new = gradient_new / scale
        beta = _dot(gradient_new - gradient, slope_new) / _dot(gradient, slope)
        direction = slope_new + max(0.0, beta) * direction
        gradient, slope, length = gradient_new, slope_new, min(1.0, 2 * length)
    return point


def _dot(one: Floats, other: Floats) -> float:
    return float((one * other).sum())  # not `@`: BLAS would start threads for next to nothing


def _step(
    answers: ByAsset,
    right: Floats,
    point: Floats,
    n_labellers: int,
    direction: Floats,
    length: float,
    height: float,
    rise: float,
) -> tuple[Floats, float, Floats, Floats, float] | None:
    """The first better point on halving the step: (point, height, gradient, scale, length)."""
    starts, labeller, _, weight = answers
    gradient, scale = np.empty_like(point), np.empty_like(point)
    for _ in range(_SEARCH):
        there = point + length * direction
        found = _expected(starts, labeller, weight, right, there, n_labellers, gradient, scale)
        if found >= height + 1e-4 * length * rise:
            return there, found, gradient, scale, length
        length /= 2
    return None


@compiled
def _posteriors(
    starts: Ints,
    labeller: Ints,
    label: Ints,
    weight: Floats,
    point: Floats,
    n_labellers: int,
    log_prior: Floats,
    posterior: Floats,
) -> float:
    """Replace each asset's posterior in place; return the total variation moved, summed."""
    classes, moved = len(log_prior), 0.0
    score = np.empty(classes)
    for a in range(len(starts) - 1):
        score[:] = log_prior
        ease = np.exp(point[n_labellers + a])
        for i in range(starts[a], starts[a + 1]):
            # log σ(x) - log((1 - σ(x)) / (K - 1)), what this label gains over any other
            gain = point[labeller[i]] * ease + np.log(max(classes - 1, 1))
            score[label[i]] += weight[i] * gain
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
def _chance_right(starts: Ints, labeller: Ints, label: Ints, posterior: Floats) -> Floats:
    """How far the posterior agrees with each answer."""
    right = np.empty(len(labeller))
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            right[i] = posterior[a, label[i]]
    return right


@compiled
def _expected(
    starts: Ints,
    labeller: Ints,
    weight: Floats,
    right: Floats,
    point: Floats,
    n_labellers: int,
    gradient: Floats,
    scale: Floats,
) -> float:
    """Expected log likelihood plus log prior at `point` (abilities, then log eases), up to what
    does not depend on it; its gradient and a bound of its curvature into the last two."""
    total = 0.0
    for k in range(n_labellers):
        off = point[k] - 1.0
        total -= off * off / 2
        gradient[k], scale[k] = -off, 1.0
    for a in range(len(starts) - 1):
        log_ease = point[n_labellers + a]
        ease = np.exp(log_ease)
        off = log_ease - 1.0
        total -= off * off / 2
        slope, bend = -off, 1.0
        for i in range(starts[a], starts[a + 1]):
            ability = point[labeller[i]]
            x = ability * ease
            small = np.exp(-abs(x))
            sigma = 1 / (1 + small) if x >= 0 else small / (1 + small)
            # q log σ(x) + (1 - q) log(1 - σ(x)) = q x - log(1 + exp(x))
            total += weight[i] * (right[i] * x - max(x, 0.0) - np.log1p(small))
            surplus = weight[i] * (right[i] - sigma)
            spread = weight[i] * sigma * (1 - sigma)
            gradient[labeller[i]] += surplus * ease
            scale[labeller[i]] += spread * ease * ease
            slope += surplus * x
            bend += spread * x * x + abs(surplus * x)
        gradient[n_labellers + a], scale[n_labellers + a] = slope, bend
    return total
