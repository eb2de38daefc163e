"""What there is to say of each labeller beside pace and standing: learning, slowing down, tiring
within a shift, answering too much like somebody else."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from quality import timing, timing_covariates
from quality.measures import labeller_trends as trends
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.copying import Alike, too_alike
from quality.measures.flags import discoveries
from quality.measures.labeller_trends import Slopes
from quality.timing_answers import Answers
from quality.timing_evidence import Known
from quality.timing_judged import Judged

_CLIP = 4.0  # standard deviations at which one answer's time is cut
# A change is worth a flag from so much on: over the weeks seen, over a usual shift, in time; and
# over a usual shift in the share of wrong answers.
SLOWER, TIRED, WRONGER = np.log(1.2), np.log(1.1), 0.03
_WORTH = 4.0  # answers of others that an asset's usual time counts as


@dataclass(frozen=True)
class Trends:
    """One trend of everybody: of log `time` and of the share of `wrong` answers, by labeller, and
    whether it is a `flagged` change for the worse."""

    time: Slopes
    wrong: Slopes
    flagged: Bools


@dataclass(frozen=True)
class Signals:
    """What was found of all labellers; `turn` is when (seconds since 1970) and by how much the log
    time of those slowing down changed most."""

    learning: Trends
    slowing: Trends
    fatigue: Trends
    turn: dict[int, tuple[float, float]]
    alike: Alike | None

    def of(self, a: Answers) -> dict[int, dict[str, Any]]:
        """By labeller's id, what `LabellerPace.signals` holds; what is unknown is absent."""
        found: dict[int, dict[str, Any]] = {int(who): {} for who in a.labellers}
        for name in ("learning", "slowing", "fatigue"):
            trend: Trends = getattr(self, name)
            for i, who in enumerate(a.labellers.tolist()):
                told = _trend(trend, i)
                if told:
                    found[who][name] = told
        for i, (when, change) in self.turn.items():
            turned = {"turn": round(when), "change": round(float(np.exp(change)), 3)}
            found[int(a.labellers[i])]["slowing"] |= turned
        for i, told in _copies(self.alike, a.labellers).items():
            found[int(a.labellers[i])]["copies"] = told
        return found


def signals(a: Answers, known: Known, judged: Judged) -> Signals:
    """Trends and likeness of all labellers, at the project's false-discovery rate."""
    n = len(a.labellers)
    here = slice(0, len(a.asset))
    worked = timing_covariates.worked(a)
    shift, hours, weeks = worked.shift[here], worked.hours[here], worked.weeks[here]
    own, doublings = _own(a, judged), _doublings(a)
    time = _beside_others(a, own)
    wrong = known.wrong - known.expected
    stretch = trends.stretches(a.labeller, a.order, shift)

    def trend(
        of: Ints, along: Floats, log: Floats, worth: tuple[float, float], within: bool = False
    ) -> Trends:
        slope = [trends.slopes(a.labeller, of, along, y, n, within=within) for y in (log, wrong)]
        return _judged(slope[0], slope[1], worth, judged.rate)

    # Who learns while the others do gains nothing beside them: what they gain is seen by itself.
    learning = trend(stretch, doublings, own, (np.inf, np.inf))
    # What everybody gains by practice is no change of anybody's.
    gain = trends.slopes(a.labeller, stretch, doublings, time, n).value
    settled = time - (np.nanmedian(gain) if np.isfinite(gain).any() else 0.0) * doublings
    slowing = trend(shift, weeks, settled, (SLOWER, np.inf))
    fatigue = trend(shift, hours, settled, (TIRED, WRONGER), within=True)
    turn = {}
    for i in np.flatnonzero(slowing.flagged).tolist():
        mine = a.labeller == i
        week, change = trends.turn(shift[mine], weeks[mine], settled[mine])
        first = float(a.order[mine].min() - weeks[mine][np.argmin(a.order[mine])] * 7 * 86400)
        turn[i] = (first + week * 7 * 86400, change)
    return Signals(learning, slowing, fatigue, turn, _alike(a, judged))


def _own(a: Answers, judged: Judged) -> Floats:
    """Log seconds less what class and amount of work add and what the labeller usually takes."""
    if judged.fit is None:
        return np.full(len(a.asset), np.nan)
    log = np.log(a.seconds) - timing_covariates.of_class(a, judged.fit)
    timed = np.isfinite(log)
    left = log - timing.group_median(a.labeller[timed], log[timed], len(a.labellers))[a.labeller]
    reach = _CLIP * 1.4826 * float(np.median(np.abs(left[timed]))) if timed.any() else 1.0
    clipped: Floats = np.clip(left, -reach, reach)
    return clipped


