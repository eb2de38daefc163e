"""The signals of rules as tests of what was seen of a labeller: whether one holds, and why.

Accuracies, drift and speed are wagers that may be looked at after every answer (see
`quality.measures.sequential`): what is stated is the chance that somebody good is *ever* stopped.
A signal holds once its evidence has crossed the bound at some answer.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from quality.measures import sequential, standing
from quality.measures.arrays import Floats
from scheduling.rules.evidence import KINDS, Judged, Seen, Window
from scheduling.rules.terms import (
    AccuracyTerms,
    DriftTerms,
    FastTerms,
    GoldTerms,
    HoursTerms,
    SkipTerms,
    usually_good,
)

MOST_POINTS = 200
# A detector of drift that starts later finds less, never more: it need not go further back.
DRIFT_LOOKS_AT = 400
_AGAINST = {"gold": "gold", "review": "a review", "consensus": "the others"}


class Finding(NamedTuple):
    """Whether a signal holds, in `reason` why, and the numbers behind it in `evidence`: `n`
    observations, and where there is a path its points [n, log evidence] and its `bound`."""

    holds: bool
    n: int
    reason: str = ""
    evidence: Mapping[str, Any] = {}


NOTHING = Finding(False, 0)


def look(signal: str, terms: Any, seen: Seen, window: Window, known: Mapping[str, Any]) -> Finding:
    """What `signal` finds in what was seen in `window`.

    `known` is the evidence of a firing that stands: what it was measured by then is kept, so that a
    firing goes only if its own evidence does.
    """
    return _LOOKS[signal](terms, seen, window, known)


def _accuracy(kinds: Callable[[Any], tuple[str, ...]]) -> Callable[..., Finding]:
    def look(terms: AccuracyTerms, seen: Seen, window: Window, _known: Any) -> Finding:
        found = seen.judged.best(kinds(terms), window)
        if not found.at.size:
            return NOTHING
        good = terms.good or usually_good(int(found.classes.min()))
        trail = sequential.against(
            found.correct,
            found.certainty,
            found.classes,
            sequential.Terms(good=good, alpha=terms.alpha),
        )
        trail = _ripe(trail, found.at, window, -math.log(terms.alpha))
        n = found.at.size if trail.stopped_at is None else trail.stopped_at + 1
        tried = found.take(slice(n))
        wrong, expected = _wrong(tried), _wrong_of(tried, good)
        counted = Counter(KINDS[kind] for kind in tried.kind)
        reason = (
            f"Of {_answers(n)} compared ({_compared(counted)}) {wrong:.3g} differed. Somebody who "
            f"is right {100 * good:.3g} % of the time would differ in about {expected:.2g} of "
            f"them; a record like this one ever comes about by chance for at most "
            f"{100 * terms.alpha:.3g} % of labellers that good."
        )
        return Finding(
            trail.stopped_at is not None,
            int(found.at.size),
            reason,
            {
                "good": good,
                "alpha": terms.alpha,
                "observations": n,
                "wrong": round(wrong, 3),
                "expected": round(expected, 2),
                "kinds": dict(counted),
                **_path(trail, -math.log(terms.alpha)),
            },
        )

    return look


def _ripe(trail: sequential.Trail, at: Floats, window: Window, bound: float) -> sequential.Trail:
    """The same path, stopped where it first stands at the bound once the rule may fire."""
    start = window.ripe_from(at)
    over = np.flatnonzero(trail.log_evidence[start:] >= bound)
    return trail._replace(stopped_at=start + int(over[0]) if over.size else None)


def _wrong(found: Judged) -> float:
    return float((1 - found.correct).sum())


def _wrong_of(found: Judged, right: float) -> float:
    """How many of these comparisons come out different for somebody right so often."""
    other = (1 - found.certainty) / (found.classes - 1)
    return float((1 - right * found.certainty - (1 - right) * other).sum())


def _compared(counted: Mapping[str, int]) -> str:
    parts = [f"{counted[kind]} with {_AGAINST[kind]}" for kind in KINDS if counted[kind]]
    return ", ".join(parts)


def _answers(n: int) -> str:
    return "1 answer" if n == 1 else f"{n:,} answers"


def _path(trail: sequential.Trail, bound: float) -> dict[str, Any]:
    """At most so many points of a path, its end and its crossing among them."""
    values = trail.log_evidence
    every = max(1, math.ceil(len(values) / MOST_POINTS))
    shown = {*range(0, len(values), every), len(values) - 1}
    if trail.stopped_at is not None:
        shown.add(trail.stopped_at)
    points = [[i + 1, round(float(values[i]), 3)] for i in sorted(shown)]
    return {"path": points, "bound": round(bound, 3)}


def _drift(terms: DriftTerms, seen: Seen, window: Window, _known: Any) -> Finding:
    found = seen.judged.best(KINDS, window)
    past = found.take(slice(terms.past))
    since = found.take(slice(max(terms.past, found.at.size - DRIFT_LOOKS_AT), None))
    if not since.at.size:
        return Finding(False, int(found.at.size))
    before = _lower_bound(past)
    if before <= 1 / since.classes.min():
        return Finding(False, int(found.at.size))  # no better than guessing: no height to fall from
    falls = sequential.Falls(run_length=terms.run_length)
    trail = sequential.drift(since.correct, since.certainty, since.classes, before, falls)
    trail = _ripe(trail, since.at, window, math.log(terms.run_length))
    n = since.at.size if trail.stopped_at is None else trail.stopped_at + 1
    tried = since.take(slice(n))
    wrong, expected = _wrong(tried), _wrong_of(tried, before)
    reason = (
        f"In their first {terms.past} judged answers they were right at least {100 * before:.3g} % "
        f"of the time. Of {_answers(n)} since then {wrong:.3g} differed, where about "
        f"{expected:.2g} would be usual. A false alarm comes once in {terms.run_length:,.0f} "
        "answers on average."
    )
    evidence = {
        "before": round(before, 4),
        "observations": n,
        "wrong": round(wrong, 3),
        "expected": round(expected, 2),
        "kinds": dict(Counter(KINDS[kind] for kind in tried.kind)),
        **_path(trail, math.log(terms.run_length)),
    }
    return Finding(trail.stopped_at is not None, int(found.at.size), reason, evidence)


def _lower_bound(past: Judged) -> float:
    """What they were surely right at: the lower end of a 95 % interval."""
    agreed = standing.bin_evidence(
        np.zeros(past.at.size, np.int64), past.correct >= 0.5, past.certainty, 1
    )
    classes = int(past.classes.min())
    return float(standing.posteriors([0], [0], *agreed, classes).low[0])


def _too_fast(terms: FastTerms, seen: Seen, window: Window, known: Mapping[str, Any]) -> Finding:
    handed = seen.handed.within(window)
    timed = ~handed.skipped & np.isfinite(handed.seconds)
    seconds = handed.seconds[timed]
    floor = float(known.get("floor", seen.floor))
    if not seconds.size or math.isnan(floor):
        return Finding(False, int(seconds.size))
    trail = _rate_trail(seconds < floor, terms, window.ripe_from(handed.at[timed]))
    n = int(seconds.size) if trail.stopped_at is None else trail.stopped_at + 1
    fast = int((seconds[:n] < floor).sum())
    reason = (
        f"{fast} of {_answers(n)} came in less than {floor:.2g} s, which is faster than plausible "
        f"here. That happens to anybody in up to {100 * terms.share:.3g} % of answers; a record "
        f"like this one ever comes about by chance for at most {100 * terms.alpha:.3g} % of "
        "labellers who take their time."
    )
    return Finding(
        trail.stopped_at is not None,
        int(seconds.size),
        reason,
        {
            "floor": round(floor, 3),
            "share": terms.share,
            "alpha": terms.alpha,
            "observations": n,
            "fast": fast,
            **_path(trail, -math.log(terms.alpha)),
        },
    )


def _rate_trail(hits: Any, terms: FastTerms, start: int) -> sequential.Trail:
    """The evidence after each answer, until it stands at the bound at `start` or later.

    It rises only where there is a hit; between hits it is looked at now and then.
    """
    bound = -math.log(terms.alpha)
    path: list[float] = []
    value = 0.0
    for n, k in enumerate(np.cumsum(hits).tolist(), start=1):
        if hits[n - 1] or n % 10 == 0 or n == start + 1:
            value = sequential.rate_evidence(k, n, terms.share)
        path.append(value)
        if n > start and value >= bound:
            return sequential.Trail(np.array(path), n - 1)
    evidence: Floats = np.array(path)
    return sequential.Trail(evidence, None)


def _skips(terms: SkipTerms, seen: Seen, window: Window, _known: Any) -> Finding:
    handed = seen.handed.within(window)
    # What others skipped as well speaks of the task: it neither adds to a run nor ends one.
    told = ~handed.skipped | handed.alone
    longest = run = 0
    for skipped, at in zip(handed.skipped[told], handed.at[told], strict=True):
        run = run + 1 if skipped else 0
        longest = max(longest, run) if at > window.ripe else longest
    too_many = terms.run()
    reason = (
        f"{longest} tasks in a row were skipped that nobody else skipped. Somebody who skips "
        f"{100 * terms.usual:.3g} % of tasks skips {too_many} in a row with at most "
        f"{100 * terms.alpha:.3g} % chance in {terms.tasks:,} tasks."
    )
    evidence = {"longest": longest, "run": too_many, "observations": int(handed.at.size)}
    return Finding(longest >= too_many, int(handed.at.size), reason, evidence)


def _hours(terms: HoursTerms, seen: Seen, _window: Window, known: Mapping[str, Any]) -> Finding:
    if known.get("day", seen.day) != seen.day:
        return Finding(True, 1)  # another day changes nothing about that one
    reason = (
        f"Active for {seen.active_hours:.1f} hours on {seen.day}, their own day; "
        f"{terms.hours:g} are the limit."
    )
    evidence = {"day": seen.day, "hours": round(seen.active_hours, 2), "limit": terms.hours}
    return Finding(seen.active_hours > terms.hours, 1, reason, evidence)


def _of_gold(terms: GoldTerms) -> tuple[str, ...]:
    return KINDS if terms.with_agreement else ("gold",)


_LOOKS: dict[str, Callable[..., Finding]] = {
    "gold_accuracy": _accuracy(_of_gold),
    "agreement": _accuracy(lambda _: ("consensus",)),
    "review_acceptance": _accuracy(lambda _: ("review",)),
    "drift": _drift,
    "too_fast": _too_fast,
    "skips_in_row": _skips,
    "hours": _hours,
}
