"""A robust mixed model: shrunken effects of people, teams, classes and assets on log time.

Huber's pseudo-values turn each round into least squares: an answer further than `CLIP` deviations
from its fit counts as one just that far away. Henderson's equations (Biometrics 31, 1975) give the
effects; the assets, of which there are many with a few answers each, are eliminated first. How far
effects are shrunk is learnt from their spread: W. H. Fellner, Technometrics 28 (1986).
"""

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quality.measures.arrays import Floats, Ints
from quality.timing.design import Design, Term
from quality.timing.robust import MAD_TO_SD, group_median

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CLIP = 2.0
MOST_EXACT = 1600  # columns: beyond this, standard errors leave out what effects share
_SMALL = 800
_ROUNDS, _STEPS, _ENOUGH = 10, 4, 0.02
_FIRST_RATIO = 0.25  # variance between assets over that of the noise, before looking …
_WORTH = 30.0  # … which counts for so many assets
_OWN_WORTH = 10.0  # answers credited to everybody's noise when a labeller's own is estimated


class Mixed(NamedTuple):
    """Effects of the columns, and of the assets; `covariance` of the columns (a diagonal beyond
    MOST_EXACT); `spread` of each term and of "asset" (standard deviations between effects);
    `noise`, per labeller, the standard deviation that an answer's log time is worth; `inside`, the
    share of answers that are not clipped."""

    effect: Floats
    asset: Floats
    covariance: Any
    spread: dict[str, float]
    noise: Floats
    inside: float


def solve(
    log: Floats, design: Design, labeller: Ints, n_labellers: int, asset: Ints, n_assets: int
) -> Mixed:
    """Fit log times (N) on the design and on assets."""
    # Over a small matrix the threads of BLAS wait for one another longer than they work.
    threads = 1 if design.matrix.shape[1] < _SMALL else None
    with _blas().limit(limits=threads):
        return _solve(log, design, labeller, n_labellers, asset, n_assets)


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


def _solve(
    log: Floats, design: Design, labeller: Ints, n_labellers: int, asset: Ints, n_assets: int
) -> Mixed:
    x, n = design.matrix, len(log)
    fit = np.full(n, np.median(log))
    noise = np.full(n_labellers, _spread(log - _start(log, labeller, n_labellers)[labeller]))
    variance = {name: term.guess for name, term in design.terms.items() if term.guess}
    between = _FIRST_RATIO * float(noise[0] ** 2)
    for _ in range(_ROUNDS):
        weight = 1 / noise[labeller] ** 2
        system = _System(x, asset, n_assets, weight, between, _penalty(design, variance))
        for _ in range(_STEPS):
            rest, sd = log - fit, noise[labeller]
            inside = share_inside(rest, sd)
            pseudo = fit + pseudo_residual(rest, sd, inside)
            effect, own = system.solve(pseudo)
            fit = x @ effect + own[asset]
        before = np.array([*variance.values(), between])
        variance = {
            name: _learnt(effect[term.where], system.variance[term.where], variance[name], term)
            for name, term in design.terms.items()
            if term.guess
        }
        freedom = max(n - system.fitted(), 0.05 * n)
        noise = _noise(log - fit, labeller, n_labellers, n / freedom)
        between = _between(own, system.shares, float(np.median(noise**2)))
        change = np.abs(np.log(np.array([*variance.values(), between]) / before))
        if change.max() < _ENOUGH:
            break
    spread = {name: float(np.sqrt(value)) for name, value in variance.items()}
    spread["asset"] = float(np.sqrt(between))
    return Mixed(effect, own, system.covariance, spread, noise, inside)


def pseudo_residual(rest: Floats, noise: Floats, inside: float) -> Floats:
    """Residuals clipped at CLIP deviations, over the share of all that are `inside` the clip."""
    return np.clip(rest, -CLIP * noise, CLIP * noise) / inside


def share_inside(rest: Floats, noise: Floats) -> float:
    """Share of residuals within CLIP deviations, at least a half."""
    return max(float(np.mean(np.abs(rest) < CLIP * noise)), 0.5)


