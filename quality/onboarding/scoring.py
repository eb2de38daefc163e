"""What answers come to: how many count, the score, and whether it passes.

A fixed assessment asks all its questions; what was not answered in time is wrong. An adaptive one
decides along the way; whoever is not sure to pass when time runs out, does not: that is what all
missing answers being wrong would come to. What was taken out of an assessment counts in neither.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from quality.measures import adaptive
from quality.measures.classes import Rate, rate
from quality.models import Assessment
from quality.onboarding.assessments import decided

SLACK = 1e-9  # nine of ten is 0.9 whatever the rounding of the sum


class Answer(NamedTuple):
    """One question of an attempt: its gold, and what the answer is worth; None without answer."""

    gold_id: int
    credit: float | None


class Verdict(NamedTuple):
    """The sum of credits, of how many questions; `passed` is None where it is not decided."""

    correct: float
    counted: int
    passed: bool | None


def plan_of(assessment: Assessment) -> adaptive.Plan | None:
    """The lines of an adaptive assessment; None where it is fixed."""
    return adaptive.plan(decided(assessment)) if assessment.fail_mark is not None else None


def verdict(
    assessment: Assessment, answers: Sequence[Answer], excluded: Collection[int] = ()
) -> Verdict:
    """What `answers`, in the order they were asked, come to without the gold that is `excluded`."""
    kept = [a for a in answers if a.gold_id not in excluded]
    plan = plan_of(assessment)
    if plan is not None:
        return _along(plan, [a.credit for a in kept if a.credit is not None])
    correct = sum(a.credit or 0.0 for a in kept)
    # The database refuses an assessment of none; taken out one by one there may be none left.
    passed = correct >= assessment.pass_mark * len(kept) - SLACK if kept else None
    return Verdict(correct, len(kept), passed)


def _along(plan: adaptive.Plan, credits: Sequence[float]) -> Verdict:
    n, outcome = plan.end(credits)
    return Verdict(sum(credits[:n]), n, outcome == "passed" if outcome else None)


def at_the_end(assessment: Assessment, found: Verdict, *, in_time: bool) -> bool:
    """Whether an attempt that comes to an end undecided passes: never out of time; where questions
    were taken out while it ran, if the share of right answers is that of the mark at the end."""
    if found.passed is not None:
        return found.passed
    plan = plan_of(assessment)
    if plan is None or not in_time or not found.counted:
        return False
    mark = float(plan.passing[-1]) / plan.most
    return found.correct >= mark * found.counted - SLACK


def score(assessment: Assessment, correct: float, counted: int) -> Rate:
    """Right ÷ counted with a 95 % interval: Wilson's, or the one of a test that stopped itself."""
    plan = plan_of(assessment)
    if plan is None or not 0 < counted <= plan.most:
        return rate(correct, counted)
    low, high = _interval(decided(assessment), counted, correct)
    return Rate(correct / counted, low, high, counted)


@lru_cache(maxsize=4096)
def _interval(terms: adaptive.Terms, counted: int, correct: float) -> tuple[float, float]:
    """Kept, for a page shows those of many attempts, and many end alike."""
    plan = adaptive.plan(terms)
    assert plan is not None
    return adaptive.interval(plan, counted, correct)
