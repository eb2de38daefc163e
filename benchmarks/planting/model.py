"""A reference model, made up: what a detector would say of a set of boxes.

Scores are calibrated by construction: beside every box that is right with score s stand, on
average, (1 - s) / s boxes that are wrong with that score. An object whose score falls below `least`
is missed, as detectors report nothing below 0.05.
"""

from typing import NamedTuple

import numpy as np

from benchmarks.planting.scenes import (
    ALIKE,
    CLASSES,
    Labelled,
    Scene,
    made_sizes,
    places,
)
from quality.measures.arrays import Floats, Ints


class Skill(NamedTuple):
    """How good the model is: mean and spread of the log-odds of its scores for a large object, what
    a small one costs, jitter of its boxes, how often it wavers between classes, the least score
    that it reports."""

    sure: float = 3.8
    spread: float = 1.8
    small: float = 1.2
    jitter: float = 0.025
    wavers: float = 0.25
    least: float = 0.02
    taken_in: float = 0.03


GOOD = Skill()
WEAK = Skill(sure=1.0, small=1.8, jitter=0.07, wavers=0.5, least=0.05, taken_in=0.1)


class Said(NamedTuple):
    """Predictions in the order of images: boxes (n, 4), category, score (n,), image."""

    image: Ints
    boxes: Floats
    category: Ints
    score: Floats


def predict(rng: np.random.Generator, scene: Scene, labelled: Labelled, skill: Skill) -> Said:
    """What the model says; one in ten extra labels looks like an object to it too."""
    n = scene.image.size
    side = np.sqrt(scene.boxes[:, 2] * scene.boxes[:, 3])
    smallness = np.clip(np.log2(96 / side), 0, None)
    odds = rng.normal(skill.sure - skill.small * smallness * 0.8, skill.spread)
    score = 1 / (1 + np.exp(-odds))
    seen = _jittered(rng, scene.boxes, skill.jitter)
    other = scene.alike[scene.category, rng.integers(0, ALIKE, n)]
    doubt = np.where(rng.random(n) < skill.wavers, rng.beta(1, 3, n), 0.0)
    parts = [
        Said(scene.image, seen, scene.category, score * (1 - doubt)),
        Said(scene.image, _jittered(rng, seen, 0.01), other, score * doubt),
        _wrong(rng, scene, score, skill),
        _taken_in(rng, labelled, skill),
    ]
    image, boxes, category, said = (np.concatenate(x) for x in zip(*parts, strict=True))
    kept = np.flatnonzero(said >= skill.least)
    order = kept[np.argsort(image[kept], kind="stable")]
    return Said(image[order], boxes[order], category[order], np.round(said[order], 4))


def _jittered(rng: np.random.Generator, boxes: Floats, jitter: float) -> Floats:
    sides = np.tile(boxes[:, 2:], 2)
    found = boxes + rng.normal(0, 1, boxes.shape) * (jitter * sides + 0.5)
    found[:, 2:] = np.maximum(found[:, 2:], 2)
    return found


def _wrong(rng: np.random.Generator, scene: Scene, score: Floats, skill: Skill) -> Said:
    """Half of them are parts of objects or hold too much, half are somewhere else."""
    reported = np.flatnonzero(score >= skill.least)
    times = rng.poisson((1 - score[reported]) / score[reported])
    of = np.repeat(reported, times)
    boxes = scene.boxes[of]
    centre = boxes[:, :2] + boxes[:, 2:] * rng.uniform(0.1, 0.9, (of.size, 2))
    sizes = boxes[:, 2:] * np.exp(rng.normal(-0.4, 0.5, (of.size, 2)))
    near = np.concatenate([centre - sizes / 2, sizes], axis=1)
    elsewhere = places(rng, made_sizes(rng, of.size))
    category = np.where(rng.random(of.size) < 0.7, scene.category[of],
                        rng.choice(CLASSES, of.size, p=scene.common))  # fmt: skip
    half = (rng.random(of.size) < 0.5)[:, None]
    return Said(scene.image[of], np.where(half, near, elsewhere), category, score[of])


def _taken_in(rng: np.random.Generator, labelled: Labelled, skill: Skill) -> Said:
    extra = np.flatnonzero(
        (labelled.planted == 4) & (rng.random(labelled.image.size) < skill.taken_in)
    )
    return Said(
        labelled.image[extra],
        _jittered(rng, labelled.boxes[extra], skill.jitter),
        labelled.category[extra],
        rng.beta(1.5, 3, extra.size),
    )
