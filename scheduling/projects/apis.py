"""Every part of the API for projects, gathered on one blueprint."""

from scheduling.projects import (
    api_batches,
    api_explain,
    api_gold,
    api_guideline,
    api_issues,
    api_proposals,
    api_push,
    api_rules,
)
from scheduling.projects.api import blueprint

__all__ = [
    "api_batches",
    "api_explain",
    "api_gold",
    "api_guideline",
    "api_issues",
    "api_proposals",
    "api_push",
    "api_rules",
    "blueprint",
]
