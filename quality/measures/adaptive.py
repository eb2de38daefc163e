"""An assessment that stops as soon as it is sure: the sequential test of two accuracies, truncated.

Whoever is right with probability `pass_mark` or more should pass, whoever is right with probability
`fail_mark` or less should fail. After n answers with s of them right the evidence is the log of the
likelihood ratio,

    s · log(pass_mark / fail_mark) + (n - s) · log((1 - pass_mark) / (1 - fail_mark)),

and the test goes on while it lies between two lines (A. Wald, Annals of Mathematical Statistics 16,
1945). Here it ends at `most` questions at the latest, with a mark on s that decides. Wald's lines
only bound the errors of a test without end; these are drawn as near to each other as the stated
errors allow, both errors being reckoned over all paths of right and wrong answers
(P. Armitage, Biometrika 44, 1957).

Answers may be right in part. The evidence is linear in s, and for anybody of mean accuracy p an
answer in [0, 1] multiplies the stake by at most as much on average as right-or-wrong would, because
exp is convex: Wald's bounds hold for it too. The narrower lines used here are exact for answers
that are right or wrong; answers right in part vary less, and by simulation err less often
(`touchstone bench assessments`), but that is no proof.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from quality.measures.arrays import Floats, Ints

Outcome = Literal["passed", "failed"]
SLACK = 1e-9  # nine times 0.1 is 0.9 whatever the rounding of the sum
STEPS = 24  # halvings in the search for each line
BOUND_STEPS = 20  # the same for a bound on an accuracy
MOST_CUTS = 7  # marks on s at the end that are tried; neighbours differ little
FAR = 40.0  # so many times Wald's lines are out of reach


class Terms(NamedTuple):
    """What is decided, how surely, and within how many questions."""

    pass_mark: float
    fail_mark: float
    false_pass: float = 0.05
    false_fail: float = 0.05
    least: int = 1
    most: int = 60


class Plan(NamedTuple):
    """After n = 1 … most answers (arrays by n - 1): `passing`, from how many right on one passes,
    and `failing`, up to how many one fails. At the last one they meet."""

    passing: Ints
    failing: Ints

    @property
    def most(self) -> int:
        """Questions at most."""
        return int(self.passing.size)

    def end(self, credits: Sequence[float]) -> tuple[int, Outcome | None]:
        """After how many of these credits (each 0 to 1) it is decided, and how; all of them and
        None while it is open."""
        right = 0.0
        for i, credit in enumerate(credits[: self.most]):
            right += credit
            if right >= self.passing[i] - SLACK:
                return i + 1, "passed"
            if right <= self.failing[i] + SLACK or i == self.most - 1:
                return i + 1, "failed"
        return len(credits), None

    def decide(self, credits: Sequence[float]) -> Outcome | None:
        """The first decision along these credits; None while it is open."""
        return self.end(credits)[1]


class Character(NamedTuple):
    """What a plan does with somebody of one accuracy: passes them with probability `passes`, after
    `questions` on average."""

    passes: float
    questions: float


def plan(terms: Terms) -> Plan | None:
    """The lines for these terms; None where so few questions cannot be as sure as that.

    Raises ValueError naming what is wrong.
    """
    _check(terms)
    found = _plan(terms)
    return None if found is None else Plan(found.passing.copy(), found.failing.copy())


@lru_cache(maxsize=256)
def _plan(terms: Terms) -> Plan | None:
    best: tuple[float, Plan] | None = None
    cuts = _cuts(terms)
    for cut in cuts[:: -(-len(cuts) // MOST_CUTS) or 1]:
        made = _narrowed(terms, cut)
        asked = sum(character(made, p).questions for p in (terms.fail_mark, terms.pass_mark))
        if best is None or asked < best[0]:
            best = asked, made
    return best[1] if best else None


def fixed(terms: Terms) -> tuple[int, int] | None:
    """The shortest test of so many questions for all that errs no more often: (questions, how many
    right pass); None beyond 2,000."""
    _check(terms)
    for n in range(max(terms.least, 1), 2001):
        cuts = _cuts(terms._replace(most=n))
        if cuts:
            return n, cuts[0]
    return None


def _cuts(terms: Terms) -> list[int]:
    """Marks on s at the end with which a test of `most` questions for all errs as rarely."""
    from scipy.stats import binom

    s = np.arange(1, terms.most + 1)
    rare = binom.sf(s - 1, terms.most, terms.fail_mark) <= terms.false_pass
    kept = binom.cdf(s - 1, terms.most, terms.pass_mark) <= terms.false_fail
    return [int(cut) for cut in s[rare & kept]]


def _narrowed(terms: Terms, cut: int) -> Plan:
    """Both lines, each as near as the errors allow: together first, then each by itself."""
    wald = (
        np.log((1 - terms.false_fail) / terms.false_pass),
        np.log((1 - terms.false_pass) / terms.false_fail),
    )

    def fits(up: float, down: float) -> bool:
        made = _lines(terms, cut, up * wald[0], down * wald[1])
        bad, good = character(made, terms.fail_mark), character(made, terms.pass_mark)
        return bad.passes <= terms.false_pass and 1 - good.passes <= terms.false_fail

    both = _least(lambda x: fits(x, x), FAR)
    upper = _least(lambda x: fits(x, both), both)
    lower = _least(lambda x: fits(upper, x), both)
    return _lines(terms, cut, upper * wald[0], lower * wald[1])


def _least(fits: Callable[[float], bool], most: float) -> float:
    """The least number up to `most`, which fits, that was found to fit."""
    low, high = 0.0, most
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _lines(terms: Terms, cut: int, up: float, down: float) -> Plan:
    """Two lines in the evidence as counts of right answers, drawn in where all is settled anyway
    (whoever has `cut` right passes at the end whatever comes)."""
    n = np.arange(1, terms.most + 1)
    loss = np.log((1 - terms.pass_mark) / (1 - terms.fail_mark))
    gain = np.log(terms.pass_mark / terms.fail_mark) - loss
    passing = np.ceil((up - n * loss) / gain - SLACK).astype(np.int64)
    failing = np.floor((-down - n * loss) / gain + SLACK).astype(np.int64)
    passing = np.minimum(passing, cut)
    failing = np.maximum(failing, cut - 1 - (terms.most - n))
    early = n < terms.least
    passing[early], failing[early] = n[early] + 1, -1
    return Plan(np.maximum(passing, 0), failing)


def character(made: Plan, accuracy: float) -> Character:
    """What `made` does with answers that are right with probability `accuracy`, exactly."""
    passed, failed = _stops(made, accuracy)
    ends = (passed + failed).sum(axis=1)
    return Character(float(passed.sum()), float((ends * np.arange(1, made.most + 1)).sum()))


def _stops(made: Plan, accuracy: float, until: int = 0) -> tuple[Floats, Floats]:
    """Probability of stopping after n answers with s right: passed and failed, each
    (n, most + 1), for n up to `until` (0: all)."""
    last = until or made.most
    passed = np.zeros((last, made.most + 1))
    failed = np.zeros_like(passed)
    at = np.zeros(made.most + 1)
    at[0] = 1.0
    s = np.arange(made.most + 1)
    for i in range(last):
        at[1:] = at[1:] * (1 - accuracy) + at[:-1] * accuracy
        at[0] *= 1 - accuracy
        up = s >= made.passing[i]
        down = ~up & ((s <= made.failing[i]) | (i == made.most - 1))
        passed[i, up], failed[i, down] = at[up], at[down]
        at[up | down] = 0
    return passed, failed


def interval(made: Plan, asked: int, right: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds on the accuracy of whoever stopped after `asked` answers with `right` of them right.

    A plain interval would be wrong, because the test stops where it looks extreme. Ways to end are
    put in order: passed sooner is better than passed later, that better than failed later, that
    better than failed sooner; the bounds are the accuracies under which an end as good, or as bad,
    is just unlikely (A. Tsiatis, G. Rosner, C. Mehta, Biometrics 40, 1984). What is right in part
    is rounded away from the middle, so that the interval is rather too wide.
    """
    if not 0 < asked <= made.most or not 0 <= right <= asked:
        raise ValueError("right: expected 0 ≤ right ≤ asked ≤ most")
    risk = (1 - confidence) / 2
    fewer, more = int(np.floor(right + SLACK)), int(np.ceil(right - SLACK))
    low = _bound(lambda p: _at_least(made, asked, fewer, p) > risk)
    high = _bound(lambda p: 1 - _at_least(made, asked, more, p, beyond=True) <= risk)
    return low, high


