"""Which assets take longer than the usual one: times left over, pooled per asset."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.timing.fitting import Fit
from quality.timing.mixed import pseudo_residual, share_inside
from quality.timing.ordinary import CLIP, Leftovers, leftovers, tail
from quality.timing.robust import rejected, robust_sd, variance_parts

NORMAL = 1.96
_STEPS = 12
_FIRST_RATE, _LOOKS = 0.15, 2  # set aside at this rate, so often, to see what is ordinary


class AssetTimes(NamedTuple):
    """Per asset, on log time, 0 the usual asset; nan without a time.

    effect: best guess, shrunk towards 0 the more the fewer its answers; `se` its standard error.
    n: timed answers. estimate: what its own times say, not shrunk, with `estimate_se` and the 95 %
    interval from `low` to `high`. p: chance that an ordinary asset takes so long. usual: what is
    left of the times of the usual asset, taken out of all; drawn: how the leftovers of ordinary
    assets are spread.
    """

    effect: Floats
    se: Floats
    n: Ints
    estimate: Floats
    estimate_se: Floats
    low: Floats
    high: Floats
    p: Floats
    usual: float
    drawn: Leftovers


def asset_effects(
    asset: ArrayLike, fit: Fit, n_assets: int, kept: Bools | None = None
) -> AssetTimes:
    """Pool what is left of the answers' times per asset; `kept` says which answers count."""
    use = np.isfinite(fit.residual) & (True if kept is None else kept)
    where = codes("asset", asset, n_assets, len(fit.residual))[use]
    return _among(where, fit.residual[use], fit.scale[use], n_assets, fit.between, fit.inside)


def _among(
    asset: Ints, residual: Floats, scale: Floats, n_assets: int, between: float, inside: float
) -> AssetTimes:
    """Effects of assets against the usual and the ordinary ones among them."""
    n = np.bincount(asset, minlength=n_assets)
    if not asset.size:
        none = np.full(n_assets, np.nan)
        return _told(none, none, none, none, n, none, 0.0, leftovers(np.zeros(1)))
    estimate = pooled(asset, residual, scale, n_assets, between, inside)[2]
    plain = n > 0
    for look in range(_LOOKS + 1):
        usual = float(np.median(estimate[plain]))
        z = (residual - usual) / scale
        drawn = leftovers(z[plain[asset]])
        score = np.bincount(asset, np.clip(z, -CLIP, CLIP), n_assets).astype(float)
        p = tail(score, n, drawn)
        apart = rejected(p, _FIRST_RATE)
        if look == _LOOKS or not (plain & ~apart).any():
            break
        plain = (n > 0) & ~apart
    found = pooled(asset, residual - usual, scale, n_assets, between, inside)
    return _told(*found, n, p, usual, drawn)


def _told(
    effect: Floats,
    se: Floats,
    estimate: Floats,
    estimate_se: Floats,
    n: Ints,
    p: Floats,
    usual: float,
    drawn: Leftovers,
) -> AssetTimes:
    low, high = estimate - NORMAL * estimate_se, estimate + NORMAL * estimate_se
    return AssetTimes(effect, se, n, estimate, estimate_se, low, high, p, usual, drawn)


def pooled(
    asset: Ints, residual: Floats, scale: Floats, n_assets: int, between: float, inside: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """(effect, se, estimate, estimate_se) of assets from residuals with standard deviations
    `scale`; `between` is that of the assets, `inside` the share that is not clipped. Huber's
    pseudo-values, as in the fit itself."""
    weight = 1 / scale**2
    information = np.bincount(asset, weight, n_assets)
    known = np.where(information > 0, 1.0, np.nan)
    depth = information + 1 / max(between, 1e-6) ** 2
    effect = np.zeros(n_assets)
    for _ in range(_STEPS):
        pseudo = weight * (effect[asset] + pseudo_residual(residual - effect[asset], scale, inside))
        effect = np.bincount(asset, pseudo, n_assets) / depth
    rest = weight * pseudo_residual(residual - effect[asset], scale, inside)
    some = np.maximum(information, 1e-12)
    estimate = effect + np.bincount(asset, rest, n_assets) / some
    return known * effect, known / np.sqrt(depth), known * estimate, known / np.sqrt(some)


def asset_times(asset: ArrayLike, residual: ArrayLike, n_assets: int) -> AssetTimes:
    """Asset effects from residuals of `pace` alone, all answers equally sure."""
    left = np.asarray(residual, dtype=float)
    use = np.isfinite(left)
    where = codes("asset", asset, n_assets, left.size)[use]
    left = left[use]
    n = np.bincount(where, minlength=n_assets)
    if not left.size:
        return _among(where, left, left, n_assets, 1.0, 1.0)
    left = left - np.median(left)
    sigma = max(robust_sd(left), 1e-9)
    clipped = np.clip(left, -4 * sigma, 4 * sigma)
    mean = np.bincount(where, clipped, n_assets) / np.maximum(n, 1)
    between, within = variance_parts(where, clipped, mean, n)
    scale = np.full(left.size, np.sqrt(within))
    inside = share_inside(left, scale)
    return _among(where, left, scale, n_assets, float(np.sqrt(between)), inside)
