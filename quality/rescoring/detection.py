"""What a reference model says of labelled boxes: how likely each object is wrong, and in what way.

All images at once, from columns: labels are matched to predictions twice, within their class and
across classes, and every chance is reckoned from who met whom.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.matching import Matches, match

ERRORS = ("right", "wrong class", "low overlap", "missing", "extra", "duplicate", "ambiguous")
RIGHT, WRONG_CLASS, LOW_OVERLAP, MISSING, EXTRA, DUPLICATE, AMBIGUOUS = range(len(ERRORS))
OF_OBJECTS = (WRONG_CLASS, LOW_OVERLAP, EXTRA, DUPLICATE, AMBIGUOUS)


class Labels(NamedTuple):
    """The objects of all labels behind one another: boxes (n, 4) as [x, y, width, height] in px,
    codes of class (n,), where each label's begin (labels + 1,), whether one stands for a crowd."""

    boxes: Floats
    category: Ints
    start: Ints
    crowd: Bools | None = None


class Predictions(NamedTuple):
    """What the reference predicts for the same images, likewise; `score` (m,) from 0 to 1."""

    boxes: Floats
    category: Ints
    score: Floats
    start: Ints


class Terms(NamedTuple):
    """Overlap from which two boxes are one object, and from which they are near each other; the
    chance from which an object counts as wrong."""

    overlap: float = 0.5
    near: float = 0.1
    least: float = 0.5


class Scores(NamedTuple):
    """Of each label: `quality` (labels,) from 0 to 1 is the chance that its worst object is right,
    `error` (labels,) indexes ERRORS. Of each object: `chance` (n, errors) that it is wrong in that
    way, and `about` (n,) the prediction that speaks most against it, or -1. Of each prediction:
    `missing` (m,) is the chance that it shows an object that nobody labelled."""

    quality: Floats
    error: NDArray[np.int8]
    chance: Floats
    about: Ints
    missing: Floats


class Met(NamedTuple):
    """Who met each object of a label: position of a prediction (n,) or -1, and how far they
    overlap. `own` is of its class, `any` of whatever class, `close` of its class but only near."""

    own: Ints
    own_overlap: Floats
    close: Ints
    close_overlap: Floats
    any: Ints
    any_overlap: Floats
    any_close: Ints


def score(labels: Labels, predictions: Predictions, terms: Terms = Terms()) -> Scores:  # noqa: B008
    """Judge every label. Raises ValueError naming the column at fault."""
    of_class, of_any = (matches(labels, predictions, terms, aware) for aware in (True, False))
    met = _met(of_class, of_any, len(labels.boxes))
    chance = _chances(labels, predictions, met, terms)
    missing = _missing(labels, predictions, of_class, of_any, terms)
    about = np.where(met.any >= 0, met.any, np.where(met.close >= 0, met.close, met.any_close))
    return _rolled_up(labels, predictions, chance, about, missing, terms)


def matches(labels: Labels, predictions: Predictions, terms: Terms, class_aware: bool) -> Matches:
    """Predictions matched to the objects of the labels, at both overlaps of the terms."""
    return match(
        labels.boxes,
        labels.category,
        predictions.boxes,
        predictions.category,
        predictions.score,
        labels.start,
        predictions.start,
        (terms.overlap, terms.near),
        class_aware,
        labels.crowd,
    )


def _met(of_class: Matches, of_any: Matches, n: int) -> Met:
    own, own_overlap = _taker(of_class, 0, n)
    close, close_overlap = _taker(of_class, 1, n)
    anyone, any_overlap = _taker(of_any, 0, n)
    return Met(own, own_overlap, close, close_overlap, anyone, any_overlap, _taker(of_any, 1, n)[0])


def _taker(found: Matches, threshold: int, n: int) -> tuple[Ints, Floats]:
    """Which prediction took each object at a threshold, and their overlap."""
    by, overlap = np.full(n, -1, np.int64), np.zeros(n)
    taking = np.flatnonzero(found.truth[threshold] >= 0)
    taken = found.truth[threshold, taking]
    by[taken], overlap[taken] = taking, found.overlap[threshold, taking]
    return by, overlap


def _of(values: NDArray[Any], places: Ints, otherwise: float = 0) -> NDArray[Any]:
    """values[places], and `otherwise` where a place is -1."""
    return np.append(values, otherwise)[places]


