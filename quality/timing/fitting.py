"""The whole model of times: what an answer's time owes to whom, when and what, and what is left.

log seconds = usual + labeller (shrunk to their team, teams to all) + learning and other trends
(common, and each labeller's own) + factors such as stage or class + numbers such as the count of
objects + asset + noise of the labeller. What is left beside the asset's effect and the noise is
pooled per asset in `assets`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, Ints, codes
from quality.timing.design import Design, coded, design, practice
from quality.timing.mixed import Mixed, solve
from quality.timing.paces import Pace, unknown_pace
from quality.timing.robust import checked, group_median, log_seconds, middle

_Z = (-3.0, 5.0)  # where standardised times are clipped


class Effect(NamedTuple):
    """Effects on log time of the values of a factor or of teams, shrunk; standard errors; n."""

    effect: Floats
    se: Floats
    n: Ints


class Trend(NamedTuple):
    """Change of log time per unit: `common` to all with `se`; `own`, each labeller's whole slope,
    shrunk to the common one, with `own_se`."""

    common: float
    se: float
    own: Floats
    own_se: Floats


class Fit(NamedTuple):
    """What the model found.

    team: Effect of teams, None without. trends by name ("learning" where there is an order).
    factors by name. numbers: name → (slope, standard error). residual: per answer, log time left
    over once all but the asset is out; scale: its standard deviation; z: one over the other,
    clipped; all nan where untimed. centre: where trends and numbers have their 0. intercept: usual
    log time there. reference: effect of the usual labeller, against which paces stand. noise: per
    labeller, the standard deviation of an answer. between: standard deviation between assets.
    spread: the same between the effects of each kind. inside: share of answers that are not
    clipped.
    """

    pace: Pace
    team: Effect | None
    trends: dict[str, Trend]
    factors: dict[str, Effect]
    numbers: dict[str, tuple[float, float]]
    residual: Floats
    z: Floats
    scale: Floats
    centre: dict[str, float]
    intercept: float
    reference: float
    noise: Floats
    between: float
    spread: dict[str, float]
    inside: float

    def z_with(self, factor: str, code: ArrayLike) -> Floats:
        """`z` with the effects of a factor left in: of an asset of a slow class, time tells that it
        is slow. `code` is that of the factor per answer, -1 unknown."""
        at, effect = np.asarray(code), self.factors[factor].effect
        known = (at >= 0) & (at < len(effect))  # codes that only untimed answers have are unknown
        added = np.where(known, effect[np.where(known, at, 0)], 0.0)
        return np.clip((self.residual + added) / self.scale, *_Z)


def fit(
    labeller: ArrayLike,
    asset: ArrayLike,
    seconds: ArrayLike,
    n_labellers: int,
    n_assets: int,
    *,
    order: ArrayLike | None = None,
    team: ArrayLike | None = None,
    factors: Mapping[str, ArrayLike] | None = None,
    numbers: Mapping[str, ArrayLike] | None = None,
    trends: Mapping[str, ArrayLike] | None = None,
) -> Fit:
    """Fit the times of N answers (`seconds`; nan: none).

    `order` is any sortable moment of submission; `team` one code per labeller (-1: none);
    `factors` codes per answer (-1: unknown); `numbers` and `trends` values per answer (nan:
    unknown, which stands at the mean): the slope of a number is everybody's, that of a trend
    differs between labellers. Raises ValueError naming the array that is malformed.
    """
    who, time = checked(labeller, seconds, n_labellers)
    where: Ints = codes("asset", asset, n_assets, time.size)
    timed = np.isfinite(time)
    slopes = {k: np.asarray(v, float)[timed] for k, v in (trends or {}).items()}
    if order is not None:
        slopes["learning"] = practice(who[timed], np.asarray(order)[timed], n_labellers)
    kinds = {k: coded(k, v, time.size)[timed] for k, v in (factors or {}).items()}
    amounts = {k: np.asarray(v, float)[timed] for k, v in (numbers or {}).items()}
    teams = None if team is None else coded("team", team, n_labellers)
    if not timed.any():
        return _nothing(n_labellers, time.size)
    log = log_seconds(time[timed])
    laid = design(who[timed], n_labellers, teams, kinds, amounts, slopes)
    found = solve(log, laid, who[timed], n_labellers, where[timed], n_assets)
    return _told(found, laid, log, who, timed, time, teams, kinds)


def _told(
    found: Mixed,
    laid: Design,
    log: Floats,
    who: Ints,
    timed: Bools,
    time: Floats,
    teams: Ints | None,
    kinds: Mapping[str, Ints],
) -> Fit:
    n_labellers = len(found.noise)
    n = np.bincount(who[timed], minlength=n_labellers)
    deviation, error = _paces(found, laid, teams, n)
    usual = _reference(found, laid, teams, n)
    rest = log - laid.matrix @ found.effect
    centre = float(np.median(rest))
    sd = np.sqrt(found.noise**2 + error**2)[who[timed]]
    residual, scale = np.full(time.size, np.nan), np.full(time.size, np.nan)
    residual[timed], scale[timed] = rest - centre, sd
    z = np.clip(residual / scale, *_Z)
    trends = {
        name.removeprefix("trend "): _trend(found, laid, name.removeprefix("trend "))
        for name in laid.terms
        if name.startswith("trend ")
    }
    learning = trends.get("learning")
    medians = np.exp(group_median(who[timed], log, n_labellers))
    pace = Pace(
        float(np.exp(np.median(log))), deviation, error, found.spread["labeller"], medians, n,
        learning.common if learning else 0.0, learning.se if learning else float("nan"),
        residual, z,
    )  # fmt: skip
    return Fit(
        pace,
        _teams(found, laid, teams),
        trends,
        {k: _effect(found, laid, f"factor {k}", np.bincount(v[v >= 0])) for k, v in kinds.items()},
        _numbers(found, laid),
        residual, z, scale, laid.centre,
        float(found.effect[0] + usual + centre), usual,
        found.noise, found.spread["asset"], found.spread, found.inside,
    )  # fmt: skip


def _teams(found: Mixed, laid: Design, teams: Ints | None) -> Effect | None:
    if teams is None or "team" not in laid.terms:
        return None
    return _effect(found, laid, "team", np.bincount(teams[teams >= 0]))


def _whole(found: Mixed, laid: Design, teams: Ints | None) -> Floats:
    """Each labeller's effect, their team's included."""
    own = found.effect[laid.terms["labeller"].where]
    if teams is None or "team" not in laid.terms:
        return own
    of_team = found.effect[laid.terms["team"].where]
    whole: Floats = own + np.where(teams >= 0, of_team[np.maximum(teams, 0)], 0.0)
    return whole


def _reference(found: Mixed, laid: Design, teams: Ints | None, n: Ints) -> float:
    """The usual labeller: a robust mean of those with a time. The median one would lend everybody
    its own error."""
    return middle(_whole(found, laid, teams)[n > 0])


def _paces(found: Mixed, laid: Design, teams: Ints | None, n: Ints) -> tuple[Floats, Floats]:
    """Each labeller's deviation from the middle one, and its standard error."""
    deviation = _whole(found, laid, teams) - _reference(found, laid, teams, n)
    own = laid.terms["labeller"]
    if found.covariance.ndim == 1:
        variance = found.covariance[own.where].copy()
        return np.where(n > 0, deviation, 0.0), np.sqrt(variance)
    pick = np.arange(own.start, own.stop)
    block = found.covariance[np.ix_(pick, pick)].copy()
    if teams is not None and "team" in laid.terms:
        theirs = laid.terms["team"].start + np.maximum(teams, 0)
        some = teams >= 0
        cross = np.where(some[None, :], found.covariance[np.ix_(pick, theirs)], 0.0)
        both = np.outer(some, some) * found.covariance[np.ix_(theirs, theirs)]
        block += cross + cross.T + both
    seen = n > 0
    shared = block[:, seen].mean(axis=1)
    variance = np.diag(block) - 2 * shared + float(shared[seen].mean())
    return np.where(seen, deviation, 0.0), np.sqrt(np.maximum(variance, 1e-12))


