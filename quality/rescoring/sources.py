"""What each source says of the labels of a chunk: how right they are, and what is wrong.

A source is gold, the other labellers, or the reference. Where it has nothing to say of a label its
score is nan.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quality.measures import likeness
from quality.rescoring import reading
from quality.rescoring.plan import Task
from quality.rescoring.reading import Part

Array = np.ndarray
Payload = dict[str, Any]
# Objects that a model is less sure of than this are not what it says is there.
SURE = 0.5
MOST_OBJECTS = 20  # kept as evidence of one label: the worst


@dataclass
class Finding:
    """Of each of n labels: `score` (n,) from 0 to 1 or nan, the worst `error` if any, evidence by
    object, how many voices speak (n,); keys of what looks likelier and probabilities of choices;
    `doubt` (n,) where a source says itself what it doubts, else its score is compared; `look` (n,)
    how much a label is to be looked at in the order that was chosen, nan = not at all, and `why`
    in words."""

    score: Array
    error: list[str | None]
    objects: list[list[dict[str, Any]]]
    voices: Array
    predicted: list[str] = field(default_factory=list)
    probabilities: list[dict[str, float]] = field(default_factory=list)
    doubt: Array | None = None
    look: Array | None = None
    why: list[str] = field(default_factory=list)


def silent(n: int) -> Finding:
    """A source that says nothing of any label."""
    return Finding(
        np.full(n, np.nan), [None] * n, [[] for _ in range(n)], np.zeros(n), [""] * n, [{}] * n
    )


def terms_of(task: Task) -> likeness.Terms:
    """What counts as alike in this project."""
    skeletons = {
        c["key"]: c["skeleton"]["sigmas"]
        for c in task.ontology.get("classes", [])
        if (c.get("skeleton") or {}).get("sigmas")
    }
    scale = task.ontology.get("scale")
    return likeness.Terms(
        overlap=task.settings.overlap,
        near=min(task.settings.near, task.settings.overlap),
        sigmas=skeletons or None,
        range=(float(scale["low"]), float(scale["high"])) if scale else None,
    )


def labellers(
    task: Task, labels: Sequence[Payload], answers: Sequence[Sequence[Payload]]
) -> Finding:
    """The label in force against every answer: the mean likeness, where there are at least two.

    A single answer is the label itself and says nothing about it.
    """
    found = silent(len(labels))
    owner = [i for i, given in enumerate(answers) if len(given) > 1 for _ in given]
    if not owner:
        return found
    pairs = (
        [labels[i] for i in owner],
        [one for given in answers if len(given) > 1 for one in given],
    )
    scores = likeness.scores(task.label_type, *pairs, terms_of(task))
    sums = np.bincount(owner, weights=scores, minlength=len(labels))
    found.voices = np.bincount(owner, minlength=len(labels)).astype(float)
    heard = found.voices > 0
    found.score[heard] = sums[heard] / found.voices[heard]
    doubted = [i for i in np.flatnonzero(heard).tolist() if found.score[i] < task.settings.below]
    for i in doubted:
        kinds = _kinds(task, labels[i], answers[i])
        found.error[i] = kinds.most_common(1)[0][0] if kinds else None
    return found


def _kinds(task: Task, label: Payload, answers: Sequence[Payload]) -> Counter[str]:
    """How many answers speak of each kind of error."""
    compared = likeness.compare_many(
        task.label_type, [label] * len(answers), list(answers), terms_of(task)
    )
    return Counter(kind for one in compared for kind in {e.kind for e in one.errors})


def gold(
    task: Task, part: Part, labels: Sequence[Payload], accepted: Mapping[int, Sequence[Payload]]
) -> Finding:
    """The label in force against the known answer: the best of those that are accepted.

    Where the label is the known answer itself there is nothing to compare.
    """
    found = silent(len(labels))
    terms = terms_of(task)
    for i, asset in enumerate(part.asset_ids):
        if part.methods[i] == "gold" or not accepted.get(asset):
            continue
        credits = [float(one.get("credit", 1.0)) for one in accepted[asset]]
        truths = [reading.plain(one) for one in accepted[asset]]
        compared = likeness.compare_many(task.label_type, [labels[i]] * len(truths), truths, terms)
        worth = [c * one.score for c, one in zip(credits, compared, strict=True)]
        best = int(np.argmax(worth))
        found.score[i], found.voices[i] = worth[best], 1
        found.error[i], found.objects[i] = _told(compared[best].errors)
    return found


def by_likeness(
    task: Task, labels: Sequence[Payload], said: Sequence[reading.Said | None]
) -> Finding:
    """The label in force against a prediction of any type.

    A model that is sure of share c takes at most c off: score = 1 - c (1 - likeness).
    """
    found = silent(len(labels))
    heard = [i for i, one in enumerate(said) if one is not None]
    if not heard:
        return found
    truths = [what_is_there(said[i].label()) for i in heard]  # type: ignore[union-attr]
    compared = likeness.compare_many(
        task.label_type, [labels[i] for i in heard], truths, terms_of(task)
    )
    for i, one in zip(heard, compared, strict=True):
        sure = said[i].confidence  # type: ignore[union-attr]
        found.score[i] = 1 - (1.0 if sure is None else sure) * (1 - one.score)
        found.voices[i] = 1
        found.error[i], found.objects[i] = _told(one.errors)
    return found


def what_is_there(predicted: Payload) -> Payload:
    """A prediction without the objects that the model hardly believes in."""
    if "objects" not in predicted:
        return predicted
    kept = [one for one in predicted["objects"] if one.get("score", 1.0) >= SURE]
    return {**predicted, "objects": kept}


def _told(errors: Sequence[Any]) -> tuple[str | None, list[dict[str, Any]]]:
    if not errors:
        return None, []
    worst = Counter(e.kind for e in errors).most_common(1)[0][0]
    told = [
        {"kind": e.kind, "given": e.given, "truth": e.truth, "words": e.words}
        | ({"overlap": round(e.overlap, 4)} if e.overlap is not None else {})
        for e in errors[:MOST_OBJECTS]
    ]
    return worst, told