class _System:
    """Henderson's equations with the assets eliminated."""

    def __init__(
        self,
        x: "csr_array",
        asset: Ints,
        n_assets: int,
        weight: Floats,
        between: float,
        penalty: Floats,
    ) -> None:
        from scipy.sparse import csr_array, diags_array

        n = len(weight)
        self._asset, self._n_assets, self._weight = asset, n_assets, weight
        self._weighted = x.multiply(weight[:, None]).tocsr().T.tocsr()
        information = np.bincount(asset, weight, n_assets)
        self._depth = information + 1 / between
        self.shares = information / self._depth  # how much of each asset's effect is its own times
        rows = csr_array((np.ones(n), (asset, np.arange(n))), shape=(n_assets, n))
        self._bridge = (rows @ self._weighted.T).tocsr()
        self._x, self._penalty = x, penalty
        self.exact = x.shape[1] <= MOST_EXACT
        if self.exact:
            taken = self._bridge.T @ self._bridge.multiply(1 / self._depth[:, None])
            matrix = self._weighted @ x - taken + diags_array(penalty)
            self.covariance = np.linalg.inv(matrix.toarray())
            self.variance = np.diag(self.covariance).copy()
        else:
            whole = self._weighted.multiply(x.T.tocsr()).sum(axis=1)
            self.variance = 1 / (whole - self._bridge.power(2).T @ (1 / self._depth) + penalty)
            self.covariance = self.variance

    def solve(self, values: Floats) -> tuple[Floats, Floats]:
        """Effects of columns and of assets for these pseudo-values."""
        own = np.bincount(self._asset, self._weight * values, self._n_assets) / self._depth
        right = self._weighted @ values - self._bridge.T @ own
        effect = self.covariance @ right if self.exact else self._iterate(right)
        return effect, own - (self._bridge @ effect) / self._depth

    def _iterate(self, right: Floats) -> Floats:
        """Conjugate gradients, without ever laying out the equations."""
        from scipy.sparse.linalg import LinearOperator, cg

        def times(v: Floats) -> Floats:
            whole = self._weighted @ (self._x @ v)
            left: Floats = whole - self._bridge.T @ ((self._bridge @ v) / self._depth)
            return left + self._penalty * v

        shape = (len(right), len(right))
        ready = LinearOperator(shape, matvec=lambda v: v * self.variance)
        found, _ = cg(LinearOperator(shape, matvec=times), right, rtol=1e-6, maxiter=300, M=ready)
        return np.asarray(found, dtype=float)

    def fitted(self) -> float:
        """Degrees of freedom that the fit has used up."""
        return float(np.sum(1 - self._penalty * self.variance) + self.shares.sum())


def _start(log: Floats, labeller: Ints, n_labellers: int) -> Floats:
    middle = group_median(labeller, log, n_labellers)
    return np.where(np.isnan(middle), 0.0, middle)


def _spread(rest: Floats) -> float:
    return max(float(MAD_TO_SD * np.median(np.abs(rest))), 1e-3)


def _penalty(design: Design, variance: dict[str, float]) -> Floats:
    penalty = np.full(design.matrix.shape[1], 1e-6)  # fixed effects: barely, for what is not there
    for name, value in variance.items():
        penalty[design.terms[name].where] = 1 / value
    return penalty


def _learnt(effect: Floats, error: Floats, variance: float, term: Term) -> float:
    """Variance between effects, given how much of each is known; `guess` counts for one effect."""
    known = max(float(np.sum(1 - error / variance)), 0.0)
    value = (float((effect**2).sum()) + term.guess) / (known + 1)
    return max(value, 1e-3 * term.guess)


def _between(own: Floats, shares: Floats, noise: float) -> float:
    """Variance between assets, likewise; where they have one answer each it cannot be told from the
    noise, and stays near a stated share of it."""
    prior = _WORTH * _FIRST_RATIO / (1 + _FIRST_RATIO)
    value = float((own**2).sum()) + prior * _FIRST_RATIO * noise
    return max(value / (float(shares.sum()) + prior), 0.01 * noise)


def _noise(rest: Floats, labeller: Ints, n_labellers: int, inflate: float) -> Floats:
    """What an answer of each labeller is worth, as a standard deviation: their own robust spread,
    pooled with everybody's, and what clipping costs (P. J. Huber, Robust Statistics, 1981)."""
    common = _spread(rest)
    n = np.bincount(labeller, minlength=n_labellers)
    own = MAD_TO_SD * group_median(labeller, np.abs(rest), n_labellers)
    own = np.where(n > 0, own, common)
    scale = np.sqrt((n * own**2 + _OWN_WORTH * common**2) / (n + _OWN_WORTH))
    unit = np.abs(rest / scale[labeller])
    worth = 1.0  # as a multiple of the robust spread; where clipping begins depends on it
    for _ in range(6):
        limit = CLIP * worth
        inside = max(float(np.mean(unit < limit)), 0.5)
        worth = float(np.sqrt(np.mean(np.minimum(unit, limit) ** 2) * inflate)) / inside
        worth *= 1 + (1 - 1 / inflate) * (1 - inside) / inside  # Huber's K, for effects fitted
        worth = min(max(worth, 0.5), 2.0)
    return np.asarray(worth * scale, dtype=float)