def _variance(found: Mixed, at: slice) -> Floats:
    whole = found.covariance
    values: Floats = whole[at] if whole.ndim == 1 else np.diag(whole)[at]
    return values


def _effect(found: Mixed, laid: Design, name: str, n: Ints) -> Effect:
    at = laid.terms[name].where
    counts = np.zeros(at.stop - at.start, np.int64)
    counts[: len(n)] = n
    return Effect(found.effect[at], np.sqrt(_variance(found, at)), counts)


def _trend(found: Mixed, laid: Design, name: str) -> Trend:
    common, own = laid.terms[f"trend {name}"], laid.terms[f"own {name}"]
    variance, of_common = _variance(found, own.where), _variance(found, common.where)[0]
    both = 0.0 if found.covariance.ndim == 1 else found.covariance[common.start, own.where]
    slope = float(found.effect[common.start])
    whole = np.sqrt(np.maximum(of_common + variance + 2 * both, 1e-12))
    return Trend(slope, float(np.sqrt(of_common)), slope + found.effect[own.where], whole)


def _numbers(found: Mixed, laid: Design) -> dict[str, tuple[float, float]]:
    return {
        name.removeprefix("number "): (
            float(found.effect[term.start]),
            float(np.sqrt(_variance(found, term.where)[0])),
        )
        for name, term in laid.terms.items()
        if name.startswith("number ")
    }


def _nothing(n_labellers: int, n: int) -> Fit:
    """What is known without a single time."""
    pace, empty = unknown_pace(n_labellers, n), np.full(n, np.nan)
    noise = np.full(n_labellers, np.nan)
    unknown = float("nan")
    return Fit(
        pace, None, {}, {}, {}, empty, empty, empty, {}, unknown, unknown, noise, unknown, {}, 1.0
    )
