"""How errors look to this reference, learnt from errors planted into these labels.

Some labels are spoilt on purpose (`planting`), and a small network learns to tell the spoilt from
the rest by what the reference says of them (`traits`). The rest holds real errors as well, so the
network's odds are those of a planted error against a label as it comes; how many of those are
wrong is estimated from where planted errors are densest (mixture proportion: Blanchard, Lee &
Scott, JMLR 11, 2010): no part of the labels can hold more errors than it has members.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints
from quality.rescoring import planting, traits
from quality.rescoring.crossval import Fit, Trained, train
from quality.rescoring.planting import DUPLICATE, EXTRA, LOW_OVERLAP, RIGHT, WRONG_CLASS, Planted
from quality.rescoring.traits import Labels, Predictions, Terms

KINDS = (RIGHT, WRONG_CLASS, LOW_OVERLAP, EXTRA, DUPLICATE)  # of objects, as planted
NAMES = ("wrong class", "low overlap", "extra", "duplicate")
FEWEST = 200  # objects from which it is worth while
ENOUGH, MOST = 120_000, 60_000  # objects to learn from, planted anew each time; of the labels
LIKELY = 0.5
COARSE = 200  # labels of which one is half a per cent
SPARSE = 20  # planted errors that a part must hold for its density to be known
FIT = Fit(hidden=64, epochs=12, batch=512, learning_rate=4e-3, weight_decay=1e-3, dropout=0.0,
          smoothing=0.0, layers=2)  # fmt: skip


class Odds(NamedTuple):
    """Networks that tell planted errors from labels as they come, each trained on its half of the
    labels; `planted` (kinds,) is the share of each kind among what they learnt from, `rate`
    (kinds,) what share of the labels is estimated to be so in truth, the first what is right."""

    networks: tuple[Trained, ...]
    planted: Floats
    rate: Floats

    def chances(self, seen: NDArray[np.float32]) -> Floats:
        """The chance of each kind (n, kinds); rows sum to 1."""
        several = [np.log(_denser(one.chances(seen), self.planted)) for one in self.networks]
        return _chances(np.exp(np.mean(several, axis=0)), self.rate)


def _denser(chance: Floats, planted: Floats) -> Floats:
    """How much denser each kind of planted error is there than labels as they come."""
    ratio = np.maximum(chance[:, 1:], 1e-12) / np.maximum(chance[:, :1], 1e-9)
    return ratio * planted[0] / planted[1:]


def _chances(denser: Floats, rate: Floats) -> Floats:
    found = denser * rate[1:]
    wrong = found / np.maximum(found.sum(axis=1, keepdims=True), 1)
    return np.concatenate([1 - wrong.sum(axis=1, keepdims=True), wrong], axis=1)


class Calibration(NamedTuple):
    """`objects` judges labelled objects by KINDS; `predictions` whether one shows an object that
    nobody labelled. `noticed` is the share of planted errors of each kind that would be called
    wrong, were errors as frequent as planted, by a network that has not learnt from them. `missing`
    is the estimated number of objects that nobody labelled, as a share of those that are."""

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
    # Each network is asked about the half that it has not seen: the other it knows by heart.
    half = rng.integers(0, 2, len(labels.start) - 1)
    plain = traits.of(labels, predictions, terms)
    spoilt = _spoilt(labels, predictions, terms, half, rng)
    of_labels, of_predictions = (_per_row(half, x.start) for x in (labels, predictions))
    objects, denser = _learn(spoilt.objects, len(KINDS), plain.objects, of_labels, seed)
    unseen, shown = _learn(spoilt.predictions, 2, plain.predictions, of_predictions, seed)
    gone = spoilt.predictions.kind == 1
    missing = unseen.rate[1] * len(predictions.score) * spoilt.lost / max(gone.sum(), 1) / n
    noticed = _noticed(_chances(denser, objects.planted), spoilt.objects.kind)
    told = _chances(shown, unseen.planted)[:, 1] >= LIKELY
    noticed["missing"] = float((told & gone).sum() / max(spoilt.lost, 1))
    return Calibration(objects, unseen, noticed, float(missing))


class Examples(NamedTuple):
    """What networks learn from: `seen` (n, traits), the `kind` (n,) of each, and in which `half`
    (n,) of the labels it is."""

    seen: NDArray[np.float32]
    kind: Ints
    half: Ints


class Spoilt(NamedTuple):
    """Errors planted several times over; `lost` objects were left out in all."""

    objects: Examples
    predictions: Examples
    lost: int


def _spoilt(
    labels: Labels, predictions: Predictions, terms: Terms, half: Ints, rng: np.random.Generator
) -> Spoilt:
    cover = planting.covers(labels, predictions)
    times = int(np.clip(ENOUGH // len(labels.boxes), 1, 8))
    made = [planting.plant(labels, cover, rng) for _ in range(times)]
    seen = [traits.of(one.labels, predictions, terms) for one in made]
    objects = Examples(
        np.concatenate([one.objects for one in seen]),
        np.concatenate([np.searchsorted(KINDS, one.kind) for one in made]),
        np.concatenate([_per_row(half, one.labels.start) for one in made]),
    )
    shown = Examples(
        np.concatenate([one.predictions for one in seen]),
        np.concatenate([_shows_gone(one, predictions, terms) for one in made]).astype(np.int64),
        np.tile(_per_row(half, predictions.start), times),
    )
    return Spoilt(objects, shown, sum(len(one.gone.boxes) for one in made))


def _per_row(of_groups: Ints, start: Ints) -> Ints:
    rows: Ints = np.repeat(of_groups, np.diff(start))
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


def _learn(
    spoilt: Examples, kinds: int, plain: NDArray[np.float32], half: Ints, seed: int
) -> tuple[Odds, Floats]:
    """Networks that have learnt `kinds` kinds, with rates; and how much denser each kind of planted
    error is about each example, by the network that has not seen it."""
    planted = (np.bincount(spoilt.kind, minlength=kinds) + 1) / (len(spoilt.kind) + kinds)
    fit = replace(FIT, seed=seed)
    if len(np.unique(spoilt.half)) < 2 or len(np.unique(half)) < 2:  # a single picture
        networks = (train(spoilt.seen, spoilt.kind, kinds, fit),) * 2
    else:
        learnt = [(spoilt.seen[spoilt.half != h], spoilt.kind[spoilt.half != h]) for h in (0, 1)]
        networks = tuple(train(seen, kind, kinds, fit) for seen, kind in learnt)  # type: ignore[assignment]
    denser, as_it_comes = (
        _unseen(networks, planted, *of) for of in ((spoilt.seen, spoilt.half), (plain, half))
    )
    wrong = [_rate(as_it_comes[:, k], denser[spoilt.kind == k + 1, k]) for k in range(kinds - 1)]
    rate = np.array([max(1 - sum(wrong), 0.0), *wrong])
    return Odds(networks, planted, rate / rate.sum()), denser


def _unseen(
    networks: tuple[Trained, ...], planted: Floats, seen: NDArray[np.float32], half: Ints
) -> Floats:
    found = np.empty((len(seen), len(planted) - 1))
    for h, network in enumerate(networks):
        found[half == h] = _denser(network.chances(seen[half == h]), planted)
    return found


def _rate(as_it_comes: Floats, planted: Floats) -> float:
    """The share of labels that are errors of a kind: the least ratio of how many labels, and how
    many planted errors, look at least so much like it."""
    if len(planted) < SPARSE or not len(as_it_comes):
        return 0.0
    most_like, ordered = np.sort(planted)[::-1], np.sort(as_it_comes)
    # One label more or less should not change the result by much: few labels, larger parts.
    least = min(max(0.1, COARSE / len(ordered)), 0.5)
    ranks = np.arange(max(SPARSE, int(len(planted) * least)), len(planted) + 1) - 1
    above = len(ordered) - np.searchsorted(ordered, most_like[ranks], side="left")
    # A standard error more: the least of many counts would be too little by chance alone.
    shares = (above + np.sqrt(above + 1)) / len(ordered) / ((ranks + 1) / len(planted))
    return float(min(shares.min(), 1))


def _shows_gone(one: Planted, predictions: Predictions, terms: Terms) -> Bools:
    """Whether each prediction shows an object that was left out."""
    gone = Labels(one.gone.boxes, one.gone.category, one.gone.start)
    shows: Bools = traits.matched(gone, predictions, terms, aware=True).truth[0] >= 0
    return shows


def _noticed(chance: Floats, kind: Ints) -> dict[str, float]:
    wrong = chance[:, 0] < 1 - LIKELY
    return {
        name: float(wrong[kind == k].mean()) if np.any(kind == k) else 0.0
        for k, name in enumerate(NAMES, start=1)
    }
