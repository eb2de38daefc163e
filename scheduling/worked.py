"""How long somebody worked: what each tab reports, added up over tabs, within the wall time.

Wall time runs from when the work was first shown. In it, active is in front with a sign of life
within the idle cut-off, idle is in front and silent for longer, and the rest is away.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from scheduling import policy


@dataclass(frozen=True)
class Report:
    """What one tab says of its own time in a piece of work so far, in ms, and of its inputs."""

    tab: str
    active_ms: int
    idle_ms: int = 0
    inputs: int = 0


def wall_ms(lease: Row[Any], at: datetime) -> int:
    """Time in ms since the work was first shown, or leased where it never was."""
    return max(0, round((at - (lease.shown_at or lease.leased_at)).total_seconds() * 1000))


def tab_counts(lease: Row[Any], tab: str, at: datetime) -> bool:
    """Whether the time of `tab` counts now; that of one tab at a time does."""
    since = (at - lease.beat_at).total_seconds() if lease.beat_at else None
    return policy.tab_counts(tab, lease.tab, since)


def counted(lease: Row[Any], report: Report, at: datetime) -> dict[str, int]:
    """Active time, idle time and inputs altogether, and of them what earlier tabs had (`before`).

    The names are those of the columns. What a tab reports that does not count changes nothing.
    """
    before = _before(lease, report.tab)
    if not tab_counts(lease, report.tab, at):
        before = lease.active_before_ms, lease.idle_before_ms, lease.inputs_before
        report = Report(report.tab, 0)
    wall = wall_ms(lease, at)
    active = policy.active_ms(report.active_ms, before[0], min(lease.active_ms, wall), wall)
    return {
        "active_ms": active,
        "active_before_ms": before[0],
        "idle_ms": policy.idle_ms(report.idle_ms, before[1], lease.idle_ms, wall - active),
        "idle_before_ms": before[1],
        "inputs": policy.inputs(report.inputs, before[2], lease.inputs),
        "inputs_before": before[2],
    }


def _before(lease: Row[Any], tab: str) -> tuple[int, int, int]:
    """What counts beside this tab: all there is, when another one held the work until now."""
    if lease.tab is None or lease.tab == tab:
        return lease.active_before_ms, lease.idle_before_ms, lease.inputs_before
    return lease.active_ms, lease.idle_ms, lease.inputs
