"""What the figures of assistance come to, in words for somebody who need not know intervals."""

from metrics.definitions import LEAST_TIMES, Anchoring, TimeSaved
from metrics.reads.assistance import Assisted

FATES = ("kept", "changed", "thrown away")


def conclusion(found: Assisted, model: str | None) -> list[str]:
    """One sentence on what became of drafts, one on time, one on the pull of wrong drafts."""
    of = model or "the model"
    kept = found.fates.kept
    if not found.fates.answers:
        return [f"No answer that began with a draft of {of} has come in yet."]
    if kept.value is None:
        first = f"{of} proposed nothing in the answers so far."
    else:
        first = (
            f"Labellers keep {100 * kept.value:.0f} % of what {of} proposes as it is, "
            f"of {kept.n:,} drafts."
        )
    return [first, time(found.time), pull(found.anchoring)]


def time(found: TimeSaved) -> str:
    """Whether a draft saves time."""
    if found.saved is None or found.low is None or found.high is None:
        fewest = min(found.n_with, found.n_without)
        which = "without" if found.n_without <= found.n_with else "with"
        return (
            f"Whether it saves time cannot be told yet: {fewest} of {LEAST_TIMES} answers that it "
            f"takes have come in {which} a draft."
        )
    likely = f"{100 * found.low:.0f} % to {100 * found.high:.0f} %"
    if found.low > 0:
        return f"A draft saves {100 * found.saved:.0f} % of the time (95 % range {likely})."
    if found.high < 0:
        return (
            f"A draft costs time: {-100 * found.saved:.0f} % more than without (95 % range of what "
            f"it saves {likely}). Show fewer: raise how sure the model must be, or turn it off."
        )
    return f"No saving of time can be told (95 % range {likely})."


def pull(found: Anchoring) -> str:
    """Whether wrong drafts pull labellers along."""
    if found.pull is None or found.low is None or found.high is None:
        group = "with" if not found.shown.n else "without"
        return (
            "Whether wrong drafts pull labellers along cannot be told yet: among gold and reviewed "
            f"items answered {group} a draft there is no mistake of the model."
        )
    likely = f"{100 * found.low:.0f} to {100 * found.high:.0f}"
    if found.low > 0:
        return (
            f"Wrong drafts pull: they stay {100 * found.pull:.0f} percentage points more often "
            f"than the same mistake is made without a draft (95 % range {likely}). Review more of "
            "what is kept, or show less of what the model is unsure of."
        )
    return f"No pull of wrong drafts can be told (95 % range {likely} percentage points)."
