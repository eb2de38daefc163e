"""Boundary IoU against the algorithm as published, with dense masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures import boundary, rle


def rim(dense, ratio):
    """Rounds of erosion by a square of 3 px, nothing beyond the edge (Cheng et al. 2021)."""
    rounds = max(1, round(ratio * np.sqrt(dense.shape[0] ** 2 + dense.shape[1] ** 2)))
    inner = np.pad(dense, 1)
    for _ in range(rounds):
        grown = np.pad(inner, 1)
        shifted = [
            grown[y : y + inner.shape[0], x : x + inner.shape[1]]
            for y in range(3)
            for x in range(3)
        ]
        inner = np.logical_and.reduce(shifted)
    return dense & ~inner[1:-1, 1:-1]


def read(masks):
    from pycocotools import mask

    return rle.read([mask.encode(np.asfortranarray(dense, np.uint8)) for dense in masks])


def shape(rng, height, width):
    """Some rectangles, some of them cut out, some along the border, some empty."""
    dense = np.zeros((height, width), bool)
    for _ in range(rng.integers(0, 5)):
        y, x = rng.integers(0, height), rng.integers(0, width)
        dense[y : y + rng.integers(0, height), x : x + rng.integers(0, width)] = rng.random() < 0.8
    return dense


@settings(max_examples=80)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 60), st.floats(0.001, 0.2))
def test_rims_and_their_overlap_are_those_published(seed, height, width, ratio):
    rng = np.random.default_rng(seed)
    one, other = ([shape(rng, height, width) for _ in range(3)] for _ in range(2))
    for dense, found in zip(one, boundary.rims(read(one), ratio), strict=True):
        expected = rim(dense, ratio)
        drawn = np.zeros_like(expected)
        y, x = (slice(at, at + n) for at, n in zip(found[:2], found.pixels.shape, strict=True))
        drawn[y, x] = found.pixels
        assert (drawn == expected).all()
    i, j = (x.ravel() for x in np.meshgrid(range(3), range(3), indexing="ij"))
    found = boundary.overlaps(read(one), read(other), i, j, ratio)
    for k in range(9):
        a, b = rim(one[i[k]], ratio), rim(other[j[k]], ratio)
        either = (a | b).sum()
        assert found[k] == pytest.approx((a & b).sum() / either if either else 0)


def test_a_big_mask_with_a_poor_outline_fails_by_its_rim():
    whole = np.zeros((400, 400), bool)
    whole[50:350, 50:350] = True
    poor = np.zeros_like(whole)
    poor[60:340, 60:340] = True
    i = np.zeros(1, int)
    found = boundary.overlaps(read([poor]), read([whole]), i, i)
    assert (whole & poor).sum() / whole.sum() > 0.85
    assert found[0] < 0.1


def test_a_ratio_is_above_0():
    with pytest.raises(ValueError, match="ratio"):
        boundary.rims(read([]), 0)
