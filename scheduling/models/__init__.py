"""The tables of this storey: the dispatcher's memory of each labeller's desk, and the rules."""

from scheduling.models.desk import Desk, DeskCursor, DeskTally, Draft, GoldPace, HardTask
from scheduling.models.rules import (
    ACTIONS,
    SIGNALS,
    STANDING_FIRINGS,
    Rule,
    RuleFiring,
    RuleLook,
)

__all__ = [
    "ACTIONS",
    "SIGNALS",
    "STANDING_FIRINGS",
    "Desk",
    "DeskCursor",
    "DeskTally",
    "Draft",
    "GoldPace",
    "HardTask",
    "Rule",
    "RuleFiring",
    "RuleLook",
]
