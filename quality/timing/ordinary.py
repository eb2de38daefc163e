"""How likely an ordinary asset is to take so long: sums of what is left over of answers' times.

Leftover times are neither normal nor even symmetric: people pause, and half an answer is never
given. So no normal tail is assumed: an ordinary asset with n answers is n draws from the leftovers
of all answers, clipped so that one pause decides nothing, and the chance that they sum to as much
is computed exactly, on a grid, by convolution.
"""

from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Floats, Ints

CLIP = 2.0
_BINS = 128
_STEP = 2 * CLIP / _BINS
MOST_EXACT = 48  # answers an asset: beyond this the sum is as good as normal


class Leftovers(NamedTuple):
    """Chance of each of 129 values from -CLIP to CLIP of one answer's standardised leftover."""

    chance: Floats


def leftovers(z: Floats) -> Leftovers:
    """The distribution of clipped standardised residuals, each spread over its two neighbours."""
    at = (np.clip(z, -CLIP, CLIP) + CLIP) / _STEP
    low = np.minimum(np.floor(at).astype(np.int64), _BINS - 1)
    high = at - low
    chance = np.bincount(low, 1 - high, _BINS + 1) + np.bincount(low + 1, high, _BINS + 1)
    return Leftovers(chance / max(chance.sum(), 1.0))


def tail(score: Floats, n: Ints, drawn: Leftovers) -> Floats:
    """Chance that n draws sum to `score` or more, per asset; nan where n is 0."""
    from scipy.special import ndtr

    p = np.full(len(score), np.nan)
    grid = np.linspace(-CLIP, CLIP, _BINS + 1)
    mean = float(drawn.chance @ grid)
    sd = max(float(np.sqrt(drawn.chance @ (grid - mean) ** 2)), 1e-9)
    many = n > MOST_EXACT
    p[many] = ndtr(-(score[many] - n[many] * mean) / (sd * np.sqrt(n[many])))
    for k in np.unique(n[(n > 0) & ~many]):
        these = n == k
        p[these] = _exact(score[these], int(k), drawn.chance)
    return p


def _exact(score: Floats, k: int, chance: Floats) -> Floats:
    """The grid's sum at or above a score; between two points of the grid, in between."""
    length = k * _BINS + 1
    size = 1 << (length - 1).bit_length()
    sums = np.fft.irfft(np.fft.rfft(chance, size) ** k, size)[:length]
    above = np.append(np.cumsum(np.maximum(sums, 0.0)[::-1])[::-1], 0.0)
    at = np.clip((score + k * CLIP) / _STEP, 0, length - 1)
    low = np.floor(at + 1e-9).astype(np.int64)
    upper = np.minimum(low + 1, length)
    # Rounded down to the point of the grid below: the chance is never made too small.
    part = np.clip(at - low, 0.0, 1.0)
    found: Floats = np.clip(above[low] * (1 - part) + above[upper] * part, 1e-15, 1.0)
    return found