def _at_least(made: Plan, asked: int, right: int, accuracy: float, beyond: bool = False) -> float:
    """Chance of an end as good as this one; `beyond`: of a better one."""
    passed, failed = _stops(made, accuracy, asked)
    i, s = asked - 1, np.arange(made.most + 1)
    same = s > right if beyond else s >= right
    if right >= made.passing[i]:
        return float(passed[:i].sum() + passed[i, same].sum())
    if right <= made.failing[i] or asked == made.most:
        sooner = failed[:i].sum() + failed[i, ~same].sum()
        return float(1 - sooner)
    # Not decided: time ran out. Whoever passed by then, and half way between, was better.
    open_, ends = _going(made, asked, accuracy)
    return float(passed[: i + 1].sum() + open_[same & ends].sum())


def _going(made: Plan, asked: int, accuracy: float) -> tuple[Floats, Ints]:
    """Chance of being undecided after `asked` answers with s right, and where that can be."""
    at, s = np.zeros(made.most + 1), np.arange(made.most + 1)
    at[0] = 1.0
    for i in range(asked):
        at[1:] = at[1:] * (1 - accuracy) + at[:-1] * accuracy
        at[0] *= 1 - accuracy
        at[(s >= made.passing[i]) | (s <= made.failing[i])] = 0
    return at, (s < made.passing[asked - 1]) & (s > made.failing[asked - 1])


def _bound(beyond: Callable[[float], bool]) -> float:
    """The accuracy from which on `beyond` holds."""
    low, high = 0.0, 1.0
    for _ in range(BOUND_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return (low + high) / 2


def _check(terms: Terms) -> None:
    if not 0 < terms.fail_mark < terms.pass_mark < 1:
        raise ValueError("fail_mark: expected 0 < fail_mark < pass_mark < 1")
    for name in ("false_pass", "false_fail"):
        if not 0 < getattr(terms, name) < 0.5:
            raise ValueError(f"{name}: expected a chance above 0, below 0.5")
    if not 1 <= terms.least <= terms.most:
        raise ValueError("least: expected 1 ≤ least ≤ most")
