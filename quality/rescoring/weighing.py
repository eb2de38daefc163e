"""How far each source can be trusted with these labels, and what they come to together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
# Below this balanced accuracy on held-out items a model's doubt says little about the labels.
WEAK_BALANCED_ACCURACY = 0.6
# A source that finds these labels less right than this on the whole speaks of something else.
WEAK_MEAN = 0.5
FEWEST = 20  # labels by which a model is known
NOTICED = ("wrong class", "missing", "extra")  # what every detector is there to see


@dataclass(frozen=True)
class Scored:
    """All labels of a run: row i of every array is one.

    `scores` by source are (n,) from 0 to 1, nan where it is silent; `voices` (n,) counts the
    labellers, `trusted` (n,) marks labels that a person decided, or gold, `doubt` (n,) those that
    the reference doubts. Of choices also what is `given` and what the reference `predicted`.
    """

    scores: dict[str, Array]
    voices: Array
    trusted: Array
    doubt: Array
    choice: bool = False
    given: Sequence[str] = field(default_factory=list)
    predicted: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trust:
    """Of one source: over how many labels, its mean score, what it weighs, whether it is too weak
    to judge, and why in words."""

    n: int
    mean: float | None
    weight: float
    weak: bool
    why: str

    def as_json(self) -> dict[str, Any]:
        """For the summary of the run."""
        mean = None if self.mean is None else round(self.mean, 6)
        rest = {"weight": round(self.weight, 6), "weak": self.weak, "why": self.why}
        return {"n": self.n, "mean": mean, **rest}


def trust(
    scored: Scored,
    balanced_accuracy: float | None = None,
    noticed: Mapping[str, float] | None = None,
) -> dict[str, Trust]:
    """What may be made of each source that spoke at all.

    Of the reference: its `balanced_accuracy` on labels that it did not learn from, where labels are
    choices; the share of errors `noticed` by kind, where some were planted on purpose.
    """
    found = {}
    for name, score in scored.scores.items():
        heard = ~np.isnan(score)
        if not heard.any():
            continue
        n, mean = int(heard.sum()), float(score[heard].mean())
        if name == "reference":
            found[name] = _reference(scored, score, heard, balanced_accuracy, noticed)
        elif name == "labellers":
            found[name] = _labellers(scored, n, mean)
        else:
            found[name] = Trust(n, mean, 1.0, False, "")
    return found


def _reference(
    scored: Scored,
    score: Array,
    heard: Array,
    balanced: float | None,
    noticed: Mapping[str, float] | None,
) -> Trust:
    n, mean = int(heard.sum()), float(score[heard].mean())
    weight = _better_than_guessing(scored, heard) if scored.choice else mean
    if n < FEWEST:
        return Trust(n, mean, weight, True, f"it speaks of {n} labels only; {FEWEST} are needed")
    if balanced is not None and balanced < WEAK_BALANCED_ACCURACY:
        why = f"it gets {100 * balanced:.0f} % of the average class right"
        return Trust(n, mean, weight, True, why)
    shares = [noticed[kind] for kind in NOTICED if kind in noticed] if noticed else []
    if shares and np.mean(shares) < WEAK_MEAN:
        why = f"of errors that were planted on purpose it notices {100 * np.mean(shares):.0f} %"
        return Trust(n, mean, weight, True, why)
    known = heard & scored.trusted
    if known.sum() >= FEWEST and score[known].mean() < WEAK_MEAN:
        why = f"it doubts {100 * (1 - score[known].mean()):.0f} % of the labels that people decided"
        return Trust(n, mean, weight, True, why)
    if balanced is None and mean < WEAK_MEAN:
        return Trust(n, mean, weight, True, f"it doubts {100 * (1 - mean):.0f} % of all labels")
    return Trust(n, mean, weight, False, "")


def _labellers(scored: Scored, n: int, mean: float) -> Trust:
    weak = mean < WEAK_MEAN
    why = f"their answers agree with the label by {100 * mean:.0f} % on average" if weak else ""
    return Trust(n, mean, _beyond_chance(scored, mean), weak, why)


def _better_than_guessing(scored: Scored, heard: Array) -> float:
    rows = np.flatnonzero(heard).tolist()
    right = float(np.mean([scored.given[i] == scored.predicted[i] for i in rows]))
    return _beyond_chance(scored, right)


def _beyond_chance(scored: Scored, right: float) -> float:
    """How much less often somebody errs than who always says the commonest class; CROWDLAB's weight
    of a model or an annotator (Goh, Tkachenko & Mueller 2022, equation 3)."""
    if not scored.choice or not len(scored.given):
        return max(right, 0.0)
    commonest = float(np.unique(np.asarray(scored.given), return_counts=True)[1].max())
    errs = 1 - commonest / len(scored.given)
    return max(0.0, 1 - (1 - right) / errs) if errs > 0 else right


def quality(scored: Scored, found: dict[str, Trust]) -> Array:
    """(n,) from 0 to 1: gold alone where it speaks; else the reference and every labeller, each by
    its weight (CROWDLAB's average); 1 where nobody speaks."""
    n = len(scored.voices)
    total, weight = np.zeros(n), np.zeros(n)
    for name, voices in (("reference", np.ones(n)), ("labellers", scored.voices)):
        score = scored.scores.get(name)
        if score is None or name not in found:
            continue
        heard = ~np.isnan(score)
        share = np.where(heard, voices * max(found[name].weight, 1e-6), 0.0)
        total += share * np.where(heard, score, 0.0)
        weight += share
    result = np.where(weight > 0, total / np.where(weight > 0, weight, 1), 1.0)
    gold = scored.scores.get("gold", np.full(n, np.nan))
    return np.where(np.isnan(gold), result, gold)


def contradicted(scored: Scored, found: dict[str, Trust], below: float) -> Array:
    """(n,) whether a source that is not too weak holds a label for less right than `below`."""
    result = np.zeros(len(scored.voices), bool)
    for name, one in found.items():
        if one.weak:
            continue
        if name == "reference":
            result |= scored.doubt
        else:
            with np.errstate(invalid="ignore"):
                result |= scored.scores[name] < below
    return result
