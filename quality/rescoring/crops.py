"""Labelled objects judged one by one where there is no model: does what is in the box look like its
class?

Every object is cut out of its picture, and a classifier that learnt from the objects of other
pictures says what it sees. It finds wrong classes alone: what is missing it cannot know.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import config, storage
from ops.db import transaction
from ops.errors import StorageError
from quality.measures import rle
from quality.rescoring import cleaning, crossval, features, looks, plan, reading
from quality.rescoring.plan import Task
from quality.rescoring.reading import Part
from quality.rescoring.sources import MOST_OBJECTS, Finding, silent

Array = np.ndarray
MOST_CROPS = 200_000  # objects that are cut out, the first of the labels
FEWEST_CROPS = 40
ROUND = 0.1  # of its size: what is left around an object, so that its outline is seen

_URIS = text("SELECT id, uri FROM asset WHERE id = ANY(:assets) ORDER BY id")


@dataclass(frozen=True)
class Crops:
    """Of every object that could be cut out: its asset, its place in the label, its class; and
    `chance` (n, k) of the classes `keys`, by a classifier that never saw its picture; `apart`
    (n, k), where the order is precision, by one that was never taught the class."""

    asset_id: Array
    place: Array
    given: Array
    keys: list[str]
    chance: Array
    apart: Array | None = None

    def only(self, assets: Sequence[int]) -> "Crops":
        """Those of these assets."""
        rows = np.isin(self.asset_id, assets)
        return Crops(
            self.asset_id[rows],
            self.place[rows],
            self.given[rows],
            self.keys,
            self.chance[rows],
            None if self.apart is None else self.apart[rows],
        )


def judged(
    sessions: sessionmaker[Session],
    task: Task,
    labels: plan.Labels,
    say: Callable[[str, int, int], None],
) -> Crops | None:
    """Cut out and judge the objects; None where there are too few, of one class, or no pictures."""
    found: list[tuple[int, int, str]] = []
    greys: list[Array] = []
    for asset, place, key, grey in _cut(sessions, task, labels, say):
        found.append((asset, place, key))
        greys.append(grey)
        if len(found) == MOST_CROPS:
            break
    keys = sorted({key for _, _, key in found})
    if len(found) < FEWEST_CROPS or len(keys) < 2:
        return None
    asset_id = np.array([asset for asset, _, _ in found])
    places = np.array([place for _, place, _ in found])
    given = np.array([keys.index(key) for _, _, key in found])
    numbers = features.of_greys(len(greys), greys, lambda _: None)
    chance = _by_folds(task, asset_id, given, numbers, len(keys))
    apart = None
    if task.settings.order == "precision" and task.settings.of_class in keys:
        of = keys.index(task.settings.of_class)
        apart = cleaning.without(numbers, given, len(keys), of, task.settings.seed)
    return Crops(asset_id, places, given, keys, chance, apart)


def _by_folds(task: Task, asset_id: Array, given: Array, numbers: Array, n_classes: int) -> Array:
    """Objects of one picture stand in one fold: what is beside an object gives its class away."""
    k, seed = task.settings.folds, task.settings.seed
    pictures, of = np.unique(asset_id, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(pictures))[of] % k
    chance = np.full((len(given), n_classes), 1 / n_classes)
    for index in range(k):
        held_out = fold == index
        if held_out.any() and not held_out.all():
            chance[held_out] = crossval.predict_fold(
                numbers, given, held_out, n_classes, crossval.Fit(seed=seed)
            )
    return chance


def _cut(
    sessions: sessionmaker[Session],
    task: Task,
    labels: plan.Labels,
    say: Callable[[str, int, int], None],
) -> Iterator[tuple[int, int, str, Array]]:
    from PIL import Image, UnidentifiedImageError

    settings, n = config.load(), len(labels.asset_id)
    for chosen in plan.chunks(labels, task.settings):
        with transaction(sessions) as session:
            part = reading.part(session, labels.consensus_id[chosen].tolist())
            uris = {row.id: row.uri for row in session.execute(_URIS, {"assets": part.asset_ids})}
        for i, (asset, label) in enumerate(zip(part.asset_ids, part.labels(), strict=True)):
            say("pictures cut", chosen.start + i + 1, n)
            try:
                data, _ = storage.read(uris.get(asset) or "", settings)
                with Image.open(io.BytesIO(data)) as opened:
                    picture = opened.convert("L")
            except (StorageError, UnidentifiedImageError, OSError):
                continue  # without its picture nothing can be said of it here
            for place, one in enumerate(label["objects"]):
                around = _around(one, picture.size)
                if around is not None:
                    grey = features.grey_of(picture.crop(around))
                    yield asset, place, one["class"], grey


def _around(one: dict[str, Any], size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The box around an object and a little more, in whole px; None where it has no area."""
    if one.get("crowd"):
        return None
    if "box" in one:
        x, y, w, h = one["box"]
        corners = np.array([[x, y], [x + w, y + h]])
    elif "polygons" in one:
        corners = np.concatenate([np.asarray(ring) for rings in one["polygons"] for ring in rings])
    elif "rle" in one:
        corners = rle.frames(rle.read([one["rle"]]))[0].reshape(2, 2)
    else:
        shown = [point[:2] for point in one["points"] if point[2] > 0]
        corners = np.array(shown or [[0.0, 0.0]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = ROUND * (high - low)
    x1, y1 = np.floor(np.maximum(low - margin, 0)).astype(int)
    x2, y2 = np.ceil(np.minimum(high + margin, size)).astype(int)
    return (int(x1), int(y1), int(x2), int(y2)) if x2 - x1 >= 2 and y2 - y1 >= 2 else None


def reference(task: Task, part: Part, crops: Crops) -> Finding:
    """What the classifier says of the labels of a chunk: each as right as its worst object."""
    below = task.settings.below
    found = silent(len(part.asset_ids))
    found.doubt = np.zeros(len(part.asset_ids), bool)
    right = crops.chance[np.arange(len(crops.given)), crops.given]
    position = {asset: i for i, asset in enumerate(part.asset_ids)}
    raw = part.labels()
    for row, p in enumerate(right.tolist()):
        i, best = position[int(crops.asset_id[row])], int(crops.chance[row].argmax())
        if np.isnan(found.score[i]) or p < found.score[i]:
            found.score[i], found.voices[i] = p, 1
        if best == crops.given[row] or p >= below or crops.chance[row, best] < below:
            continue
        one = raw[i]["objects"][int(crops.place[row])]
        found.error[i], found.doubt[i] = "wrong class", True
        if len(found.objects[i]) < MOST_OBJECTS:
            found.objects[i].append(_told(one, crops.keys[best], float(crops.chance[row, best])))
    if task.settings.order != "weighed":
        _look(found, task, raw, crops, position)
    return found


def _look(
    found: Finding,
    task: Task,
    labels: Sequence[dict[str, Any]],
    crops: Crops,
    position: dict[int, int],
) -> None:
    """A label is looked at for the sake of the object that speaks most for it; that one is shown,
    whatever else is wrong with the label."""
    shares = crops.chance if crops.apart is None else crops.apart
    of_each = looks.of_codes(task, crops.given, crops.keys, shares)
    found.look, found.why = np.full(len(labels), np.nan), [""] * len(labels)
    for row in np.argsort(-of_each, kind="stable").tolist():  # those of nan come last
        i = position[int(crops.asset_id[row])]
        if np.isnan(of_each[row]) or not np.isnan(found.look[i]):
            continue
        one = labels[i]["objects"][int(crops.place[row])]
        words = looks.of_shares(task, crops.keys, shares[row], looks.whose(task))
        found.look[i], found.why[i] = (
            of_each[row],
            f"{words}, of an object labelled {one['class']}.",
        )
        if one["id"] not in [told["given"] for told in found.objects[i]]:
            kind = "ambiguous" if task.settings.order == "entropy" else "wrong class"
            found.objects[i].append(_shown(one, kind, words))


def _told(one: dict[str, Any], key: str, chance: float) -> dict[str, Any]:
    return _shown(one, "wrong class", f"{one['class']} looks like {key} ({100 * chance:.0f} %)")


def _shown(one: dict[str, Any], kind: str, words: str) -> dict[str, Any]:
    told = {"kind": kind, "given": one["id"], "class": one["class"], "words": words}
    return told | ({"box": one["box"]} if "box" in one else {})
