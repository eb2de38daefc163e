"""The only door for dashboards: frames of figures, within what a person may see.

Every function takes the session and a scope, which is either `ops.scope.projects(user)` or a list
of project ids, and sends a fixed number of statements whatever the size. Periods are whole UTC
days, `since` ≤ day < `until`. Undefined is NaN (None in columns of text), never 0.
"""

from metrics.reads.batches import batches
from metrics.reads.overview import FIGURES, overview
from metrics.reads.quality import (
    confusion,
    difficulties,
    flagged_assets,
    flagged_labellers,
)
from metrics.reads.work import as_of, daily, labeller_daily, labellers, projects, stages, times

__all__ = [
    "FIGURES",
    "as_of",
    "batches",
    "confusion",
    "daily",
    "difficulties",
    "flagged_assets",
    "flagged_labellers",
    "labeller_daily",
    "labellers",
    "overview",
    "projects",
    "stages",
    "times",
]
