"""What a model's predictions have otherwise than labels, thing by thing, of every type of label.

Choices and tags are compared by their keys, objects by overlap and class (`error_types`), what is
left by likeness. Beside the errors it is counted what is right, so that shares have their n. PURE.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures import objects, shapes
from quality.measures.arrays import Floats
from quality.measures.error_causes import BINS
from quality.measures.error_types import CROWD, RIGHT, TYPES, WRONG_CLASS
from quality.measures.likeness import SHAPES, USUAL, Terms, compare_many

Label = Mapping[str, Any]
OBJECTS = (*SHAPES, "spans")
# The scores among which a detector's best is looked for.
SCORES = tuple(round(0.05 * i, 2) for i in range(19))


class Said(NamedTuple):
    """A prediction: the label's payload, how sure of the whole, class → probability."""

    label: Label
    confidence: float | None
    probabilities: Mapping[str, float]


class Error(NamedTuple):
    """`at` is the position of the label; `truth` or `predicted` empty where there is nothing;
    boxes are (x, y, width, height) in px; `size` is the log area of what is labelled there."""

    at: int
    kind: str
    truth: str
    predicted: str
    confidence: float | None
    overlap: float | None
    given_box: list[float] | None = None
    seen_box: list[float] | None = None
    size: float = float("nan")


class Compared(NamedTuple):
    """`errors`; `pairs` counts (truth, predicted), what is right among them; `sure` (3, BINS): by
    tenths of confidence how many, the sum of their confidences, how many were right; `sizes` are
    (class, log area) of everything labelled."""

    errors: list[Error]
    pairs: Counter[tuple[str, str]]
    sure: Floats
    sizes: list[tuple[str, float]]


def compare(
    label_type: str,
    seen: Sequence[Said],
    truth: Sequence[Label],
    *,
    least_score: float = 0.0,
    terms: Terms = USUAL,
) -> Compared:
    """Hold each prediction against the label at the same position; predicted objects below
    `least_score` say nothing. Raises ValueError for a label that is not of the type's form."""
    found = Compared([], Counter(), np.zeros((3, BINS)), [])
    if label_type in OBJECTS:
        _objects(label_type, seen, truth, least_score, terms, found)
    elif label_type == "tags":
        _tags(seen, truth, found)
    elif label_type in ("class", "preference", "rating"):
        _choices(label_type, seen, truth, found)
    else:
        _wholes(label_type, seen, truth, terms, found)
    return found


def key_of(label_type: str, label: Label) -> str:
    """The key of a choice, as the database has it."""
    value = label[label_type]
    return f"{value:g}" if isinstance(value, float) else str(value)


def best_score(
    label_type: str, seen: Sequence[Said], truth: Sequence[Label], terms: Terms
) -> float:
    """The score from which on predicted objects agree best with the labels (F1); 0 where objects
    have no scores."""
    judged = _judge(label_type, [one.label for one in seen], truth, terms)
    score = np.array([one.get("score", np.nan) for one in judged.given.objects], float)
    if not score.size or np.isnan(score).any():
        return 0.0
    hit, n_truth = judged.match >= 0, int(judged.counted.sum())
    figures = [
        2 * (hit & (score >= s)).sum() / max((score >= s).sum() + n_truth, 1) for s in SCORES
    ]
    return SCORES[int(np.argmax(figures))]


def frame(one: Mapping[str, Any]) -> list[float] | None:
    """The box around an object, [x, y, width, height] in px; None for a passage of text."""
    if "box" in one:
        return [round(float(v), 2) for v in one["box"]]
    if "polygons" in one:
        corners = np.concatenate([np.asarray(ring) for rings in one["polygons"] for ring in rings])
    elif "rle" in one:
        from quality.measures import rle

        corners = np.asarray(rle.frames(rle.read([one["rle"]]))[0], float).reshape(2, 2)
    elif "points" in one:
        corners = np.array([p[:2] for p in one["points"] if p[2] > 0] or [[0.0, 0.0]], float)
    else:
        return None
    low, high = corners.min(axis=0), corners.max(axis=0)
    return [round(float(v), 2) for v in (*low, *(high - low))]


def _note(found: Compared, confidence: float | None, right: bool) -> None:
    if confidence is None:
        return
    step = min(int(confidence * BINS), BINS - 1)
    found.sure[:, step] += 1, confidence, right


