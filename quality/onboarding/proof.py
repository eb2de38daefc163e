"""What passing an assessment proves: how likely people of which accuracy pass it, and the bounds on
whoever only just does."""

from math import ceil
from typing import NamedTuple

from quality.measures import adaptive
from quality.measures.classes import wilson
from quality.models import Assessment
from quality.onboarding.assessments import Terms, decided
from quality.onboarding.scoring import SLACK

ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class Chance(NamedTuple):
    """How likely somebody of this accuracy passes, after how many questions on average."""

    accuracy: float
    passes: float
    questions: float


class Proof(NamedTuple):
    """`right` of `asked` only just pass, whose accuracy lies from `low` to `high` (95 % interval;
    of an adaptive assessment the quickest pass). `fixed`: how many questions a test of as many for
    everybody would need to be as sure; None where it is one itself."""

    right: int
    asked: int
    low: float
    high: float
    chances: list[Chance]
    fixed: int | None


def of(terms: Assessment | Terms) -> Proof:
    """What these terms prove. Raises ValueError for an adaptive assessment that cannot be."""
    if terms.fail_mark is None:
        return _fixed(terms.questions, ceil(terms.pass_mark * terms.questions - SLACK))
    asked = decided(terms)
    plan = adaptive.plan(asked)
    if plan is None:
        raise ValueError("questions: expected enough of them to be as sure as that")
    n = next(i for i in range(1, plan.most + 1) if plan.passing[i - 1] <= i)
    low, high = adaptive.interval(plan, n, int(plan.passing[n - 1]))
    marks = sorted({*ACCURACIES, asked.fail_mark, asked.pass_mark})
    chances = [Chance(p, *adaptive.character(plan, p)) for p in marks]
    shortest = adaptive.fixed(asked._replace(least=1, most=1))
    return Proof(int(plan.passing[n - 1]), n, low, high, chances, shortest and shortest[0])


def _fixed(n: int, right: int) -> Proof:
    from scipy.stats import binom

    low, high = wilson(right, n)
    chances = [Chance(p, float(binom.sf(right - 1, n, p)), n) for p in ACCURACIES]
    return Proof(right, n, float(low), float(high), chances, None)
