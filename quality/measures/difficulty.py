"""How hard each asset is: the chance that two labellers disagree on it, from every clue there is.

Clues are the time its answers took, once the labellers' own pace is taken out; the class it leans
to, since some are slower and more disputed than others; skips and questions. A logistic model of
disagreement learns what each is worth on the data at hand. What it expects of an asset is then
pooled with what was seen there: its answers compared with one another, and with the known answer
where it is gold; the more of them, the more weight. With one answer an asset nothing can be learnt,
and stated default weights stand.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.agreement import label_counts
from quality.measures.arrays import Floats, codes
from quality.measures.consensus import tied_classes
from quality.measures.difficulty_clues import Effort, class_dispute, differing, effort
from quality.measures.difficulty_weights import DEFAULTS, learn, strength

CLUES = tuple(DEFAULTS)
PARTS = ("usual", *CLUES, "disagreement", "gold")


class Difficulty(NamedTuple):
    """Per asset: `score`, the chance in [0, 1] that two more answers would differ (nan where
    nothing is known), and `expected`, the same from the clues alone.

    parts: what made the score, in points of it: "usual" and each clue up to `expected`, then what
    "disagreement" seen and "gold" missed moved it; they sum to the score. weights: log odds of each
    clue, and "usual", those of an ordinary asset; learnt: whether a clue's weight was learnt here
    or is the default. strength: how many comparisons the expectation is worth. `odds`: how disputed
    each class is; `effort`: the time part.
    """

    score: Floats
    expected: Floats
    parts: dict[str, Floats]
    weights: dict[str, float]
    learnt: dict[str, bool]
    strength: float
    odds: Floats
    effort: Effort

    def stored(self, classes: Sequence[object]) -> dict[str, Any]:
        """What `one` needs to judge another asset, as a dictionary that JSON can hold; `classes`
        are the names of the classes, in the order of their codes."""
        work = self.effort
        return {
            "weights": {name: round(value, 5) for name, value in self.weights.items()},
            "strength": self.strength,
            "odds": _named(classes, self.odds),
            "times": _named(classes, work.of_class),
            "mean": work.mean,
            "between": work.between,
            "within": work.within,
            "spread": work.spread,
        }


class One(NamedTuple):
    """Difficulty of one asset and its parts, None where nothing is known of it."""

    score: float | None
    parts: dict[str, float]


def difficulty(
    asset: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_classes: int,
    z: ArrayLike | None = None,
    *,
    disagreement: ArrayLike | None = None,
    skips: ArrayLike | None = None,
    questions: ArrayLike | None = None,
    gold: ArrayLike | None = None,
    misses: ArrayLike | None = None,
) -> Difficulty:
    """Score the difficulty of every asset.

    `z` is the adjusted, standardised log time of each answer (`timing.fit(…).z`), nan where
    missing; None when times cannot be used. Per asset: `disagreement`, the share of differing pairs
    in [0, 1], where labels are more or less alike and codes do not say it; `skips` and `questions`,
    how many people skipped it as unclear and asked about it; `gold`, how many answers were held
    against a known one, and `misses`, how many of them were wrong.
    """
    where = codes("asset", asset, n_assets)
    what = codes("label", label, n_classes, where.size)
    counts = label_counts(where, what, n_assets, n_classes)
    answers = counts.sum(axis=1)
    seen, comparisons = differing(counts, answers)
    if disagreement is not None:
        seen = np.where(answers > 1, np.asarray(disagreement, float), 0.0)
    work = effort(where, what, n_assets, n_classes, z)
    tied = tied_classes(counts)
    leading = tied / np.maximum(tied.sum(axis=1, keepdims=True), 1)
    dispute, odds = class_dispute(leading, seen, comparisons)
    told = {
        "class": dispute,
        "time": work.effect,
        "skips": np.log2(1 + _counted(skips, n_assets)),
        "questions": np.log2(1 + _counted(questions, n_assets)),
    }
    clues = np.stack([np.ones(n_assets), *(told[name] for name in CLUES)], axis=1)
    held, missed = _counted(gold, n_assets), _counted(misses, n_assets)
    met = np.maximum(comparisons + held, 1e-12)
    weights = learn(clues, (comparisons * seen + missed) / met, comparisons + held)
    chances = _steps(clues, weights)
    expected = chances[:, -1]
    worth = strength(where, what, counts, expected)
    parts = _parts(chances, worth, seen, comparisons, missed, held)
    known = (answers > 1) | work.timed | (clues[:, 3:] > 0).any(axis=1) | (held > 0)
    learnt = bool((comparisons + held).any())
    return Difficulty(
        np.where(known, sum(parts.values()), np.nan),
        expected,
        parts,
        dict(zip(("usual", *CLUES), map(float, weights), strict=True)),
        {name: learnt and bool(np.ptp(told[name]) > 0) for name in CLUES},
        worth,
        odds,
        work,
    )


def one(
    model: Mapping[str, Any],
    labels: Sequence[object],
    z: Sequence[float | None],
    *,
    skips: int = 0,
    questions: int = 0,
    gold: float = 0,
    misses: float = 0,
    disagreement: float | None = None,
) -> One:
    """Judge one asset from the model last learnt (`Difficulty.stored`): all its answers so far by
    the names of their classes, with their standardised times (None: untimed)."""
    names, label = np.unique([str(name) for name in labels], return_inverse=True)
    counts = np.bincount(label, minlength=len(names))[None, :].astype(np.int64)
    timed = [(str(labels[i]), v) for i, v in enumerate(z) if v is not None and np.isfinite(v)]
    if len(labels) < 2 and not (timed or skips or questions or gold):
        return One(None, {})
    seen, comparisons = differing(counts, counts.sum(axis=1))
    if disagreement is not None:
        seen = np.array([disagreement if len(labels) > 1 else 0.0])
    told = {
        "class": _leaning(model["odds"], [str(n) for n in names], counts[0]),
        "time": _time(model, timed),
        "skips": np.log2(1 + skips),
        "questions": np.log2(1 + questions),
    }
    clues = np.array([[1.0, *(told[name] for name in CLUES)]])
    weights = np.array([model["weights"][name] for name in ("usual", *CLUES)])
    held, missed = np.array([float(gold)]), np.array([float(misses)])
    parts = _parts(_steps(clues, weights), model["strength"], seen, comparisons, missed, held)
    return One(
        sum(float(v[0]) for v in parts.values()), {name: float(v[0]) for name, v in parts.items()}
    )


def _counted(counts: ArrayLike | None, n_assets: int) -> Floats:
    return np.zeros(n_assets) if counts is None else np.asarray(counts, dtype=float)


def _steps(clues: Floats, weights: Floats) -> Floats:
    """Chance of a difference as one clue after the other is told (assets × clues)."""
    odds = np.cumsum(clues * weights, axis=1)
    chances: Floats = 1 / (1 + np.exp(-np.clip(odds, -20, 20)))
    return chances


def _parts(
    chances: Floats,
    worth: float,
    seen: Floats,
    comparisons: Floats,
    missed: Floats,
    held: Floats,
) -> dict[str, Floats]:
    """What each clue moved the score by, in the order of PARTS."""
    moved = np.diff(chances, axis=1, prepend=0.0)
    expected = chances[:, -1]
    pooled = (worth * expected + comparisons * seen) / (worth + comparisons)
    every = worth + comparisons + held
    final = (worth * expected + comparisons * seen + missed) / every
    columns = [*moved.T, pooled - expected, final - pooled]
    return dict(zip(PARTS, columns, strict=True))


def _leaning(odds: Mapping[str, float], names: list[str], counts: Any) -> float:
    """How disputed the leading classes are; one not met before is as disputed as all."""
    if not names:
        return 0.0
    leading = [odds.get(name, 0.0) for name in np.array(names)[counts == counts.max()]]
    return float(np.mean(leading))


def _time(model: Mapping[str, Any], timed: list[tuple[str, float]]) -> float:
    if not timed:
        return 0.0
    by_class = float(np.mean([model["times"].get(name, 0.0) for name, _ in timed]))
    mean, n = float(np.mean([value for _, value in timed])) - model["mean"], len(timed)
    share = n * model["between"] / (n * model["between"] + model["within"])
    return float((by_class + share * (mean - by_class)) / model["spread"])


def _named(classes: Sequence[object], values: Floats) -> dict[str, float]:
    pairs = zip(classes, values, strict=False)
    return {str(name): round(float(value), 5) for name, value in pairs}
