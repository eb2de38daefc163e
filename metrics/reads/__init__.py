"""The only door for dashboards: frames of figures, within what a person may see.

Every function takes the session and a scope, which is either `ops.scope.projects(user)` or a list
of project ids, and sends a fixed number of statements whatever the size. Periods are whole
days of the labellers' own, `since` ≤ day < `until`. Undefined is NaN (None in columns of text),
never 0.
"""

from metrics.reads.assets import colours, hard_assets
from metrics.reads.batches import batches
from metrics.reads.choices import day_ahead
from metrics.reads.hardness import difficulty_parts, signals, slices, timing_fits
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.overview import FIGURES, overview
from metrics.reads.quality import (
    confusion,
    difficulties,
    flagged_assets,
    flagged_labellers,
)
from metrics.reads.questions import Questions, questions
from metrics.reads.sums import LABELLING, sums
from metrics.reads.work import (
    as_of,
    daily,
    days,
    labeller_daily,
    labellers,
    names,
    projects,
    stages,
    times,
)

__all__ = [
    "EVERYTHING",
    "FIGURES",
    "LABELLING",
    "Narrow",
    "Questions",
    "as_of",
    "batches",
    "colours",
    "confusion",
    "daily",
    "day_ahead",
    "days",
    "difficulties",
    "difficulty_parts",
    "flagged_assets",
    "flagged_labellers",
    "hard_assets",
    "labeller_daily",
    "labellers",
    "names",
    "overview",
    "projects",
    "questions",
    "signals",
    "slices",
    "stages",
    "sums",
    "times",
    "timing_fits",
]
