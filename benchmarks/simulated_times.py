"""Made-up work whose truth is known: people of unequal pace who learn and tire, with pauses."""

from typing import NamedTuple

import numpy as np

SLOWER, MISLED = 0.7, 0.45
SHIFT = 8.0  # hours


class World(NamedTuple):
    """Answers as arrays, and what they were made from."""

    asset: np.ndarray
    labeller: np.ndarray
    label: np.ndarray
    seconds: np.ndarray
    order: np.ndarray
    shift: np.ndarray
    objects: np.ndarray
    team: np.ndarray
    pace: np.ndarray
    slopes: np.ndarray
    effect: np.ndarray
    accuracy: np.ndarray
    n_classes: int


def world(
    seed: int,
    n_assets: int = 400,
    n_labellers: int = 24,
    n_classes: int = 4,
    hard_share: float = 0.1,
    heavy: bool = True,
) -> World:
    """2 to 5 answers an asset; one asset in ten takes twice as long (e^0.7) and misleads; the
    others have no effect of their own. Noise is Student's t with 3 degrees of freedom, of unequal
    width, and in 2 % somebody pauses besides."""
    r = np.random.default_rng(seed)
    team = np.arange(n_labellers) % 4
    pace = r.normal(0, 0.25, 4)[team] + r.normal(0, 0.4, n_labellers)
    hard = r.random(n_assets) < hard_share
    effect = np.where(hard, SLOWER, 0.0)
    per = r.integers(2, 6, n_assets)
    asset = np.repeat(np.arange(n_assets), per)
    # Some work much more than others.
    busy = np.log(r.gamma(2.0, size=n_labellers)) + r.gumbel(size=(n_assets, n_labellers))
    ranked = np.argsort(-busy, axis=1)
    labeller = np.concatenate([ranked[a, : per[a]] for a in range(n_assets)])
    n = asset.size
    order = r.permutation(n).astype(float)
    before, shift = np.empty(n), np.empty(n)
    for who in range(n_labellers):
        mine = np.flatnonzero(labeller == who)
        before[mine[np.argsort(order[mine])]] = np.arange(mine.size)
        shift[mine] = before[mine] % 40 / 40 * SHIFT
    objects = np.log1p(r.poisson(3, n_assets))
    learning = -0.12 + r.normal(0, 0.04, n_labellers)
    fatigue = 0.03 + r.normal(0, 0.02, n_labellers)
    width = 0.3 * np.exp(r.normal(0, 0.25, n_labellers))
    log = 2.2 + effect[asset] + pace[labeller] + 0.3 * objects[asset]
    log += learning[labeller] * np.log1p(before) + fatigue[labeller] * shift
    if heavy:
        log += width[labeller] * r.standard_t(3, n)
        log += np.where(r.random(n) < 0.02, r.exponential(2.0, n), 0.0)
    else:
        log += width[labeller] * r.normal(0, 1.4, n)
    accuracy = r.beta(18, 2, n_labellers)
    right = r.random(n) < accuracy[labeller] * np.where(hard[asset], 1 - MISLED, 1.0)
    truth = r.integers(0, n_classes, n_assets)
    label = np.where(right, truth[asset], (truth[asset] + r.integers(1, n_classes, n)) % n_classes)
    return World(
        asset, labeller, label, np.exp(log), order, shift, objects[asset], team, pace,
        np.stack([learning, fatigue]), effect, accuracy, n_classes,
    )  # fmt: skip
