"""Masks as packed bits: the same pixels as run lengths, and as drawing polygons pixel by pixel."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from quality.measures import rle
from quality.rescoring import bits

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU of CUDA"),
    ),
]


def drawn(seed, n, height, width):
    """Masks pixel by pixel: blots, some empty, some full."""
    rng = np.random.default_rng(seed)
    masks = rng.random((n, height, width)) < rng.random((n, 1, 1))
    for k in range(n):
        if rng.random() < 0.6:
            x, y = rng.integers(0, width), rng.integers(0, height)
            masks[k] = False
            masks[k, y : y + rng.integers(0, height), x : x + rng.integers(0, width)] = True
    if n > 1:
        masks[0], masks[1] = False, True
    return masks


def in_runs(masks):
    return rle.read([coco.encode(np.asfortranarray(m.astype(np.uint8))) for m in masks])


def unpacked(found, height, width):
    words = found.words.cpu().numpy()
    flat = (words[:, :, None] >> np.arange(bits.WORD)) & 1
    return flat.reshape(len(words), -1)[:, : height * width].reshape(-1, width, height)


@pytest.mark.parametrize("place", DEVICES)
@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(1, 6),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    words=st.sampled_from([1, 50, 2**20]),
)
def test_bits_are_pixels_and_overlap_as_run_lengths_do(place, seed, n, height, width, words):
    masks = drawn(seed, n, height, width)
    runs = in_runs(masks)
    found = bits.of_runs(runs.ends, runs.start, height * width, place)
    pixels = unpacked(found, height, width)
    np.testing.assert_array_equal(pixels, masks.transpose(0, 2, 1))
    np.testing.assert_array_equal(found.area.cpu(), masks.sum(axis=(1, 2)))
    i, j = (x.ravel() for x in np.indices((n, n)))
    shared = bits.shared_areas(found, found, i, j, words)
    np.testing.assert_array_equal(shared, rle.shared_areas(runs, runs, i, j))
    encoded = [coco.encode(np.asfortranarray(m.astype(np.uint8))) for m in masks]
    theirs = coco.iou(encoded, encoded, [0] * n)
    np.testing.assert_allclose(bits.overlaps(found, found, i, j).reshape(n, n), theirs, atol=1e-12)


def plain(rings, height, width):
    """Whether an odd number of edges lies above the centre of each pixel."""
    found = np.zeros((height, width), bool)
    for points in rings:
        for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
            for column in range(width):
                x = column + 0.5
                if min(x0, x1) <= x < max(x0, x1):
                    y = y0 + (x - x0) / (x1 - x0) * (y1 - y0)
                    for row in range(height):
                        if row + 0.5 >= y:
                            found[row, column] ^= True
    return found


@pytest.mark.parametrize("place", DEVICES)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    whole=st.booleans(),
)
def test_polygons_are_drawn_as_pixel_by_pixel(place, seed, height, width, whole):
    """Crossing themselves, outside the picture, with holes, on whole pixels too."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(3, 8, 4)
    corners = rng.uniform(-4, 24, (counts.sum(), 2))
    if whole:
        corners = corners.round()
    ring, mask = np.concatenate([[0], np.cumsum(counts)]), np.array([0, 0, 1, 3])
    found = bits.of_polygons(corners, ring, mask, (height, width), place)
    parts = np.split(corners, ring[1:-1])
    for k in range(4):
        of = [part for part, m in zip(parts, mask, strict=True) if m == k]
        pixels = unpacked(found, height, width)[k].T
        np.testing.assert_array_equal(pixels, plain(of, height, width))
        assert found.area[k] == pixels.sum()


def test_polygons_are_nearly_what_coco_draws():
    rng = np.random.default_rng(0)
    turn = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    ring = np.stack([240 + 150 * np.cos(turn), 200 + 100 * np.sin(turn)], axis=1)
    ring += rng.normal(0, 3, ring.shape)
    ours = bits.of_polygons(ring, np.array([0, 30]), np.array([0]), (480, 640), "cpu")
    theirs = rle.pixels(rle.read(coco.frPyObjects([ring.ravel().tolist()], 480, 640)), 0)
    pixels = unpacked(ours, 480, 640)[0].T
    assert (pixels & theirs).sum() / (pixels | theirs).sum() > 0.98


def test_nothing_is_drawn_of_nothing():
    none = bits.of_runs(np.zeros(0, int), np.array([0]), 100, "cpu")
    assert none.words.shape == (0, 4)
    assert bits.shared_areas(none, none, np.zeros(0, int), np.zeros(0, int)).size == 0
    empty = bits.of_polygons(np.zeros((0, 2)), np.array([0]), np.zeros(0, int), (5, 5), "cpu")
    assert empty.area.numel() == 0


def test_runs_beyond_the_mask_are_refused():
    with pytest.raises(ValueError, match="ends"):
        bits.of_runs(np.array([3, 101]), np.array([0, 2]), 100, "cpu")
