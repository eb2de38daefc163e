"""What a whole fit leaves behind, so that answers can be judged by it as they come."""

from typing import Any, NamedTuple

import numpy as np

from quality import timing, timing_covariates
from quality.measures.flags import AssetFlags
from quality.timing_answers import STAGES, Answers
from quality.timing_judged import Judged


class Stored(NamedTuple):
    """As `TimingFit` holds it: how many answers were fitted, whether times were usable and if not
    why, and the model, which JSON can hold."""

    answers: int
    usable: bool
    why: str
    model: dict[str, Any]


def of(a: Answers, judged: Judged) -> Stored:
    """What is kept of a fit.

    times and difficulty: the models, of times None where they cannot be used; flagged: labellers
    whose answers are no evidence about assets; accuracy by labeller; threshold: the p-value up to
    which an asset is flagged; practice: when each labeller had given how many answers; seconds:
    what an answer usually takes.
    """
    people = a.labellers.tolist()
    model = {
        "times": None if judged.fit is None else _times(a, judged),
        "difficulty": judged.hard.stored(a.keys or range(a.n_classes)) if judged.hard else None,
        "flagged": [people[i] for i in np.flatnonzero(judged.labeller_flags.flagged)],
        "accuracy": {
            str(who): round(float(value), 4)
            for who, value in zip(people, judged.accuracy, strict=True)
        },
        "threshold": threshold(judged.asset_flags, judged.rate),
        "practice": timing_covariates.practice(a),
        "seconds": float(f"{judged.seconds:.4g}") if np.isfinite(judged.seconds) else None,
    }
    return Stored(int(a.answered.sum()), judged.usable.usable, judged.usable.why, model)


def _times(a: Answers, judged: Judged) -> dict[str, Any]:
    assert judged.fit is not None and judged.times is not None
    everybody = np.concatenate([a.labellers, a.beside.people]).tolist()
    names = {"class": list(a.keys), "stage": list(STAGES)}
    factors = {name: names[name] for name in judged.fit.factors}
    return timing.as_stored(judged.fit, judged.times, everybody, a.teams, factors)


def threshold(found: AssetFlags, rate: float) -> float:
    """The p-value below which one more asset would be flagged, in the procedure of Benjamini and
    Hochberg, were all others as they are."""
    tested = int(np.isfinite(found.p).sum())
    discovered = int(found.flagged.sum())
    return rate * min(discovered + 1, max(tested, 1)) / max(tested, 1)
