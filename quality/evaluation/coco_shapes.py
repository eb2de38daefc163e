"""What the objects of COCO's files look like, as columns: boxes, points, masks as run lengths."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from ops.formats.coco_json import Rle, runs, wrong
from quality.measures import rle
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.rle import Masks


def boxes(items: list[Any]) -> Floats:
    """[x, y, width, height] of each, in px; (n, 4)."""
    every = chain.from_iterable(x.bbox for x in items)
    return np.fromiter(every, float, 4 * len(items)).reshape(len(items), 4)


def points(path: Path, where: str, items: list[Any], expected: int) -> tuple[Floats, Bools]:
    """Points (n, k, 2) in px and whether each is labelled (n, k). Raises InvalidInput."""
    for i, item in enumerate(items):
        if len(item.keypoints) != 3 * expected:
            said = f"expected {expected} points of 3 numbers, got {len(item.keypoints)} numbers"
            raise wrong(str(path), f"{where}[{i}].keypoints", said)
    flat = np.array([x.keypoints for x in items], float).reshape(len(items), expected, 3)
    return flat[:, :, :2], flat[:, :, 2] > 0


def masks(path: Path, where: str, items: list[Any], chosen: Ints, sizes: Ints) -> Masks:
    """The masks of the `chosen` items as run lengths; `sizes` (n, 2) are the heights and widths of
    their images in px.

    Raises InvalidInput.
    """
    plain = _compressed(path, where, items, chosen)
    if plain is not None:
        return plain
    found: list[Any] = [None] * len(chosen)
    outlines: dict[tuple[int, int], list[int]] = defaultdict(list)
    rings: dict[int, list[list[float]]] = {}
    for k, (i, (height, width)) in enumerate(zip(chosen.tolist(), sizes.tolist(), strict=True)):
        shape = items[i].segmentation
        if isinstance(shape, Rle):
            found[k] = runs(shape)
            continue
        if shape is None:
            x, y, w, h = items[i].bbox
            shape = [[x, y, x, y + h, x + w, y + h, x + w, y]]
        field = f"{where}[{i}].segmentation"
        if not (height and width):
            raise wrong(str(path), field, "a polygon needs height and width of its image")
        if not shape or any(len(ring) < 6 for ring in shape):
            raise wrong(str(path), field, "a polygon has three corners or more")
        rings[k] = shape
        outlines[height, width].append(k)
    for size, several in outlines.items():
        for k, drawn in zip(several, _drawn([rings[k] for k in several], *size), strict=True):
            found[k] = drawn
    return _read(path, where, found, chosen)


def _drawn(shapes: list[list[list[float]]], height: int, width: int) -> Iterator[Any]:
    """Outlines of images of one size as masks, as pycocotools draws them: all rings in one call."""
    from pycocotools import mask

    drawn = iter(mask.frPyObjects(list(chain.from_iterable(shapes)), height, width))
    for shape in shapes:
        parts = list(islice(drawn, len(shape)))
        yield parts[0] if len(parts) == 1 else mask.merge(parts)


def _compressed(path: Path, where: str, items: list[Any], chosen: Ints) -> Masks | None:
    """Where all are compressed run lengths: there may be hundreds of thousands of them."""
    shapes = [items[i].segmentation for i in chosen.tolist()]
    if set(map(type, shapes)) - {Rle}:
        return None
    texts = [x.counts for x in shapes]
    if set(map(type, texts)) - {str}:
        return None
    sizes = np.fromiter(chain.from_iterable(x.size for x in shapes), np.int64, 2 * len(shapes))
    with _told(path, where, chosen):
        return rle.of_texts(texts, sizes, whole=False)


def _read(path: Path, where: str, found: list[Any], of: Ints) -> Masks:
    with _told(path, where, of):
        return rle.read(found, whole=False)


@contextmanager
def _told(path: Path, where: str, of: Ints) -> Iterator[None]:
    """Which item it is whose runs are none."""
    try:
        yield
    except rle.NotRuns as error:
        field = f"{where}[{of[error.at]}].segmentation"
        said = "expected run lengths within the height and width of the mask"
        raise wrong(str(path), field, said) from None
