"""What figures say to a client who need not know what an interval or an agreement is."""

from metrics.reads.client import Agreeing, Expected, Progress, Reviewed
from metrics.report_words import NBSP, number, percent
from ops.web.layout import day, moment


def state(at: Progress, *, delivered: bool, sealed: bool, paused: bool, returned: bool) -> str:
    """Where a batch stands, in two or three words."""
    if returned:
        return "Being mended"
    if delivered:
        return "Delivered" if sealed else "Being sealed"
    if at.received and at.labelled == at.received:
        return "In final checks"
    if paused:
        return "Paused"
    return "Being labelled" if at.received else "Awaiting items"


def forecast(found: Expected | None, *, paused: bool) -> str:
    """When a batch will be through, at one chance in two and nine in ten."""
    if found is None or found.middle is None:
        why = "Work on it is paused" if paused else "Too little of it is done"
        return f"{why}, so when it will be through cannot be told yet."
    reckoned = f" Reckoned on {moment(found.at)} from the pace so far." if found.at else ""
    if found.late is None:
        late = "how late it might become cannot be told"
    else:
        late = f"nine times in ten by {day(found.late)}"
    return f"As likely as not it is through by {day(found.middle)}; {late}.{reckoned}"


def quality(found: Reviewed) -> str:
    """What the random sample of reviews says of a batch."""
    if found.value is None or found.low is None or found.high is None:
        return "None of its labels was reviewed yet, so how many of them are right is undefined."
    return (
        f"Reviewers looked at {number(found.n, 'label')} drawn at random: {found.right:,} were "
        f"right as they were ({percent(found.value)}). From that, between {percent(found.low)} and "
        f"{percent(found.high)} of all its labels were right before corrections (of a hundred such "
        "ranges about 95 hold the truth)."
    )


def agreement(found: Agreeing) -> str:
    """How far people who did not know of one another say the same."""
    if found.value is None:
        return "No item was labelled by two people yet, so how far they agree is undefined."
    return (
        f"{number(found.n, 'item')} got labels from several people who did not see each other's: "
        f"on average {percent(found.value, 0)} of these agreed with the label that was kept "
        f"(100{NBSP}%: nobody ever differed)."
    )
