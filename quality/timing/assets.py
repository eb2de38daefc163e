"""Which assets take longer than the usual one: times left over, pooled per asset."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, codes
from quality.timing.robust import robust_sd, variance_parts


class AssetTimes(NamedTuple):
    """Per asset: shrunken effect on log time (0 = usual), its standard error, and timed answers."""

    effect: Floats
    se: Floats
    n: Ints


def asset_times(asset: ArrayLike, residual: ArrayLike, n_assets: int) -> AssetTimes:
    """Pool residual log times per asset, shrunk towards 0 by the share of variance that is noise.

    Residuals are clipped at four robust deviations, so that one pause does not make an asset slow.
    """
    left = np.asarray(residual, dtype=float)
    where = codes("asset", asset, n_assets, left.size)[np.isfinite(left)]
    left = left[np.isfinite(left)]
    n = np.bincount(where, minlength=n_assets)
    if not left.size:
        return AssetTimes(np.full(n_assets, np.nan), np.full(n_assets, np.nan), n)
    sigma = max(robust_sd(left), 1e-9)
    left = np.clip(left, -4 * sigma, 4 * sigma)
    left = left - left.mean()
    mean = np.bincount(where, left, n_assets) / np.maximum(n, 1)
    between, within = variance_parts(where, left, mean, n)
    share = n * between / (n * between + within)
    effect = np.where(n > 0, share * mean, np.nan)
    return AssetTimes(
        effect, np.where(n > 0, np.sqrt(share * within / np.maximum(n, 1)), np.nan), n
    )
