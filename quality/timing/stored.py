"""The fitted model as plain values, and one asset judged from it as its answers come in.

Nothing is written when an asset is judged: between two whole fits the paces stand still.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures.arrays import Floats
from quality.timing.assets import NORMAL, AssetTimes, pooled
from quality.timing.fitting import Fit
from quality.timing.ordinary import CLIP, Leftovers, tail

_DIGITS = 5
_Z = (-3.0, 5.0)


class Judged(NamedTuple):
    """One asset as `AssetTimes` has it: shrunken effect on log time and its standard error, the
    95 % interval of what its own times say, the chance of so long a time for an ordinary asset,
    timed answers; and of each answer what is left of its log time, plain and standardised (None: no
    time). None stands for unknown."""

    effect: float | None
    se: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    residual: list[float | None]
    z: list[float | None]


def as_stored(
    fit: Fit,
    times: AssetTimes,
    labellers: Sequence[object],
    teams: Sequence[object] = (),
    factors: Mapping[str, Sequence[object]] | None = None,
) -> dict[str, Any]:
    """The model as a dictionary that JSON can hold; names stand for the codes of the fit."""
    known = [int(i) for i in np.flatnonzero(fit.pace.n > 0)]
    own = {
        name: {str(labellers[i]): _short(trend.own[i]) for i in known}
        for name, trend in fit.trends.items()
    }
    return {
        "intercept": _short(fit.intercept + times.usual),
        "typical": _short(fit.pace.typical),
        "labellers": {
            str(labellers[i]): [
                _short(v[i]) for v in (fit.pace.deviation, fit.pace.se, fit.noise)
            ]
            for i in known
        },
        "newcomer": _newcomer(fit),
        "teams": {} if fit.team is None else {
            str(name): _short(effect - fit.reference)
            for name, effect in zip(teams, fit.team.effect, strict=False)
        },
        "trends": {
            name: {"common": _short(trend.common), "own": own[name],
                   "centre": _short(fit.centre[f"trend {name}"])}
            for name, trend in fit.trends.items()
        },
        "numbers": {
            name: {"slope": _short(slope), "centre": _short(fit.centre[f"number {name}"])}
            for name, (slope, _) in fit.numbers.items()
        },
        "factors": {
            name: {
                str(value): _short(effect)
                for value, effect in zip(names, fit.factors[name].effect, strict=False)
            }
            for name, names in (factors or {}).items()
        },
        "between": _short(fit.between),
        "inside": _short(fit.inside),
        "leftovers": [_short(chance) for chance in times.drawn.chance],
    }  # fmt: skip


def update(
    model: Mapping[str, Any],
    labeller: Sequence[object],
    seconds: Sequence[float | None],
    *,
    team: Sequence[object] | None = None,
    factors: Mapping[str, Sequence[object]] | None = None,
    numbers: Mapping[str, Sequence[float]] | None = None,
    trends: Mapping[str, Sequence[float]] | None = None,
    left_in: Sequence[str] = (),
) -> Judged:
    """Judge one asset from all its answers so far.

    Labellers, teams and values of factors are told by the names they were stored under; who or what
    is unknown has its team's or the usual pace, with its whole uncertainty, or no effect. The trend
    "learning" is told as the number of answers given before. `left_in` names the factors whose
    effects stay in `z`, as in `Fit.z_with`.
    """
    expected, deviations = _expected(model, labeller, team, trends)
    told_of = factors or {}
    expected += _shared(model, told_of, numbers or {}, len(labeller))
    left = _shared(
        model, {name: told_of[name] for name in left_in if name in told_of}, {}, len(labeller)
    )
    time = np.array([math.nan if s is None or not s > 0 else s for s in seconds], dtype=float)
    residual = np.log(time) - expected
    use = np.isfinite(residual)
    z = residual / deviations
    shown = np.clip((residual + left) / deviations, *_Z)
    told = [_or_none(v) for v in residual], [_or_none(v) for v in shown]
    n = int(use.sum())
    if not n:
        return Judged(None, None, None, None, None, 0, *told)
    found = pooled(
        np.zeros(n, np.int64), residual[use], deviations[use], 1, model["between"], model["inside"]
    )
    effect, se, estimate, estimate_se = (float(part[0]) for part in found)
    score = np.array([np.clip(z[use], -CLIP, CLIP).sum()])
    p = float(tail(score, np.array([n]), Leftovers(np.asarray(model["leftovers"], float)))[0])
    reach = NORMAL * estimate_se
    return Judged(effect, se, estimate - reach, estimate + reach, p, n, *told)


def _newcomer(fit: Fit) -> list[float]:
    """[deviation, its standard error, noise] of somebody not seen before, without a team."""
    spread = math.hypot(fit.spread.get("labeller", 0.0), fit.spread.get("team", 0.0))
    known = fit.noise[fit.pace.n > 0]
    noise = float(np.median(known)) if known.size else 0.0
    return [_short(-fit.reference if known.size else 0.0), _short(spread), _short(noise)]


def _expected(
    model: Mapping[str, Any],
    labeller: Sequence[object],
    team: Sequence[object] | None,
    trends: Mapping[str, Sequence[float]] | None,
) -> tuple[Floats, Floats]:
    """Log time expected of each labeller, and the standard deviation of an answer around it."""
    log, sd = np.empty(len(labeller)), np.empty(len(labeller))
    for i, who in enumerate(labeller):
        known = model["labellers"].get(str(who))
        deviation, error, noise = known or model["newcomer"]
        if known is None and team is not None:
            deviation = model["teams"].get(str(team[i]), deviation)
        log[i], sd[i] = model["intercept"] + deviation, math.hypot(noise, error)
        for name, values in (trends or {}).items():
            term = model["trends"].get(name)
            if term is None or not math.isfinite(values[i]):
                continue
            x = math.log1p(values[i]) if name == "learning" else values[i]
            log[i] += term["own"].get(str(who), term["common"]) * (x - term["centre"])
    return log, sd


def _shared(
    model: Mapping[str, Any],
    factors: Mapping[str, Sequence[object]],
    numbers: Mapping[str, Sequence[float]],
    n: int,
) -> Floats:
    """What stage, class and amounts add to the log time of anybody's answer."""
    added = np.zeros(n)
    for name, values in factors.items():
        effects = model["factors"].get(name, {})
        added += [effects.get(str(value), 0.0) for value in values]
    for name, amounts in numbers.items():
        term = model["numbers"].get(name)
        if term is not None:
            step = np.asarray(amounts, float) - term["centre"]
            added += term["slope"] * np.where(np.isfinite(step), step, 0.0)
    return added


def _short(value: float) -> float:
    return round(float(value), _DIGITS)


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
