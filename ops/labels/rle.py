"""COCO's compressed run lengths, read without trust: `counts` comes from outside.

The text holds each run as signed groups of five bits, the lowest first, in characters from `0`;
from the fourth run on it is the difference to the run two before (cocoapi, maskApi.c).
"""

import numpy as np
from numpy.typing import NDArray

Runs = NDArray[np.int64]
_DEEPEST = 12  # characters of one run: 60 bits


def decode(counts: str, pixels: int) -> Runs:
    """Run lengths, background first, in the one form: no run of 0 but perhaps the first.

    Raises ValueError in words when they are no run lengths of `pixels` pixels.
    """
    try:
        codes = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        codes = np.array([-1])
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise ValueError("these are no run lengths as COCO compresses them")
    runs = _undo_differences(_numbers(codes))
    if runs.min() < 0 or runs.max() > pixels or int(runs.sum()) != pixels:
        raise ValueError(f"the run lengths must add up to the {pixels:,} px of the picture")
    return _one_form(runs)


def _numbers(codes: Runs) -> Runs:
    """Characters without their offset → signed numbers."""
    last = (codes & 32) == 0
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    place = np.arange(codes.size) - np.repeat(starts, ends - starts + 1)
    if place.max() >= _DEEPEST:
        raise ValueError("these are no run lengths as COCO compresses them")
    values = np.add.reduceat((codes & 31) << (5 * place), starts)
    negative = (codes[ends] & 16) != 0
    return values - (negative.astype(np.int64) << (5 * (ends - starts + 1)))


def _undo_differences(numbers: Runs) -> Runs:
    runs = numbers.copy()
    # A sum beyond 64 bits would wrap around; no honest difference is as large.
    if np.abs(numbers).max() > 2**40:
        raise ValueError("these are no run lengths as COCO compresses them")
    runs[1::2] = np.cumsum(numbers[1::2])
    runs[2::2] = np.cumsum(numbers[2::2])
    return runs


def _one_form(runs: Runs) -> Runs:
    """The same pixels without runs of 0 after the first: one mask, one text."""
    if (runs[1:] > 0).all():
        return runs
    ends = np.cumsum(runs)
    colour = np.arange(runs.size) % 2
    kept = runs > 0
    ends, colour = ends[kept], colour[kept]
    # A run ends where the next one that is not empty has the other colour.
    ends = ends[np.append(colour[1:] != colour[:-1], True)]
    first = [0] if colour.size and colour[0] == 1 else []
    return np.concatenate([np.array(first, np.int64), np.diff(ends, prepend=0)])


def encode(runs: Runs) -> str:
    """The compressed text of run lengths; what pycocotools writes for the same mask."""
    numbers = runs.copy()
    numbers[3:] -= runs[1:-2]
    # A number takes as many groups as hold it together with its sign.
    magnitude = np.where(numbers < 0, ~numbers, numbers)
    groups = np.ones(numbers.size, np.int64)
    for bits in range(4, 60, 5):
        groups += magnitude >> bits > 0
    last = np.cumsum(groups) - 1
    place = np.arange(int(groups.sum())) - np.repeat(last - groups + 1, groups)
    codes = (np.repeat(numbers, groups) >> (5 * place)) & 31
    more = np.full(codes.size, 32)
    more[last] = 0
    return (codes + more + 48).astype(np.uint8).tobytes().decode("ascii")


def area(runs: Runs) -> int:
    """Pixels of the mask."""
    return int(runs[1::2].sum())


def first_overlap(masks: list[Runs]) -> tuple[int, int] | None:
    """The first two masks of a picture that share a pixel, as indices; None when none do."""
    if len(masks) < 2:
        return None
    ends = [np.cumsum(runs) for runs in masks]
    begin = np.concatenate([e[0:-1:2][: len(e) // 2] for e in ends])
    end = np.concatenate([e[1::2] for e in ends])
    whose = np.repeat(np.arange(len(masks)), [len(e) // 2 for e in ends])
    order = np.argsort(begin, kind="stable")
    begin, end, whose = begin[order], end[order], whose[order]
    furthest = np.maximum.accumulate(end)
    met = np.flatnonzero(begin[1:] < furthest[:-1])
    if not met.size:
        return None
    at = int(met[0]) + 1
    other = int(np.argmax(end[:at]))
    first, second = sorted((int(whose[other]), int(whose[at])))
    return first, second