def _choices(
    label_type: str, seen: Sequence[Said], truth: Sequence[Label], found: Compared
) -> None:
    for at, (one, other) in enumerate(zip(seen, truth, strict=True)):
        said, right = key_of(label_type, one.label), key_of(label_type, other)
        sure = one.probabilities.get(said, one.confidence)
        found.pairs[right, said] += 1
        _note(found, sure, said == right)
        if said != right:
            found.errors.append(Error(at, "wrong class", right, said, sure, None))


def _tags(seen: Sequence[Said], truth: Sequence[Label], found: Compared) -> None:
    for at, (one, other) in enumerate(zip(seen, truth, strict=True)):
        said, right = set(one.label["tags"]), set(other["tags"])
        for tag in sorted(said | right):
            sure = one.probabilities.get(tag)
            both = (tag if tag in right else "", tag if tag in said else "")
            found.pairs[both] += 1
            if tag in said:
                _note(found, sure, tag in right)
            if "" in both:
                kind = "extra" if tag in said else "missing"
                found.errors.append(Error(at, kind, *both, sure, None))


def _wholes(
    label_type: str, seen: Sequence[Said], truth: Sequence[Label], terms: Terms, found: Compared
) -> None:
    alike = compare_many(label_type, [one.label for one in seen], truth, terms)
    for at, (one, both) in enumerate(zip(seen, alike, strict=True)):
        _note(found, one.confidence, both.score >= 1)
        if both.score < 1:
            kind = both.errors[0].kind if both.errors else "text"
            found.errors.append(Error(at, kind, "", "", one.confidence, both.score))


def _judge(
    label_type: str, seen: Sequence[Label], truth: Sequence[Label], terms: Terms
) -> objects.Judged:
    return objects.judge(
        label_type, seen, truth,
        sure=terms.overlap, least=min(terms.near, terms.overlap), sigmas=terms.sigmas,
    )  # fmt: skip


def _objects(
    label_type: str,
    seen: Sequence[Said],
    truth: Sequence[Label],
    least: float,
    terms: Terms,
    found: Compared,
) -> None:
    field = objects.FIELD.get(label_type, "objects")
    heard = [
        {**one.label, field: [o for o in one.label.get(field) or () if o.get("score", 1) >= least]}
        for one in seen
    ]
    judged = _judge(label_type, heard, truth, terms)
    sizes = _sizes(label_type, judged.truth.objects)
    found.sizes.extend((o["class"], s) for o, s in zip(judged.truth.objects, sizes, strict=True))
    told = _predicted(judged, sizes, found)
    of_known = objects.owners(judged.truth)
    for j, one in enumerate(judged.truth.objects):
        if j in told or not judged.counted[j]:
            continue
        found.pairs[one["class"], ""] += 1
        if judged.missing[j]:
            found.errors.append(
                Error(int(of_known[j]), "missing", one["class"], "", None, None, frame(one), None,
                      float(sizes[j]))
            )  # fmt: skip


def _predicted(judged: objects.Judged, sizes: Floats, found: Compared) -> set[int]:
    """Note every predicted object; returns the truths that one was held for, rightly or as another
    class: each of them is counted once."""
    told = {int(j) for j in judged.match[judged.match >= 0]}
    of_seen = objects.owners(judged.given)
    for i, one in enumerate(judged.given.objects):
        kind, about = int(judged.of[i]), int(judged.about[i])
        if kind == CROWD:
            continue
        sure = one.get("score")
        _note(found, sure, kind == RIGHT)
        other = judged.truth.objects[about] if about >= 0 else None
        if kind == RIGHT:
            found.pairs[one["class"], one["class"]] += 1
            continue
        first = kind == WRONG_CLASS and about not in told and other is not None
        found.pairs[other["class"] if first and other else "", one["class"]] += 1
        if first:
            told.add(about)
        found.errors.append(
            Error(int(of_seen[i]), TYPES[kind], other["class"] if other else "", one["class"], sure,
                  float(judged.overlap[i]) if other else None, frame(other) if other else None,
                  frame(one), float(sizes[about]) if other else float("nan"))
        )  # fmt: skip
    return told


def _sizes(label_type: str, things: Sequence[Mapping[str, Any]]) -> Floats:
    if not things:
        return np.zeros(0)
    if label_type == "spans":
        lengths = np.array([one["end"] - one["start"] for one in things], float)
        return np.log(np.maximum(lengths, 1))
    return np.log(np.maximum(shapes.areas(label_type, things), 1.0))
