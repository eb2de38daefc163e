"""Which assets take longer than the usual one: times left over, pooled per asset."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.timing.fitting import Fit
from quality.timing.mixed import pseudo_residual
from quality.timing.ordinary import CLIP, Leftovers, leftovers, tail
from quality.timing.robust import rejected, robust_sd, variance_parts

NORMAL = 1.96
_STEPS = 12
_FIRST_RATE, _LOOKS = 0.15, 2  # assets set aside at this rate when the ordinary ones are described


class AssetTimes(NamedTuple):
    """Per asset, on log time, 0 the usual asset; nan without a time.

    effect: best guess, shrunk towards 0 the more the fewer its answers; `se` its standard error.
    n: timed answers. estimate: what its own times say, not shrunk, with `estimate_se` and the 95 %
    interval from `low` to `high`. p: chance that an ordinary asset takes so long.
    """

    effect: Floats
    se: Floats
    n: Ints
    estimate: Floats
    estimate_se: Floats
    low: Floats
    high: Floats
    p: Floats


def asset_effects(
    asset: ArrayLike, fit: Fit, n_assets: int, kept: Bools | None = None
) -> AssetTimes:
    """Pool what is left of the answers' times per asset; `kept` says which answers count."""
    use = np.isfinite(fit.residual) & (True if kept is None else kept)
    where = codes("asset", asset, n_assets, len(fit.residual))[use]
    return pooled(where, fit.residual[use], fit.scale[use], n_assets, fit.between)


def pooled(
    asset: Ints,
    residual: Floats,
    scale: Floats,
    n_assets: int,
    between: float,
    drawn: Leftovers | None = None,
) -> AssetTimes:
    """Effects of assets from residuals (N) with standard deviations `scale`; `between` is that of
    the assets. An ordinary asset draws from `drawn`, by default from these residuals."""
    n = np.bincount(asset, minlength=n_assets)
    known = np.where(n > 0, 1.0, np.nan)
    if not asset.size:
        return AssetTimes(known, known, n, known, known, known, known, known)
    weight = 1 / scale**2
    information = np.bincount(asset, weight, n_assets)
    depth = information + 1 / max(between, 1e-6) ** 2
    effect = np.zeros(n_assets)
    for _ in range(_STEPS):
        pseudo = weight * (effect[asset] + pseudo_residual(residual - effect[asset], scale))
        effect = np.bincount(asset, pseudo, n_assets) / depth
    rest = weight * pseudo_residual(residual - effect[asset], scale)
    estimate = effect + np.bincount(asset, rest, n_assets) / np.maximum(information, 1e-12)
    middle = 0.0 if drawn is not None else float(np.median(estimate[n > 0]))
    share = information / depth
    estimate_se = known / np.sqrt(np.maximum(information, 1e-12))
    estimate = known * (estimate - middle)
    p = _ordinary(asset, residual / scale, n, drawn)
    return AssetTimes(
        known * (effect - share * middle), known / np.sqrt(depth), n, estimate, estimate_se,
        estimate - NORMAL * estimate_se, estimate + NORMAL * estimate_se, p,
    )  # fmt: skip


def _ordinary(asset: Ints, z: Floats, n: Ints, drawn: Leftovers | None) -> Floats:
    """Chance of so long a time for an ordinary asset. Ordinary are those that do not stand out when
    all are taken for ordinary."""
    score = np.bincount(asset, np.clip(z, -CLIP, CLIP), len(n)).astype(float)
    if drawn is not None:
        return tail(score, n, drawn)
    p = tail(score, n, leftovers(z))
    for _ in range(_LOOKS):
        plain = ~rejected(p, _FIRST_RATE)[asset]
        if not plain.any():
            break
        p = tail(score, n, leftovers(z[plain]))
    return p


def asset_times(asset: ArrayLike, residual: ArrayLike, n_assets: int) -> AssetTimes:
    """Asset effects from residuals of `pace` alone, all answers equally sure."""
    left = np.asarray(residual, dtype=float)
    use = np.isfinite(left)
    where = codes("asset", asset, n_assets, left.size)[use]
    left = left[use]
    n = np.bincount(where, minlength=n_assets)
    if not left.size:
        return pooled(where, left, left, n_assets, 1.0)
    sigma = max(robust_sd(left - np.median(left)), 1e-9)
    clipped = np.clip(left - np.median(left), -4 * sigma, 4 * sigma)
    mean = np.bincount(where, clipped, n_assets) / np.maximum(n, 1)
    between, within = variance_parts(where, clipped, mean, n)
    scale = np.full(left.size, np.sqrt(within))
    return pooled(where, left - np.median(left), scale, n_assets, float(np.sqrt(between)))
