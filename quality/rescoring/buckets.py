"""Images put into buckets by how many objects they have, and cut into blocks of bounded size."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class Block(NamedTuple):
    """Images of about one size: where their objects begin, how many there are of each (b,), and
    how many rows and columns the block has; `partly`: not all detections of its image."""

    detection: np.ndarray
    detections: np.ndarray
    truth: np.ndarray
    truths: np.ndarray
    rows: int
    columns: int
    partly: bool = False


def blocks(
    truth_start: np.ndarray, detection_start: np.ndarray, pairs: int, least: int = 1
) -> Iterator[Block]:
    """Cut the images into blocks of at most `pairs` pairs, padding included.

    No block has fewer rows or columns than `least`: where every block costs as much to ask for as
    many pairs cost to reckon, few kinds of blocks with more padding are faster.
    """
    truths, detections = np.diff(truth_start), np.diff(detection_start)
    busy = np.flatnonzero((truths > 0) & (detections > 0))
    columns, rows = (np.maximum(_rounded(n[busy]), least) for n in (truths, detections))
    big = rows * columns > pairs
    for image in busy[big]:
        yield from _parts(truth_start, detection_start, int(image), pairs)
    busy, columns, rows = busy[~big], columns[~big], rows[~big]
    order = np.lexsort((rows, columns))
    sizes = np.stack([columns[order], rows[order]])
    changes = np.flatnonzero(np.any(np.diff(sizes) != 0, axis=0)) + 1
    for part in np.split(order, changes):
        if part.size == 0:
            continue
        wide, high = int(columns[part[0]]), int(rows[part[0]])
        step = max(1, pairs // (wide * high))
        for at in range(0, part.size, step):
            images = busy[part[at : at + step]]
            yield Block(
                detection_start[images], detections[images], truth_start[images], truths[images],
                high, wide,
            )  # fmt: skip


def _rounded(counts: np.ndarray) -> np.ndarray:
    """Up to the next power of two, or half-way to it: the sizes of buckets."""
    top = 2 ** np.ceil(np.log2(np.maximum(counts, 1))).astype(np.int64)
    between = top * 3 // 4
    return np.where((counts <= between) & (top >= 4), between, top)


def _parts(
    truth_start: np.ndarray, detection_start: np.ndarray, image: int, pairs: int
) -> Iterator[Block]:
    """One image of many objects, some detections at a time, surest first."""
    first, last = int(detection_start[image]), int(detection_start[image + 1])
    truth, n = int(truth_start[image]), int(truth_start[image + 1] - truth_start[image])
    step = max(1, pairs // n)
    for at in range(first, last, step):
        rows = min(step, last - at)
        one, two, three, four = (np.array([x]) for x in (at, rows, truth, n))
        yield Block(one, two, three, four, rows, n, partly=True)
