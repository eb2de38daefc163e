"""What can be seen of each labelled object, and of each prediction, when the two are laid together.

Numbers only, for all images at once: who met whom within a class and across classes, how far they
overlap and how sure the reference was.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.matching import Matches
from quality.rescoring import engine

SPREAD = 3.0  # of overlaps, so that they weigh as much as scores and sizes do


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
    chance from which an object counts as wrong; where boxes are matched: on the `place` of torch
    that is named ("cuda", "cpu"), and if none is, wherever so many pairs are matched soonest; at
    most `pairs` pairs at a time there."""

    overlap: float = 0.5
    near: float = 0.1
    least: float = 0.5
    place: str | None = None
    pairs: int = 2**22


class Traits(NamedTuple):
    """`objects` (n, traits) and `predictions` (m, traits) are for a model to judge by.

    Of each object (n,): how sure the reference is of its class there (`agreed`, at an `overlap`),
    of another (`against`) and of anything near (`around`); how far it overlaps a labelled object
    that stands for the same (`twin`); the prediction that speaks most of it, or -1 (`about`). Of
    each prediction (m,): how far it overlaps any labelled object (`covered`).
    """

    objects: NDArray[np.float32]
    predictions: NDArray[np.float32]
    agreed: Floats
    against: Floats
    around: Floats
    overlap: Floats
    twin: Floats
    about: Ints
    covered: Floats


def of(labels: Labels, predictions: Predictions, terms: Terms) -> Traits:
    """Lay both together. Raises ValueError naming the column at fault."""
    found = [matched(labels, predictions, terms, aware) for aware in (True, False)]
    n = len(labels.boxes)
    own, own_overlap = _taker(found[0], 0, n)
    close, close_overlap = _taker(found[0], 1, n)
    some, some_overlap = _taker(found[1], 0, n)
    near, near_overlap = _taker(found[1], 1, n)
    best, best_overlap = _nearest(labels, predictions, terms, True)
    other, other_overlap = _nearest(labels, predictions, terms, False)
    sure = predictions.score
    differs = (some >= 0) & (_at(predictions.category, some, -1) != labels.category)
    agreed = _at(sure, np.where(own >= 0, own, close))
    against = np.where(differs, _at(sure, some), 0.0)
    met = ((own, own_overlap), (close, close_overlap), (some, some_overlap), (near, near_overlap),
           (best, best_overlap), (other, other_overlap))  # fmt: skip
    objects = [x for by, overlap in met for x in (_odds(_at(sure, by)), SPREAD * overlap)]
    twin = _twin(labels, best, found[0].truth[0])
    about = np.where(some >= 0, some, np.where(own >= 0, own, np.where(close >= 0, close, near)))
    return Traits(
        np.column_stack([_sizes(labels.boxes), *objects, differs, SPREAD * twin]).astype(
            np.float32
        ),
        _of_predictions(predictions, found),
        agreed,
        against,
        _at(sure, near),
        np.where(own >= 0, own_overlap, close_overlap),
        twin,
        about,
        found[1].share,
    )


def matched(labels: Labels, predictions: Predictions, terms: Terms, aware: bool) -> Matches:
    """Predictions matched to the objects of the labels, at both overlaps of the terms."""
    return _match(
        terms,
        labels.boxes,
        labels.category,
        predictions.boxes,
        predictions.category,
        predictions.score,
        labels.start,
        predictions.start,
        (terms.overlap, terms.near),
        aware,
        labels.crowd,
    )


def _nearest(
    labels: Labels, predictions: Predictions, terms: Terms, aware: bool
) -> tuple[Ints, Floats]:
    """The prediction that each object overlaps most, taken or not."""
    found = _match(
        terms,
        predictions.boxes,
        predictions.category,
        labels.boxes,
        labels.category,
        np.ones(len(labels.boxes)),
        predictions.start,
        labels.start,
        (terms.overlap,),
        aware,
        None,
    )
    return found.nearest.astype(np.int64), found.share


def _match(terms: Terms, *columns: Any) -> Matches:
    return engine.match(*columns, place=terms.place, pairs=terms.pairs)


def _taker(found: Matches, threshold: int, n: int) -> tuple[Ints, Floats]:
    """Which prediction took each object at a threshold, and their overlap."""
    by, overlap = np.full(n, -1, np.int64), np.zeros(n)
    taking = np.flatnonzero(found.truth[threshold] >= 0)
    taken = found.truth[threshold, taking]
    by[taken], overlap[taken] = taking, found.overlap[threshold, taking]
    return by, overlap


def _at(values: NDArray[Any], places: Ints, otherwise: float = 0) -> NDArray[Any]:
    """values[places], and `otherwise` where a place is -1."""
    return np.append(values, otherwise)[places]


def _twin(labels: Labels, best: Ints, holder: Ints) -> Floats:
    """How far each object overlaps the one that holds the prediction it would want itself."""
    rival = _at(holder, best, -1)
    shared = np.flatnonzero((rival >= 0) & (rival != np.arange(len(best))))
    a, b = labels.boxes[shared], labels.boxes[rival[shared]]
    sides = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    meet = np.maximum(sides, 0).prod(axis=1)
    twin = np.zeros(len(best))
    twin[shared] = meet / np.maximum(a[:, 2:].prod(1) + b[:, 2:].prod(1) - meet, 1e-300)
    return twin


def _odds(score: Floats) -> Floats:
    """Scores as log-odds, as far as they can be told from 0 and 1; about -2 to 2."""
    odds: Floats = np.log((score + 0.01) / (1.01 - np.minimum(score, 1))) / 2
    return odds


def _sizes(boxes: Floats) -> Floats:
    """Width and height on a scale on which those of most objects lie between -2 and 2."""
    sizes: Floats = (np.log2(np.maximum(boxes[:, 2:], 0.5)) - 5) / 1.5
    return sizes


def _of_predictions(predictions: Predictions, found: list[Matches]) -> NDArray[np.float32]:
    taken = [one.truth[threshold] >= 0 for one in found for threshold in (0, 1)]
    return np.column_stack(
        [
            _odds(predictions.score),
            _sizes(predictions.boxes),
            *(SPREAD * one.share for one in found),
            *taken,
        ]
    ).astype(np.float32)
