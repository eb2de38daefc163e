"""Masks as run lengths in columns: read with care, and compared without filling in a pixel.

Runs go down the columns of a mask from its upper left corner, the background first (Lin et al.,
cocoapi). Many masks lie in one row of numbers, so that thousands of pairs are one compiled loop.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints, compiled
from quality.measures.threads import share_out

Bytes = NDArray[np.uint8]
Rle = Mapping[str, Any]  # {"size": [height, width], "counts": COCO's compressed text}
WORTH_A_THREAD = 500_000  # runs, or digits of their texts
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
    texts = [c if isinstance(c := rle["counts"], str) else c.decode("latin-1") for rle in rles]
    return of_texts(texts, np.array([rle["size"] for rle in rles], np.int64), name, whole=whole)


def of_texts(texts: Sequence[str], size: Ints, name: str = "rle", *, whole: bool = True) -> Masks:
    """The same of the texts alone, with the `size` (n, 2) of each mask."""
    size = size.reshape(-1, 2)
    fits = (size >= 0).all(axis=1) & (size <= 1 << 30).all(axis=1)
    full = np.where(fits, size.astype(np.int64).prod(axis=1), 0)
    text = np.frombuffer(_letters("".join(texts)), np.uint8)
    at = np.concatenate([[0], np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))])
    runs = np.zeros(len(texts), np.int64)
    lengths = np.diff(at)

    def count(begin: int, end: int) -> None:
        _count(text, at, begin, end, runs)

    share_out(count, lengths, WORTH_A_THREAD)
    start = np.concatenate([[0], np.cumsum(runs)])
    # Half the memory where no mask is as large as that: to fill it takes most of the time.
    small = full.max(initial=0) < 1 << 31
    ends = np.empty(start[-1], np.int32 if small else np.int64)
    last = np.zeros(len(texts), np.int64)

    def work(begin: int, end: int) -> None:
        _ends(text, at, start, full, begin, end, ends, last)

    share_out(work, lengths, WORTH_A_THREAD)
    fits &= (last == full) if whole else (last >= 0)
    fits &= runs > 0
    if not fits.all():
        raise NotRuns(name, int(np.flatnonzero(~fits)[0]))
    return Masks(size, ends, start)


def _letters(text: str) -> bytes:
    """One byte a letter: those that no run length has become one that none has."""
    return text.encode() if text.isascii() else bytes(min(ord(letter), 255) for letter in text)


@compiled
def _count(text: Bytes, at: Ints, begin: int, end: int, runs: Ints) -> None:
    """How many numbers each of the texts from `begin` up to `end` holds: the last of its five-bit
    digits ends a number."""
    for k in range(begin, end):
        found = 0
        for i in range(at[k], at[k + 1]):
            found += 1 - (((text[i] - np.uint8(48)) >> 5) & 1)
        runs[k] = found


@compiled
def _ends(
    text: Bytes,
    at: Ints,
    start: Ints,
    full: Ints,
    begin: int,
    end: int,
    ends: Ints,
    last: Ints,
) -> None:
    """The ends of the runs of the texts from `begin` up to `end`, and the last of each: -1 for a
    text that is none, or whose runs go beyond its mask.

    Numbers come in digits of five bits, lowest first; from the fourth on, as the difference from
    the one before the last (cocoapi, rleFrString).
    """
    for k in range(begin, end):
        value, shift, total, newer, older, n = 0, 0, 0, 0, 0, start[k]
        for i in range(at[k], at[k + 1]):
            digit = int(text[i]) - 48
            if digit < 0 or digit > 63 or shift > 50:
                shift = 1
                break
            value |= (digit & 31) << shift
            shift += 5
            if digit & 32:
                continue
            if digit & 16:
                value -= 1 << shift
            run = value + older if n - start[k] > 2 else value
            total += run
            shift = 1
            if run < 0 or total > full[k]:
                break
            older, newer = newer, run
            ends[n] = total
            n, value, shift = n + 1, 0, 0
        # Broken off: a letter that is none, a number that is too large or not ended.
        last[k] = -1 if shift else total


def frames(masks: Masks) -> Floats:
    """[left, top, right, bottom] of each mask, (n, 4) in px; all 0 where it is empty."""
    found = np.zeros((len(masks.size), 4))
    share_out(lambda i, j: _frames(*masks, i, j, found), np.diff(masks.start), WORTH_A_THREAD)
    return found


@compiled
def _frames(size: Ints, ends: Ints, start: Ints, begin: int, end: int, found: Floats) -> None:
    for k in range(begin, end):
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


def areas(masks: Masks) -> Floats:
    """Pixels of each mask; (n,)."""
    found = np.zeros(len(masks.size))
    share_out(
        lambda i, j: _areas(masks.ends, masks.start, i, j, found),
        np.diff(masks.start),
        WORTH_A_THREAD,
    )
    return found


@compiled
def _areas(ends: Ints, start: Ints, begin: int, end: int, found: Floats) -> None:
    for k in range(begin, end):
        area = 0
        for p in range(start[k] + 1, start[k + 1], 2):
            area += ends[p] - ends[p - 1]
        found[k] = area


def shared_areas(given: Masks, truth: Masks, i: Ints, j: Ints) -> Floats:
    """Pixels that given mask i[k] and true mask j[k] share; (pairs,).

    Masks of two sizes share nothing: they are not of one picture.
    """
    found = np.zeros(len(i))
    cost = np.diff(given.start)[i] + np.diff(truth.start)[j]
    share_out(lambda a, b: _shared(given, truth, i, j, a, b, found), cost, WORTH_A_THREAD)
    return found


@compiled
def _shared(
    given: Masks, truth: Masks, i: Ints, j: Ints, begin: int, end: int, found: Floats
) -> None:
    """Run by run: of two that end apart the one that ends first is done with."""
    for k in range(begin, end):
        if given.size[i[k], 0] != truth.size[j[k], 0] or given.size[i[k], 1] != truth.size[j[k], 1]:
            continue
        one = given.ends[given.start[i[k]] : given.start[i[k] + 1]]
        other = truth.ends[truth.start[j[k]] : truth.start[j[k] + 1]]
        # Before the later of both begins there is nothing to share.
        at = max(one[0], other[0])
        p, q = np.searchsorted(one, at, side="right"), np.searchsorted(other, at, side="right")
        p, q, shared = p | 1, q | 1, 0
        while p < len(one) and q < len(other):
            end_one, end_other = one[p], other[q]
            low, high = max(one[p - 1], other[q - 1]), min(end_one, end_other)
            shared += max(high - low, 0)
            p += 2 * (end_one <= end_other)
            q += 2 * (end_other <= end_one)
        found[k] = shared


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