def _beside_others(a: Answers, own: Floats) -> Floats:
    """The same less what the asset takes others, drawn towards the usual where they are few."""
    timed = np.isfinite(own)
    count = np.bincount(a.asset[timed], minlength=len(a.assets))[a.asset]
    total = np.bincount(a.asset[timed], own[timed], len(a.assets))[a.asset]
    left: Floats = own - (total - np.nan_to_num(own)) / (np.maximum(count - 1, 0) + _WORTH)
    return left


def _doublings(a: Answers) -> Floats:
    """Of each answer, how often its labeller's experience (answers, it among them) has doubled."""
    order = np.lexsort((a.order, a.labeller))
    n = np.bincount(a.labeller, minlength=len(a.labellers))
    place = np.empty(len(order))
    place[order] = np.arange(len(order)) - np.repeat(np.cumsum(n) - n, n)
    found: Floats = np.log2(place + 1)
    return found


def _judged(time: Slopes, wrong: Slopes, worth: tuple[float, float], rate: float) -> Trends:
    """Changes for the worse, of either kind that is asked for (`worth` of it finite), over the
    usual span."""
    tests = []
    large = np.zeros(time.value.shape, bool)
    with np.errstate(invalid="ignore"):
        for slope, least in zip((time, wrong), worth, strict=True):
            if np.isfinite(least):
                tests.append(slope.p)
                usual = np.nanmedian(slope.span) if np.isfinite(slope.span).any() else np.nan
                span = np.maximum(slope.span / 2, np.minimum(slope.span, usual))
                large |= (slope.low > 0) & (slope.value * span >= least)
    if not tests:
        return Trends(time, wrong, large)
    p = np.fmin.reduce(tests) * len(tests)
    return Trends(time, wrong, discoveries(np.minimum(p, 1.0), rate) & large)


def _alike(a: Answers, judged: Judged) -> Alike | None:
    """Of labels that are compared by likeness the codes do not tell what was said."""
    if not a.keys:
        return None
    kept = ~a.skipped
    z = None if judged.fit is None else judged.fit.z[: len(a.asset)][kept]
    return too_alike(
        a.asset[kept], a.labeller[kept], a.label[kept], judged.standings.mean, max(len(a.keys), 2),
        z, judged.rate,
    )  # fmt: skip


def _trend(trend: Trends, i: int) -> dict[str, Any]:
    time, wrong = trend.time, trend.wrong
    told: dict[str, Any] = {}
    if np.isfinite(time.value[i]):
        sides = (time.value[i], time.low[i], time.high[i])
        told |= dict(zip(("value", "low", "high"), (_times(x) for x in sides), strict=True))
        told |= _support(time, i)
    if np.isfinite(wrong.value[i]):
        # The share of right answers: what rises is good.
        sides = (-wrong.value[i], -wrong.high[i], -wrong.low[i])
        right = dict(
            zip(("value", "low", "high"), (round(float(x), 5) for x in sides), strict=True)
        )
        told["accuracy"] = right | _support(wrong, i)
    return told


def _times(log: float) -> float:
    return round(float(np.exp(np.clip(log, -20, 20))), 4)


def _support(slope: Slopes, i: int) -> dict[str, Any]:
    return {
        "n": int(slope.n[i]),
        "stretches": int(slope.stretches[i]),
        "span": round(float(slope.span[i]), 2),
    }


def _copies(alike: Alike | None, labellers: Ints) -> dict[int, dict[str, Any]]:
    """Of each labeller, the one whose answers are most like theirs; those flagged with them."""
    found: dict[int, dict[str, Any]] = {}
    if alike is None:
        return found
    share, low, high = alike.echo()
    for k in np.flatnonzero(alike.unusual > 0).tolist():
        one, other = int(alike.one[k]), int(alike.other[k])
        for me, they in ((one, other), (other, one)):
            if me in found:
                if alike.flagged[k]:
                    found[me]["with"].append(int(labellers[they]))
                continue
            found[me] = {
                "value": round(float(share[k]), 3),
                "low": round(float(low[k]), 3),
                "high": round(float(high[k]), 3),
                "n": int(alike.unusual[k]),
                "expected": round(float(alike.expected[k] / alike.unusual[k]), 3),
                "echoed": int(alike.echoed[k]),
                "shared": int(alike.shared[k]),
                "log_evidence": round(float(alike.log_evidence[k]), 2),
                "times": _number(alike.times[k]),
                "usual_times": _number(alike.usual_times),
                "with": [int(labellers[they])],
                "flagged": bool(alike.flagged[k]),
            }
    return found


def _number(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None
