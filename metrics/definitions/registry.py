"""The list of all figures, made from the docstrings of the functions that define them."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from metrics.definitions import change, drafts, judged, line, money, service, times, work

# What a docstring of a definition says under headings of its own; the first three always.
PARTS = ("Formula", "Unit", "Counted from", "Undefined", "Source")
GROUPS = ("Work", "Quality", "Cost", "Line", "People", "Model and questions")
_PART = re.compile(rf"^({'|'.join(PARTS)}): ", re.MULTILINE)


@dataclass(frozen=True)
class Definition:
    """One figure. `better` says which way is good: 1 up, -1 down, 0 neither."""

    key: str
    name: str
    group: str
    better: int
    what: str
    more: str
    formula: str
    unit: str
    counted_from: str
    undefined: str
    source: str
    function: Callable[..., Any]

    @property
    def where(self) -> str:
        """The address of the function: module and name."""
        return f"{self.function.__module__}.{self.function.__name__}"


def _define(key: str, group: str, better: int, function: Callable[..., Any]) -> Definition:
    text, *rest = _PART.split(inspect.cleandoc(function.__doc__ or ""))
    parts = {name: _one_line(said) for name, said in zip(rest[::2], rest[1::2], strict=True)}
    first, _, more = text.strip().partition("\n\n")
    name, _, what = _one_line(first).partition(": ")
    return Definition(
        key, name, group, better, what, _one_line(more), parts["Formula"], parts["Unit"],
        parts["Counted from"], parts.get("Undefined", ""), parts.get("Source", ""), function,
    )  # fmt: skip


def _one_line(text: str) -> str:
    return " ".join(text.split())


DEFINITIONS: tuple[Definition, ...] = tuple(
    _define(*one)
    for one in (
        ("labels", "Work", 1, work.labels),
        ("active_hours", "Work", 0, work.active_hours),
        ("efficiency", "Work", 1, work.efficiency),
        ("active_time", "Work", -1, times.active_time),
        ("work_time", "Work", 0, work.work_time),
        ("utilisation", "Work", 1, work.utilisation),
        ("planned_utilisation", "Work", 0, work.planned_utilisation),
        ("skip_rate", "Work", -1, work.skip_rate),
        ("expiry_rate", "Work", -1, work.expiry_rate),
        ("gold", "Quality", 1, judged.gold_accuracy),
        ("agreement", "Quality", 1, judged.agreement),
        ("acceptance", "Quality", 1, judged.first_pass_acceptance),
        ("rework_rate", "Quality", -1, judged.rework_rate),
        ("consistency", "Quality", 1, judged.consistency),
        ("drift", "Quality", 0, change.drift),
        ("mix_drift", "Quality", 0, change.mix_drift),
        ("service_met", "Quality", 1, service.service_met),
        ("cost", "Cost", -1, money.cost),
        ("cost_per_label", "Cost", -1, money.cost_per_label),
        ("cost_per_accepted_label", "Cost", -1, money.cost_per_accepted_label),
        ("wip", "Line", 0, line.work_in_progress),
        ("wait", "Line", -1, line.waiting_time),
        ("cycle", "Line", -1, line.cycle_time),
        ("lead", "Line", -1, line.lead_time),
        ("stage_yield", "Line", 1, line.stage_yield),
        ("rolled_yield", "Line", 1, line.rolled_throughput_yield),
        ("bottleneck", "Line", 0, line.bottleneck),
        ("forecast", "Line", -1, change.forecast),
        ("turnaround", "Line", -1, service.turnaround),
        ("standing", "People", 1, judged.standing),
        ("learning_curve", "People", -1, change.learning_curve),
        ("drafts_kept", "Model and questions", 1, drafts.drafts_kept),
        ("time_saved", "Model and questions", 1, drafts.time_saved),
        ("anchoring", "Model and questions", -1, drafts.anchoring),
        ("time_to_answer", "Model and questions", -1, drafts.time_to_answer),
    )
)
