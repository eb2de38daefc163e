"""How errors look to this reference, learnt from errors planted into these labels.

Some labels are spoilt on purpose (`planting`), and a small network learns to tell the spoilt from
the rest by what the reference says of them (`traits`). The rest holds real errors as well, so the
network's odds are those of a planted error against a label as it comes; how many of those are
wrong is estimated from where planted errors are densest (mixture proportion: Blanchard, Lee &
Scott, JMLR 11, 2010): no part of the labels can hold more errors than it has members.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints
from quality.rescoring import planting, traits
from quality.rescoring.crossval import Fit, Trained, train
from quality.rescoring.planting import DUPLICATE, EXTRA, LOW_OVERLAP, RIGHT, WRONG_CLASS, Planted
from quality.rescoring.traits import Labels, Predictions, Terms, Traits

KINDS = (RIGHT, WRONG_CLASS, LOW_OVERLAP, EXTRA, DUPLICATE)  # of objects, as planted
NAMES = ("wrong class", "low overlap", "extra", "duplicate")
FEWEST = 200  # objects from which it is worth while
ENOUGH, MOST = 120_000, 60_000  # objects to learn from, planted anew each time; of the labels
HELD_OUT = 0.25
SPARSE = 20  # planted errors that a part must hold for its density to be known
FIT = Fit(hidden=64, epochs=12, batch=512, learning_rate=4e-3, weight_decay=1e-3, dropout=0.0,
          smoothing=0.0, layers=2)  # fmt: skip


class Odds(NamedTuple):
    """A network that tells planted errors from labels as they come; `planted` (kinds,) is the share
    of each kind among what it learnt from, `rate` (kinds,) what share of the labels is estimated to
    be so in truth, the first the share that is right."""

    network: Trained
    planted: Floats
    rate: Floats

    def chances(self, seen: NDArray[np.float32]) -> Floats:
        """The chance of each kind (n, kinds); rows sum to 1."""
        found = _against_all(self.network.chances(seen), self.planted) * self.rate[1:]
        total = found.sum(axis=1, keepdims=True)
        wrong = found / np.maximum(total, 1)
        return np.concatenate([1 - wrong.sum(axis=1, keepdims=True), wrong], axis=1)


class Calibration(NamedTuple):
    """`objects` judges labelled objects by KINDS; `predictions` whether one shows an object that
    nobody labelled. `noticed` is the share of planted errors of each kind that it would call wrong
    (the last is of missing objects), `missing` the estimated share of all objects unlabelled."""

    objects: Odds
    predictions: Odds
    noticed: dict[str, float]
    missing: float


def calibrate(
    labels: Labels,
    predictions: Predictions,
    terms: Terms = Terms(),  # noqa: B008
    seed: int = 0,
) -> Calibration | None:
    """Learn from these labels, or from as many as are needed of them, drawn at random.

    The same labels, predictions and seed give the same calibration. None where there are fewer than
    FEWEST objects or no predictions: too little to learn from. Raises ValueError naming the column.
    """
    rng = np.random.default_rng(seed)
    labels, predictions = _some(labels, predictions, rng)
    n = len(labels.boxes)
    if n < FEWEST or len(predictions.score) == 0:
        return None
    cover = planting.covers(labels, predictions)
    spoilt = [planting.plant(labels, cover, rng) for _ in range(int(np.clip(ENOUGH // n, 1, 8)))]
    seen = [traits.of(one.labels, predictions, terms) for one in spoilt]
    plain = traits.of(labels, predictions, terms)
    # Rates are estimated on labels that the network has not seen: it knows the others by heart.
    held = rng.random(len(labels.start) - 1) < HELD_OUT
    of_labels, of_predictions = (_per_row(held, x.start) for x in (labels, predictions))
    objects = _odds(
        np.concatenate([one.objects for one in seen]),
        np.concatenate([np.searchsorted(KINDS, one.kind) for one in spoilt]),
        np.concatenate([_per_row(held, one.labels.start) for one in spoilt]),
        plain.objects[of_labels],
        seed,
    )
    gone = np.concatenate([_shows_gone(one, predictions, terms) for one in spoilt])
    unseen = _odds(
        np.concatenate([one.predictions for one in seen]),
        gone.astype(np.int64),
        np.tile(of_predictions, len(spoilt)),
        plain.predictions[of_predictions],
        seed,
    )
    lost = sum(len(one.gone.boxes) for one in spoilt)
    missing = unseen.rate[1] * len(predictions.score) * lost / max(gone.sum(), 1) / n
    return Calibration(objects, unseen, _noticed(objects, unseen, seen, spoilt, gone), missing)


def _per_row(of_groups: Bools, start: Ints) -> Bools:
    rows: Bools = np.repeat(of_groups, np.diff(start))
    return rows


def _some(
    labels: Labels, predictions: Predictions, rng: np.random.Generator
) -> tuple[Labels, Predictions]:
    """All images, or enough of them."""
    sizes = np.diff(labels.start)
    order = rng.permutation(len(sizes))
    chosen = np.sort(order[: 1 + np.searchsorted(np.cumsum(sizes[order]), MOST)])
    if len(chosen) == len(sizes):
        return labels, predictions
    mine, start = _rows(labels.start, chosen)
    theirs, shown = _rows(predictions.start, chosen)
    crowd = None if labels.crowd is None else labels.crowd[mine]
    return (
        Labels(labels.boxes[mine], labels.category[mine], start, crowd),
        Predictions(
            predictions.boxes[theirs],
            predictions.category[theirs],
            predictions.score[theirs],
            shown,
        ),
    )


def _rows(start: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    sizes = np.diff(start)[chosen]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.arange(ends[-1]) + np.repeat(np.asarray(start)[chosen] - ends[:-1], sizes)
    return rows, ends


def _odds(
    seen: NDArray[np.float32], kinds: Ints, held: Bools, plain: NDArray[np.float32], seed: int
) -> Odds:
    most = len(KINDS) if kinds.max(initial=0) > 1 else 2
    network = train(seen[~held], kinds[~held], most, replace(FIT, seed=seed))
    planted = (np.bincount(kinds[~held], minlength=most) + 1) / (np.sum(~held) + most)
    ratio = _against_all(network.chances(seen[held]), planted)
    as_it_comes = _against_all(network.chances(plain), planted)
    wrong = [_rate(as_it_comes[:, k], ratio[kinds[held] == k + 1, k]) for k in range(most - 1)]
    return Odds(network, planted, np.array([max(1 - sum(wrong), 0.0), *wrong]))


def _against_all(chance: Floats, planted: Floats) -> Floats:
    """How much denser each kind of planted error is here than labels as they come."""
    return chance[:, 1:] / np.maximum(chance[:, :1], 1e-9) * planted[0] / planted[1:]


def _rate(as_it_comes: Floats, planted: Floats) -> float:
    """The share of labels that are errors of a kind: the least ratio of how many labels, and how
    many planted errors, look at least so much like it."""
    if len(planted) < SPARSE or not len(as_it_comes):
        return 0.0
    most_like, ordered = np.sort(planted)[::-1], np.sort(as_it_comes)
    ranks = np.arange(max(SPARSE, len(planted) // 10), len(planted) + 1) - 1
    above = len(ordered) - np.searchsorted(ordered, most_like[ranks], side="left")
    # A standard error more: the least of many counts would be too little by chance alone.
    shares = (above + np.sqrt(above) + 1) / len(ordered) / ((ranks + 1) / len(planted))
    return float(min(shares.min(), 1))


def _shows_gone(one: Planted, predictions: Predictions, terms: Terms) -> Bools:
    """Whether each prediction shows an object that was left out."""
    gone = Labels(one.gone.boxes, one.gone.category, one.gone.start)
    shows: Bools = traits.matched(gone, predictions, terms, aware=True).truth[0] >= 0
    return shows


def _noticed(
    objects: Odds, unseen: Odds, seen: Sequence[Traits], spoilt: Sequence[Planted], gone: Bools
) -> dict[str, float]:
    kinds = np.concatenate([one.kind for one in spoilt])
    wrong = objects.chances(np.concatenate([one.objects for one in seen]))[:, 0] < 0.5
    found = {
        name: float(wrong[kinds == kind].mean()) if np.any(kinds == kind) else 0.0
        for name, kind in zip(NAMES, KINDS[1:], strict=True)
    }
    shown = unseen.chances(np.concatenate([one.predictions for one in seen]))[:, 1] >= 0.5
    lost = sum(len(one.gone.boxes) for one in spoilt)
    return found | {"missing": float((shown & gone).sum() / max(lost, 1))}
