"""Errors planted into labels that are held to be right mostly, so as to learn how errors look.

What an error looks like depends on the reference: on what it misses, how it jitters, which classes
it takes for one another. The labels themselves tell, once some of them are spoilt on purpose.
"""

from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints
from quality.rescoring.traits import Labels, Predictions

RIGHT, WRONG_CLASS, LOW_OVERLAP, MISSING, EXTRA, DUPLICATE = range(6)
SHARE = 0.04  # of the objects, for each kind of error


class Planted(NamedTuple):
    """Spoilt labels; `kind` (n,) says what was done to each object. `gone` are the objects that
    were left out: boxes (k, 4), class, and the label that each belonged to."""

    labels: Labels
    kind: Ints
    gone: Labels


def plant(labels: Labels, cover: Floats, rng: np.random.Generator, share: float = SHARE) -> Planted:
    """Spoil `share` of the objects in each way; `cover` as from `covers`. Crowds are left alone."""
    n = len(labels.boxes)
    group = np.repeat(np.arange(len(labels.start) - 1), np.diff(labels.start))
    crowd = np.zeros(n, bool) if labels.crowd is None else labels.crowd
    ways = [WRONG_CLASS, LOW_OVERLAP, MISSING, EXTRA, DUPLICATE]
    way = rng.choice([RIGHT, *ways], n, p=[1 - len(ways) * share, *[share] * len(ways)])
    way[crowd] = RIGHT
    boxes, category = labels.boxes.copy(), labels.category.copy()
    category[way == WRONG_CLASS] = _others(labels.category, way == WRONG_CLASS, rng)
    boxes[way == LOW_OVERLAP] = _moved(boxes[way == LOW_OVERLAP], rng)
    # An object marked so is itself left as it is, and something is added to its label.
    extra, double = np.flatnonzero(way == EXTRA), np.flatnonzero(way == DUPLICATE)
    kept, gone = np.flatnonzero(way != MISSING), np.flatnonzero(way == MISSING)
    kind = np.where(np.isin(way, [EXTRA, DUPLICATE]), RIGHT, way)
    added = np.concatenate(
        [_elsewhere(labels, group, extra, cover, rng), _again(boxes[double], rng)]
    )
    of = np.concatenate([group[kept], group[extra], group[double]])
    order = np.argsort(of, kind="stable")
    return Planted(
        Labels(
            np.concatenate([boxes[kept], added])[order],
            np.concatenate([category[kept], category[extra], category[double]])[order],
            np.searchsorted(of[order], np.arange(len(labels.start))),
            np.concatenate([crowd[kept], np.zeros(len(added), bool)])[order],
        ),
        np.concatenate([kind[kept], np.full(extra.size, EXTRA), np.full(double.size, DUPLICATE)])[
            order
        ],
        Labels(
            labels.boxes[gone],
            labels.category[gone],
            np.searchsorted(group[gone], np.arange(len(labels.start))),
        ),
    )


def _others(category: Ints, chosen: Bools, rng: np.random.Generator) -> Ints:
    """Another class for each, as frequent as it is; where there is only one class, a new one."""
    drawn = rng.permutation(category)[: int(chosen.sum())]
    before, classes = category[chosen], int(category.max(initial=0)) + 1
    same = drawn == before
    drawn[same] = (before[same] + 1 + rng.integers(0, max(classes - 1, 1), same.sum())) % max(
        classes, 2
    )
    return drawn


def _moved(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Moved and scaled until they overlap what they were by a quarter to three quarters."""
    way, far = rng.uniform(0, 2 * np.pi, len(boxes)), rng.uniform(0.15, 0.6, len(boxes))
    step = np.stack([np.cos(way), np.sin(way)], axis=1) * far[:, None]
    sizes = boxes[:, 2:] * np.exp(rng.normal(0, 0.12, (len(boxes), 2)))
    return np.concatenate([boxes[:, :2] + step * boxes[:, 2:], sizes], axis=1)


def _again(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Drawn once more by somebody else."""
    jitter = rng.normal(0, 0.04, boxes.shape) * np.tile(boxes[:, 2:], 2)
    return np.concatenate([(boxes + jitter)[:, :2], np.maximum((boxes + jitter)[:, 2:], 1)], axis=1)


def _elsewhere(
    labels: Labels, group: Ints, chosen: Ints, cover: Floats, rng: np.random.Generator
) -> Floats:
    """Boxes of the sizes that the set has, anywhere in the picture of each one's label."""
    sizes = labels.boxes[rng.integers(0, max(len(labels.boxes), 1), chosen.size), 2:]
    low, high = cover[group[chosen], :2], cover[group[chosen], 2:]
    corner = low + rng.random((chosen.size, 2)) * np.maximum(high - low - sizes, 0)
    return np.concatenate([corner, sizes], axis=1)


def covers(labels: Labels, predictions: Predictions) -> Floats:
    """What of each picture labels and predictions cover together: (labels, 4) left, top, right,
    bottom in px, as nothing else tells how large a picture is."""
    found = np.tile([np.inf, np.inf, -np.inf, -np.inf], (len(labels.start) - 1, 1))
    # Predictions hardly leave a picture; labels that are shifted do.
    for side in (predictions, labels):
        lone = ~np.isfinite(found[:, 0])
        group = np.repeat(np.arange(len(found)), np.diff(side.start))
        rows = np.flatnonzero(lone[group])
        np.minimum.at(found[:, :2], group[rows], side.boxes[rows, :2])
        np.maximum.at(found[:, 2:], group[rows], side.boxes[rows, :2] + side.boxes[rows, 2:])
    return found