def _chances(labels: Labels, predictions: Predictions, met: Met, terms: Terms) -> Floats:
    chance = np.zeros((len(labels.boxes), len(ERRORS)))
    by, overlap = (
        np.where(met.own >= 0, met.own, met.close),
        np.where(met.own >= 0, met.own_overlap, met.close_overlap),
    )
    agreed = _of(predictions.score, by)
    differs = (met.any >= 0) & (_of(predictions.category, met.any, -1) != labels.category)
    against = np.where(differs, _of(predictions.score, met.any), 0.0)
    both = np.maximum(agreed + against, 1e-9)
    chance[:, WRONG_CLASS] = against * (1 - agreed) * against / both
    chance[:, LOW_OVERLAP] = np.where(
        overlap > 0, agreed * np.clip(1 - overlap / (1 - terms.near / 2), 0, 1), 0
    )
    support = np.maximum(_of(predictions.score, met.own), _of(predictions.score, met.any))
    nearby = np.maximum(agreed, _of(predictions.score, met.any_close))
    chance[:, EXTRA] = (1 - support) ** 4 * (1 - nearby) ** 2
    chance[:, AMBIGUOUS] = np.minimum(agreed, against) * np.minimum(agreed, against) / both
    if labels.crowd is not None:
        chance[labels.crowd] = 0  # a crowd is no single object: nothing can be said of it
    chance[:, RIGHT] = 1 - chance[:, 1:].max(axis=1, initial=0)
    return chance


def _missing(
    labels: Labels, predictions: Predictions, of_class: Matches, of_any: Matches, terms: Terms
) -> Floats:
    """A prediction shows something new when nothing labelled lies where it is."""
    del labels
    free = (of_any.share < terms.overlap) & (of_class.truth[0] < 0)
    result: Floats = np.where(free, predictions.score * (1 - of_class.share) ** 2, 0.0)
    return result


def _rolled_up(
    labels: Labels,
    predictions: Predictions,
    chance: Floats,
    about: Ints,
    missing: Floats,
    terms: Terms,
) -> Scores:
    worst_object = _highest(1 - chance[:, RIGHT], labels.start)
    worst_missing = _highest(missing, predictions.start)
    of_object = np.append(chance, np.eye(1, len(ERRORS)), axis=0)[worst_object]
    wrong = 1 - of_object[:, RIGHT]
    unlabelled = np.append(missing, 0.0)[worst_missing]
    quality = 1 - np.maximum(wrong, unlabelled)
    kind = 1 + of_object[:, 1:].argmax(axis=1)
    error = np.where(unlabelled > wrong, MISSING, kind)
    error[quality > 1 - terms.least] = RIGHT
    return Scores(quality, error.astype(np.int8), chance, about, missing)


def _highest(values: Floats, start: Ints) -> Ints:
    """Where each group's highest value lies; -1 for an empty group."""
    group = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order = np.lexsort((values, group))
    found = np.full(len(start) - 1, -1, np.int64)
    found[group[order]] = order  # the last written is the highest
    return found


def evidence(
    scores: Scores,
    labels: Labels,
    predictions: Predictions,
    label: int,
    terms: Terms = Terms(),  # noqa: B008
) -> list[dict[str, Any]]:
    """What speaks against one label, worst first: {"kind", "chance", "object", "prediction",
    "predicted", "score"}; positions within the label and within its image, None where there is
    no object (missing) or no prediction (extra); "predicted" is a code of class."""
    first, last = int(labels.start[label]), int(labels.start[label + 1])
    origin, end = int(predictions.start[label]), int(predictions.start[label + 1])
    found = []
    for i in range(first, last):
        kind = 1 + int(scores.chance[i, 1:].argmax())
        if scores.chance[i, kind] >= terms.least:
            about = int(scores.about[i])
            found.append(_said(kind, scores.chance[i, kind], i - first, about, origin, predictions))
    for d in range(origin, end):
        if scores.missing[d] >= terms.least:
            found.append(_said(MISSING, scores.missing[d], None, d, origin, predictions))
    return sorted(found, key=lambda one: -one["chance"])


def _said(
    kind: int, chance: float, of: int | None, about: int, origin: int, predictions: Predictions
) -> dict[str, Any]:
    known = about >= 0
    return {
        "kind": ERRORS[kind],
        "chance": round(float(chance), 4),
        "object": of,
        "prediction": about - origin if known else None,
        "predicted": int(predictions.category[about]) if known else None,
        "score": round(float(predictions.score[about]), 4) if known else None,
    }
