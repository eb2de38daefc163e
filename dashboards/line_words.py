"""The line in words: durations, how a stage keeps up, where it sticks."""

import math
from typing import Any

from dashboards.phrases import UNDEFINED
from metrics.definitions import Bottleneck, Queue, Ratio, Spread

HOUR, DAY = 3600, 86_400


def duration(seconds: float | None) -> str:
    """Seconds as people say them: 42 s, 7.5 min, 3.2 h, 2.4 days."""
    if seconds is None or math.isnan(seconds):
        return UNDEFINED
    for upto, unit, name in ((120, 1, "s"), (2 * HOUR, 60, "min"), (2 * DAY, HOUR, "h")):
        if seconds < upto:
            return f"{seconds / unit:.{0 if seconds / unit >= 10 else 1}f} {name}"
    return f"{seconds / DAY:,.{0 if seconds / DAY >= 10 else 1}f} days"


def shares(found: Any) -> str:
    """The 95 % interval of a share in per cent; empty where there is none."""
    if found.low is None or found.high is None:
        return ""
    return f"{100 * found.low:.1f} – {100 * found.high:.1f} %"


def spread(found: Spread) -> str:
    """3.2 h (half: 1.1 – 9.0 h; n = 120)."""
    if found.median is None:
        return UNDEFINED
    half = f"half: {duration(found.quarter)} – {duration(found.three_quarters)}"
    return f"{duration(found.median)} ({half}; n = {found.n:,})"


def growth(found: Ratio) -> str:
    """grows by 4.2 a day (95 %: +1.1 to +7.3), shrinks likewise, or shows no clear change."""
    if found.value is None or found.low is None or found.high is None:
        return UNDEFINED
    if found.low == found.high == 0:
        return "steady"
    within = f"95 %: {_signed(found.low)} to {_signed(found.high)}"
    if found.low <= 0 <= found.high:
        return f"no clear change ({_signed(found.value)} a day; {within})"
    way = "grows" if found.value > 0 else "shrinks"
    return f"{way} by {abs(found.value):,.1f} a day ({within})"


def _signed(number: float | None) -> str:
    return f"{number or 0:+,.1f}".replace("-", "−")


def to_clear(queue: Queue) -> str:
    """13.2 days (95 %: 10.1 – 18.0)."""
    days = queue.days
    if queue.wip == 0:
        return "nothing to clear"
    if days.value is None:
        return UNDEFINED
    if math.isinf(days.value):
        return "never: nothing is finished"
    within = "" if days.low is None else f" (95 %: {days.low:,.1f} – {_end(days.high)})"
    return f"{days.value:,.1f} days{within}"


def _end(high: float | None) -> str:
    return "without end" if high is None or math.isinf(high) else f"{high:,.1f}"


def bottleneck(found: Bottleneck, whole: int, least: int) -> str:
    """Where work sticks, in a sentence that says on what grounds, or why it is not clear."""
    waiting = [queue for queue in found.queues if queue.wip > 0]
    if not waiting:
        return "Nothing is in progress, so nothing sticks."
    if not found.near:
        return (f"Where work sticks cannot be told from {whole} whole days: "
                f"it takes {least}. Choose a longer period.")  # fmt: skip
    queues = {queue.stage: queue for queue in found.queues}
    if found.stage is None:
        told = [f"{stage} ({to_clear(queues[stage])})" for stage in found.near]
        return (f"No stage is clearly the bottleneck: by the days that its tasks take to clear, "
                f"{' and '.join(told)} cannot be told apart.")  # fmt: skip
    queue = queues[found.stage]
    alone = " It is the only stage with tasks." if len(waiting) == 1 else ""
    if queue.days.value is not None and math.isinf(queue.days.value):
        return (f"{found.stage.capitalize()} is the bottleneck: {queue.wip:,} tasks are there and "
                f"nothing was finished on {whole} days.{alone}")  # fmt: skip
    return (f"{found.stage.capitalize()} is the bottleneck: its {queue.wip:,} tasks take "
            f"{to_clear(queue)} to clear at the pace of {whole} whole days. "
            f"Its queue: {growth(queue.growth)}.{alone}")  # fmt: skip


def why_no_yield(stage: Any) -> str:
    """Why a stage has no yield."""
    if stage.stage == "adjudicate":
        return "nobody looks at a decision again"
    return "nobody has looked at its work yet"
