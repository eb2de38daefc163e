"""Masks as packed bits on torch: drawn on the device, and compared by counting bits.

Needs nothing but torch (2.11 or later) and numpy. What travels to the device are run lengths or
corners, never pixels. On a processor run lengths are compared as they are (`measures.rle`), which
is sooner there; on a GPU counting bits is. Both give the same whole numbers of pixels.

A mask of height x width px goes down its columns, as COCO's run lengths do, 32 px to a word.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

WORD = 32
WORDS = 2**24  # that are worked on together: what bounds the memory, at about 40 bytes a word


class Bits(NamedTuple):
    """`words` (n, words a mask) int64, of which the lower 32 bits are used: torch has no unsigned
    words that it can shift; `area` (n,) px."""

    words: Tensor
    area: Tensor


def of_runs(ends: np.ndarray, start: np.ndarray, pixels: int, place: torch.device | str) -> Bits:
    """Draw masks of `pixels` px each from the ends of their runs, background first; those of mask k
    lie from start[k] up to start[k + 1], as in `rle.Masks`.

    Each end flips what follows it. A word knows how many ends lie before it, so whether it begins
    inside the mask; within it the flips of its own ends are undone by a parallel prefix.
    Raises ValueError where a run ends beyond the mask.
    """
    if len(ends) and (ends.min() < 0 or ends.max() > pixels):
        raise ValueError(f"ends: expected numbers from 0 to {pixels}")
    where, n = torch.device(place), len(start) - 1
    width = -(-pixels // WORD)
    at = torch.from_numpy(np.ascontiguousarray(ends, dtype=np.int64)).to(where)
    counts = torch.from_numpy(np.diff(start).astype(np.int64)).to(where)
    mask = torch.repeat_interleave(torch.arange(n, device=where), counts, output_size=len(at))
    inside = at < pixels  # the last end is the mask's own
    place_of = mask[inside] * width + torch.div(at[inside], WORD, rounding_mode="floor")
    flips = torch.zeros(n * width, dtype=torch.int64, device=where)
    # Two ends at one pixel flip it twice: bits are counted apart, then taken modulo two.
    _flip(flips, place_of, at[inside] % WORD)
    words = _filled(flips.view(n, width))
    if pixels % WORD:
        words[:, -1] &= (1 << pixels % WORD) - 1
    return Bits(words, _ones(words).sum(dim=1))


def _flip(flips: Tensor, word: Tensor, bit: Tensor) -> None:
    """Flip bits of words, each as often as it is named."""
    key, times = torch.unique(word * WORD + bit, return_counts=True)
    odd = key[times % 2 == 1]
    flips.index_add_(
        0, torch.div(odd, WORD, rounding_mode="floor"), torch.ones_like(odd) << odd % WORD
    )


def _filled(flips: Tensor) -> Tensor:
    """From where a mask flips to where it is: within each word by doubling, then across words."""
    words = flips
    for shift in (1, 2, 4, 8, 16):
        words = words ^ (words << shift)
    words = words & 0xFFFFFFFF
    turned = torch.cumsum(_ones(flips), dim=1)
    before = torch.cat([torch.zeros_like(turned[:, :1]), turned[:, :-1]], dim=1)
    return torch.where(before % 2 == 1, words ^ 0xFFFFFFFF, words)


def _ones(words: Tensor) -> Tensor:
    """How many bits are set in each word of 32 (Warren, Hacker's Delight, figure 5-2)."""
    x = words - ((words >> 1) & 0x55555555)
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F
    return ((x * 0x01010101) & 0xFFFFFFFF) >> 24


def of_polygons(
    corners: np.ndarray,
    ring: np.ndarray,
    mask: np.ndarray,
    size: tuple[int, int],
    place: torch.device | str,
) -> Bits:
    """Draw polygons: a pixel belongs to a mask when an odd number of edges of its rings lie above
    its centre, so that rings inside rings are holes.

    `corners` (c, 2) x, y in px, those of ring r from ring[r] up to ring[r + 1]; `mask` (rings,)
    says to which mask each belongs, in rising order; `size` is (height, width). Where a ring
    crosses a column's centre line, everything below is flipped: the crossings are run ends.
    """
    height, width = size
    where = torch.device(place)
    ends, of = _crossings(corners, ring, mask, size, where)
    n = int(mask.max()) + 1 if len(mask) else 0
    words = -(-height * width // WORD)
    flips = torch.zeros(n * words, dtype=torch.int64, device=where)
    _flip(flips, of * words + torch.div(ends, WORD, rounding_mode="floor"), ends % WORD)
    drawn = _filled(flips.view(n, words))
    if height * width % WORD and n:
        drawn[:, -1] &= (1 << height * width % WORD) - 1
    return Bits(drawn, _ones(drawn).sum(dim=1))


def _crossings(
    corners: np.ndarray,
    ring: np.ndarray,
    mask: np.ndarray,
    size: tuple[int, int],
    where: torch.device,
) -> tuple[Tensor, Tensor]:
    """Pixels from which on a column is flipped, and the mask that each is of. What a column flips
    is flipped back where the column ends."""
    height, width = size
    following = np.arange(len(corners)) + 1
    following[ring[1:] - 1] = ring[:-1]
    edges = np.concatenate([corners, corners[following]], axis=1).astype(np.float64)
    of_edge = np.repeat(mask, np.diff(ring))
    a, b = (
        torch.from_numpy(np.ascontiguousarray(x)).to(where) for x in (edges[:, :2], edges[:, 2:])
    )
    low, high = torch.minimum(a[:, 0], b[:, 0]), torch.maximum(a[:, 0], b[:, 0])
    first = torch.ceil(low - 0.5).clamp(0, width).long()
    last = torch.ceil(high - 0.5).clamp(0, width).long()
    times = last - first
    edge = torch.repeat_interleave(torch.arange(len(times), device=where), times)
    offset = torch.arange(edge.numel(), device=where) - (times.cumsum(0) - times)[edge]
    column = first[edge] + offset
    part = (column + 0.5 - a[edge, 0]) / (b[edge, 0] - a[edge, 0])
    y = a[edge, 1] + part * (b[edge, 1] - a[edge, 1])
    row = torch.ceil(y - 0.5).clamp(0, height).long()
    owner = torch.from_numpy(np.ascontiguousarray(of_edge, dtype=np.int64)).to(where)[edge]
    # An even number of edges crosses a column, so what they flip to its end is flipped back there.
    inside = column * height + row < height * width
    return (column * height + row)[inside], owner[inside]


def shared_areas(
    given: Bits, truth: Bits, i: np.ndarray, j: np.ndarray, words: int = WORDS
) -> np.ndarray:
    """Pixels that given mask i[k] and true mask j[k] share, (pairs,) int64; at most so many `words`
    are looked at together."""
    where, width = given.words.device, max(given.words.shape[1], 1)
    parts = [
        _ones(given.words[a] & truth.words[b]).sum(dim=1)
        for a, b in _slabs(i, j, max(1, words // width), where)
    ]
    return torch.cat(parts).cpu().numpy() if parts else np.zeros(0, np.int64)


def _slabs(
    i: np.ndarray, j: np.ndarray, pairs: int, where: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    for at in range(0, len(i), pairs):
        yield tuple(  # type: ignore[misc]
            torch.from_numpy(np.ascontiguousarray(x[at : at + pairs], dtype=np.int64)).to(where)
            for x in (i, j)
        )


def overlaps(
    given: Bits, truth: Bits, i: np.ndarray, j: np.ndarray, words: int = WORDS
) -> np.ndarray:
    """Intersection over union of pairs of masks of one size, (pairs,) float64; 0 where both are
    empty."""
    shared = shared_areas(given, truth, i, j, words).astype(np.float64)
    areas = (x.area.cpu().numpy().astype(np.float64) for x in (given, truth))
    one, other = next(areas)[i], next(areas)[j]
    return shared / np.maximum(one + other - shared, 1)
