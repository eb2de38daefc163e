"""Masks as run lengths in columns: read with care, and compared without filling in a pixel.

Runs go down the columns of a mask from its upper left corner, the background first (Lin et al.,
cocoapi). Many masks lie in one row of numbers, so that thousands of pairs are one compiled loop.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled

Rle = Mapping[str, Any]  # {"size": [height, width], "counts": COCO's compressed text}
MOST_PIXELS = 1 << 28  # that are filled in at once, where somebody asks for pixels


class Masks(NamedTuple):
    """`size` (n, 2): height and width in px; `ends`: the ends of all runs, counted in pixels from
    the mask's own corner; `start` (n + 1,) says where those of each mask begin."""

    size: Ints
    ends: Ints
    start: Ints


class NotRuns(ValueError):
    """Runs that do not fill their mask; `at` is its position."""

    def __init__(self, name: str, at: int):
        super().__init__(f"{name}.{at}: expected runs that fill the mask's height and width")
        self.at = at


def read(rles: Sequence[Rle], name: str = "rle", *, whole: bool = True) -> Masks:
    """Run lengths of COCO's compressed texts.

    Raises NotRuns naming the position of a mask whose runs do not fill its height and width; where
    it need not be the `whole` mask, its last runs may be left out, as some programs do.
    """
    texts = [c if isinstance(c := rle["counts"], bytes) else c.encode() for rle in rles]
    return of_texts(texts, np.array([rle["size"] for rle in rles], np.int64), name, whole=whole)


def of_texts(texts: Sequence[bytes], size: Ints, name: str = "rle", *, whole: bool = True) -> Masks:
    """The same of the texts alone, with the `size` (n, 2) of each mask."""
    size = size.reshape(-1, 2)
    start = np.cumsum([0, *map(len, texts)])
    ends, first = _ends(np.frombuffer(b"".join(texts), np.uint8), start)
    fits = (size >= 0).all(axis=1) & (size <= 1 << 30).all(axis=1) & (np.diff(first) > 0)
    last, full = ends[first[1:][fits] - 1], size[fits].prod(axis=1)
    fits[fits] = (last == full) if whole else (last <= full)
    if not fits.all():
        raise NotRuns(name, int(np.flatnonzero(~fits)[0]))
    return Masks(size, ends, first)


@compiled
def _ends(text: Ints, start: Ints) -> tuple[Ints, Ints]:
    """The ends of the runs of all texts, and where those of each begin: of no runs for a text that
    is none.

    Numbers come in digits of five bits, lowest first; from the fourth on, as the difference from
    the one before the last (cocoapi, rleFrString).
    """
    numbers = 0
    for i in range(len(text)):
        numbers += ((text[i] - 48) & 32) == 0
    ends = np.zeros(numbers, np.int64)
    first = np.zeros(len(start), np.int64)
    at = 0
    for k in range(len(start) - 1):
        value, shift, total, last, before = 0, 0, 0, 0, 0
        for i in range(start[k], start[k + 1]):
            digit = int(text[i]) - 48
            if digit < 0 or digit > 63 or shift > 50:
                shift = 1
                break
            value = value | ((digit & 31) << shift)
            shift += 5
            if digit & 32:
                continue
            if digit & 16:
                value = value - (1 << shift)
            run = value + (before if at - first[k] > 2 else 0)
            total += run
            if run < 0 or total > 1 << 60:
                break
            before, last = last, run
            ends[at] = total
            at, value, shift = at + 1, 0, 0
        if shift:  # broken off: a letter that is none, a number that is too large or not ended
            at = first[k]
        first[k + 1] = at
    return ends[:at], first


@compiled
def frames(masks: Masks) -> Floats:
    """[left, top, right, bottom] of each mask, (n, 4) in px; all 0 where it is empty."""
    size, ends, start = masks
    found = np.zeros((len(size), 4))
    for k in range(len(size)):
        height = size[k, 0]
        left, top, right, bottom = size[k, 1], height, 0, 0
        column, foot = 0, height  # the column that a run begins in, and the pixel after its last
        for p in range(start[k] + 1, start[k + 1], 2):
            low, high = ends[p - 1], ends[p] - 1
            if high < low:
                continue
            while low >= foot:  # dividing for every run would take most of the time
                column, foot = column + 1, foot + height
            left = min(left, column)
            if high < foot:
                right = max(right, column + 1)
                head = foot - height
                top, bottom = min(top, low - head), max(bottom, high - head + 1)
            else:  # over the foot of a column
                right = max(right, high // height + 1)
                top, bottom = 0, height
        if right:
            found[k, 0], found[k, 1], found[k, 2], found[k, 3] = left, top, right, bottom
    return found


@compiled
def areas(masks: Masks) -> Floats:
    """Pixels of each mask; (n,)."""
    _, ends, start = masks
    found = np.zeros(len(start) - 1)
    for k in range(len(found)):
        for p in range(start[k] + 1, start[k + 1], 2):
            found[k] += ends[p] - ends[p - 1]
    return found


@compiled
def shared_areas(given: Masks, truth: Masks, i: Ints, j: Ints) -> Floats:
    """Pixels that given mask i[k] and true mask j[k] share; (pairs,).

    Masks of two sizes share nothing: they are not of one picture.
    """
    found = np.zeros(len(i))
    for k in range(len(i)):
        if given.size[i[k], 0] != truth.size[j[k], 0] or given.size[i[k], 1] != truth.size[j[k], 1]:
            continue
        one = given.ends[given.start[i[k]] : given.start[i[k] + 1]]
        other = truth.ends[truth.start[j[k]] : truth.start[j[k] + 1]]
        # Before the later of both begins there is nothing to share.
        at = max(one[0], other[0])
        p, q = np.searchsorted(one, at, side="right"), np.searchsorted(other, at, side="right")
        while p < len(one) and q < len(other):
            end = min(one[p], other[q])
            if p % 2 == 1 and q % 2 == 1:
                found[k] += end - at
            at = end
            p, q = p + (one[p] == end), q + (other[q] == end)
    return found


def pixels(masks: Masks, k: int, frame: Sequence[int] | None = None) -> Bools:
    """Mask k pixel by pixel, (height, width), or what lies in a frame [left, top, right, bottom]
    that holds all of it. Raises ValueError where that would be more than `MOST_PIXELS`."""
    height, width = masks.size[k].tolist()
    left, top, right, bottom = frame or (0, 0, width, height)
    if height * (right - left) > MOST_PIXELS:
        raise ValueError(f"rle: expected no more than {MOST_PIXELS:,} px to fill in")
    # Of the columns beside the frame nothing is filled in.
    ends = np.clip(masks.ends[masks.start[k] : masks.start[k + 1]], left * height, right * height)
    runs = np.diff(ends, prepend=left * height)
    columns = np.repeat(np.arange(runs.size) % 2 == 1, runs).reshape(right - left, height)
    return columns.T[top:bottom]
