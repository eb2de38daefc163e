"""A made-up set of boxes with the statistics of COCO, and errors planted into its labels.

1–30 objects an image (7 on average), 80 classes with a long tail that come in company, 41 % of
objects small (below 32² px), 34 % medium, 25 % large, as in COCO's training set (Lin et al. 2014).
"""

from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints

WIDTH, HEIGHT, CLASSES = 640, 480, 80
ALIKE = 3  # classes that each class may be taken for
RIGHT, WRONG_CLASS, SHIFTED, MISSING, EXTRA = range(5)
PLANTED = ("right", "wrong class", "low overlap", "missing", "extra")


class Scene(NamedTuple):
    """The truth: image (n,) sorted, boxes (n, 4) [x, y, width, height] in px, category (n,)."""

    image: Ints
    boxes: Floats
    category: Ints
    n_images: int
    alike: Ints  # (classes, ALIKE)
    common: Floats  # (classes,) how frequent each is; sums to 1


class Labelled(NamedTuple):
    """What was labelled, in the order of images: `planted` (n,) says what is wrong with each, and
    `dropped` (truths,) which truths nobody labelled."""

    image: Ints
    boxes: Floats
    category: Ints
    planted: Ints
    dropped: Bools


def make(rng: np.random.Generator, n_images: int, fixed: int | None = None) -> Scene:
    """Draw a set; with `fixed` every image has so many objects."""
    count = np.clip(rng.geometric(1 / 7.3, n_images), 1, 30)
    if fixed is not None:
        count = np.full(n_images, fixed)
    image = np.repeat(np.arange(n_images), count)
    common = 1.0 / np.arange(1, CLASSES + 1) ** 1.1
    common /= common.sum()
    # An image shows a few classes, most of its objects of one of them.
    company = rng.choice(CLASSES, (n_images, 4), p=common)
    category = company[image, np.minimum(rng.geometric(0.5, image.size) - 1, 3)]
    alike = (np.arange(CLASSES)[:, None] + rng.permuted(
        np.tile(np.arange(1, CLASSES), (CLASSES, 1)), axis=1)[:, :ALIKE]) % CLASSES  # fmt: skip
    return Scene(image, places(rng, made_sizes(rng, image.size)), category, n_images, alike, common)


def made_sizes(rng: np.random.Generator, n: int) -> Floats:
    """Width and height in px."""
    side = np.clip(np.exp(rng.normal(np.log(41), 1.05, n)), 6, 450)
    shape = np.exp(rng.normal(0, 0.35, n))
    return np.stack([np.minimum(side * shape, WIDTH), np.minimum(side / shape, HEIGHT)], axis=1)


def places(rng: np.random.Generator, sizes: Floats) -> Floats:
    """Boxes of these sizes, anywhere in the picture."""
    room = np.array([WIDTH, HEIGHT]) - sizes
    return np.concatenate([rng.random(sizes.shape) * room, sizes], axis=1)


def plant(rng: np.random.Generator, scene: Scene, share: float) -> Labelled:
    """Label the set and plant `share` of each error type among the objects."""
    n = scene.image.size
    kind = rng.choice(
        [RIGHT, WRONG_CLASS, SHIFTED, MISSING], n, p=[1 - 3 * share, share, share, share]
    )
    boxes, category = scene.boxes.copy(), scene.category.copy()
    wrong = np.flatnonzero(kind == WRONG_CLASS)
    # Half of them for a class that is easily taken for it, half for any.
    any_other = (category[wrong] + rng.integers(1, CLASSES, wrong.size)) % CLASSES
    easily = scene.alike[category[wrong], rng.integers(0, ALIKE, wrong.size)]
    category[wrong] = np.where(rng.random(wrong.size) < 0.5, any_other, easily)
    shifted = kind == SHIFTED
    boxes[shifted] = shift(rng, boxes[shifted])
    extra = np.flatnonzero(rng.random(n) < share)
    kept = kind != MISSING
    added_image = scene.image[extra]
    # Somewhere else in the image, of a class that the image shows already.
    added = places(rng, made_sizes(rng, extra.size))
    image = np.concatenate([scene.image[kept], added_image])
    order = np.argsort(image, kind="stable")
    return Labelled(
        image[order],
        np.concatenate([boxes[kept], added])[order],
        np.concatenate([category[kept], scene.category[extra]])[order],
        np.concatenate([kind[kept], np.full(extra.size, EXTRA)])[order],
        ~kept,
    )


def shift(rng: np.random.Generator, boxes: Floats) -> Floats:
    """Move each by 25–55 % of its sides, some way, and scale it by up to 15 %."""
    way = rng.uniform(0, 2 * np.pi, len(boxes))
    far = rng.uniform(0.25, 0.55, len(boxes))
    sizes = boxes[:, 2:] * np.exp(rng.uniform(-0.15, 0.15, (len(boxes), 2)))
    corner = (
        boxes[:, :2] + np.stack([np.cos(way), np.sin(way)], axis=1) * far[:, None] * boxes[:, 2:]
    )
    return np.concatenate([corner, sizes], axis=1)
