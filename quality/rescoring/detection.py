"""What a reference model says of labelled boxes: how likely each object is wrong, and in what way.

All images at once, from columns. What errors look like to this reference is learnt from errors that
are planted into these labels (`calibration`); a rule of thumb serves where there are too few.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Floats, Ints
from quality.rescoring import traits
from quality.rescoring.calibration import Calibration, calibrate
from quality.rescoring.traits import Labels, Predictions, Terms, Traits

__all__ = [
    "Calibration",
    "Labels",
    "Predictions",
    "Scores",
    "Terms",
    "calibrate",
    "evidence",
    "score",
]

ERRORS = ("right", "wrong class", "low overlap", "missing", "extra", "duplicate", "ambiguous")
RIGHT, WRONG_CLASS, LOW_OVERLAP, MISSING, EXTRA, DUPLICATE, AMBIGUOUS = range(len(ERRORS))
WAVERS = 0.3  # of what the reference says of two classes, the lesser's share
# The kinds of `calibration.KINDS`, as they stand in ERRORS.
LEARNT = (RIGHT, WRONG_CLASS, LOW_OVERLAP, EXTRA, DUPLICATE)


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


def score(
    labels: Labels,
    predictions: Predictions,
    terms: Terms = Terms(),  # noqa: B008
    calibration: Calibration | None = None,
) -> Scores:
    """Judge every label. Raises ValueError naming the column at fault.

    With a `calibration` chances are what errors planted into such labels have shown; without one
    they follow a rule of thumb.
    """
    seen = traits.of(labels, predictions, terms)
    if calibration is None:
        chance, missing = _by_rule(labels, predictions, seen, terms)
    else:
        chance, missing = _learnt(calibration, seen)
    _waver(chance, seen)
    if labels.crowd is not None:
        chance[labels.crowd] = 0  # a crowd is no single object: nothing can be said of it
    chance[:, RIGHT] = np.maximum(1 - chance[:, 1:].sum(axis=1), 0)
    return _rolled_up(labels, predictions, chance, seen.about, missing, terms)


def _learnt(calibration: Calibration, seen: Traits) -> tuple[Floats, Floats]:
    chance = np.zeros((len(seen.objects), len(ERRORS)))
    chance[:, LEARNT] = calibration.objects.chances(seen.objects)
    return chance, calibration.predictions.chances(seen.predictions)[:, 1]


def _by_rule(
    labels: Labels, predictions: Predictions, seen: Traits, terms: Terms
) -> tuple[Floats, Floats]:
    """An object is likely of another class when the reference is sure of that and not of its own,
    likely misplaced when the reference is sure of its class somewhat beside it, likely extra when
    the reference is sure of nothing there."""
    chance = np.zeros((len(labels.boxes), len(ERRORS)))
    both = np.maximum(seen.agreed + seen.against, 1e-9)
    chance[:, WRONG_CLASS] = seen.against * (1 - seen.agreed) * seen.against / both
    beside = np.clip((terms.overlap + 0.2 - seen.overlap) / terms.overlap, 0, 1)
    chance[:, LOW_OVERLAP] = np.where(seen.overlap > 0, seen.agreed * beside, 0)
    chance[:, EXTRA] = (1 - np.maximum(seen.agreed, seen.around)) ** 4
    chance[:, DUPLICATE] = np.where(seen.twin >= terms.overlap, (1 - seen.agreed) * seen.twin, 0)
    chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1)
    missing = predictions.score * (1 - seen.covered / terms.overlap).clip(0) ** 2
    return chance, missing


def _waver(chance: Floats, seen: Traits) -> None:
    """Where the reference speaks for the given class nearly as much as for another, it does not say
    which is right."""
    both = np.maximum(seen.agreed + seen.against, 1e-9)
    torn = np.minimum(seen.agreed, seen.against) / both > WAVERS
    chance[torn, AMBIGUOUS], chance[torn, WRONG_CLASS] = chance[torn, WRONG_CLASS], 0


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
