"""Every page of the portal, gathered on one blueprint."""

from dashboards.portal import (
    deliveries,
    guideline,
    items,
    projects,
    proposals,
    questions,
    samples,
)
from dashboards.portal.blueprint import blueprint

__all__ = [
    "blueprint",
    "deliveries",
    "guideline",
    "items",
    "projects",
    "proposals",
    "questions",
    "samples",
]
