"""What the flags of the service and of the audit report say alike."""

import math
from datetime import UTC, datetime
from typing import Any

from quality.audit.words import percent


def accuracy(standings: Any, i: int, typical: float) -> str:
    """How often labeller `i` is right, with its interval and support, beside the typical one.

    `standings` holds `mean`, `low`, `high` and `n` as arrays.
    """
    return (
        f"right in {percent(standings.mean[i])} "
        f"(95 %: {percent(standings.low[i])} to {percent(standings.high[i])}, "
        f"n = {standings.n[i]}), the typical labeller in {percent(typical)}"
    )


def slowing(told: dict[str, Any]) -> str:
    """That somebody takes longer from week to week; `told` is the signal of that name."""
    turned = ""
    if "turn" in told:
        day = datetime.fromtimestamp(told["turn"], UTC)
        turned = f"; most of it since {day:%Y-%m-%d} ({told['change']:.2f} × the time before)"
    return f"Takes {_change(told)} the time with every week, what practice gives taken out{turned}."


def tired(told: dict[str, Any]) -> str:
    """That somebody takes longer, or errs more, with every hour of a shift."""
    parts = []
    if told.get("low", 0) > 1:
        parts.append(f"takes {_change(told)} the time")
    right = told.get("accuracy", {})
    if right.get("high", 0) < 0:
        points = [abs(100 * right[side]) for side in ("value", "high", "low")]
        parts.append(
            f"is right {points[0]:.1f} percentage points less often "
            f"(95 %: {points[1]:.1f} to {points[2]:.1f}; {_behind(right)})"
        )
    return f"With every hour of a shift {' and '.join(parts) or 'works worse'}."


def alike(told: dict[str, Any]) -> str:
    """That two labellers give the same unusual answers; which one has them from the other, or both
    from a third, cannot be told."""
    times = ""
    if told["times"] is not None and told["times"] > (told["usual_times"] or 0) + 0.2:
        times = (
            f" Their times go together as well (r = {told['times']:.2f}, "
            f"usually {told['usual_times']:.2f})."
        )
    return (
        f"Gave the same answer as another labeller in {told['echoed']} of {told['n']} cases in "
        f"which that was unlikely; about {told['expected'] * told['n']:.1f} would be usual "
        f"({told['shared']:,} assets answered by both).{times}"
    )


def _change(told: dict[str, Any]) -> str:
    return f"{told['value']:.2f} × (95 %: {told['low']:.2f} to {told['high']:.2f}; {_behind(told)})"


def _behind(told: dict[str, Any]) -> str:
    return f"n = {told['n']:,} in {told['stretches']:,} shifts"


def hard(disputed: str, times: Any, i: int) -> str:
    """Why asset `i` is hard: how it is `disputed` (empty: not), and that it is clearly slow.

    `times` holds `effect` and `se` on log time as arrays; None where times could not be used.
    """
    said = [disputed] if disputed else []
    if times is not None and times.effect[i] > 2 * times.se[i]:
        said.append(f"takes {math.exp(times.effect[i]):.1f} × the usual time")
    return "; ".join(said) or "slow and disputed more than usual, taken together"
