"""What the flags of the service and of the audit report say alike."""

import math
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


def hard(disputed: str, times: Any, i: int) -> str:
    """Why asset `i` is hard: how it is `disputed` (empty: not), and that it is clearly slow.

    `times` holds `effect` and `se` on log time as arrays; None where times could not be used.
    """
    said = [disputed] if disputed else []
    if times is not None and times.effect[i] > 2 * times.se[i]:
        said.append(f"takes {math.exp(times.effect[i]):.1f} × the usual time")
    return "; ".join(said) or "slow and disputed more than usual, taken together"
