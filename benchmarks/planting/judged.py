"""How well planted errors are ranked: by ours, and by cleanlab's ObjectLab."""

import importlib.util
import time
from typing import Any, NamedTuple

import numpy as np

from benchmarks.planting.model import Said
from benchmarks.planting.scenes import CLASSES, EXTRA, RIGHT, SHIFTED, WRONG_CLASS, Labelled, Scene
from quality.measures import boxes, coco_eval
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.matching import match
from quality.rescoring import detection
from quality.rescoring.calibration import Calibration

OF_OBJECTS = {
    "wrong class": (WRONG_CLASS, detection.WRONG_CLASS),
    "low overlap": (SHIFTED, detection.LOW_OVERLAP),
    "extra": (EXTRA, detection.EXTRA),
}


class Ranked(NamedTuple):
    """Our scores beside the truth; `shows` (predictions,) is true where one shows an object that
    was left out, `lost` how many were left out of each image."""

    scene: Scene
    labelled: Labelled
    said: Said
    scores: detection.Scores
    calibration: Calibration | None
    shows: Bools
    lost: Ints

    def within(self, images: int) -> "Ranked":
        """The first images alone."""
        mine, theirs = self.labelled.image < images, self.said.image < images
        return self._replace(
            labelled=self.labelled._replace(
                image=self.labelled.image[mine], planted=self.labelled.planted[mine]
            ),
            said=self.said._replace(image=self.said.image[theirs]),
            scores=self.scores._replace(
                quality=self.scores.quality[:images],
                error=self.scores.error[:images],
                chance=self.scores.chance[mine],
                missing=self.scores.missing[theirs],
            ),
            shows=self.shows[theirs],
            lost=self.lost[:images],
        )

    def average_precision(self) -> dict[str, dict[str, float]]:
        """By type of error, with how many there are."""
        found = {}
        for name, (kind, error) in OF_OBJECTS.items():
            right = self.labelled.planted == kind
            found[name] = _ap(self.scores.chance[:, error], right, int(right.sum()))
        found["missing"] = _ap(self.scores.missing, self.shows, int(self.lost.sum()))
        return found

    def figures(self) -> dict[str, Any]:
        """All that can be said of the ranking."""
        bad = np.zeros(len(self.scores.quality), bool)
        bad[self.labelled.image[self.labelled.planted != RIGHT]] = True
        bad |= self.lost > 0
        suspect = self.scores.error != detection.RIGHT
        found: dict[str, Any] = {"average_precision": self.average_precision()}
        found["labels"] = {
            "wrong": int(bad.sum()),
            "average_precision": _ap(1 - self.scores.quality, bad, int(bad.sum()))["ap"],
            "suspects": int(suspect.sum()),
            "precision": round(float(bad[suspect].mean()), 3) if suspect.any() else None,
            "recall": round(float(suspect[bad].mean()), 3) if bad.any() else None,
        }
        if self.calibration is not None:
            names = ("right", "wrong class", "low overlap", "extra", "duplicate")
            rates = dict(zip(names, self.calibration.objects.rate.round(4).tolist(), strict=True))
            found["estimated_rates"] = rates | {"missing": round(self.calibration.missing, 4)}
        return found


def ours(scene: Scene, labelled: Labelled, said: Said) -> Ranked:
    """Calibrate on the labels as they are, and score them."""
    n = scene.n_images
    labels = detection.Labels(labelled.boxes, labelled.category, _start(labelled.image, n))
    predictions = detection.Predictions(
        said.boxes, said.category, said.score, _start(said.image, n)
    )
    calibration = detection.calibrate(labels, predictions)
    scores = detection.score(labels, predictions, calibration=calibration)
    return Ranked(
        scene,
        labelled,
        said,
        scores,
        calibration,
        _shows(scene, labelled, said),
        np.bincount(scene.image[labelled.dropped], minlength=n),
    )


def objectlab(scene: Scene, labelled: Labelled, said: Said, images: int) -> dict[str, Any] | str:
    """The same of ObjectLab: its scores of swapped, badly located and overlooked boxes."""
    if importlib.util.find_spec("cleanlab") is None:
        return "not installed"
    from cleanlab.object_detection import rank

    labels, predictions, order = _for_objectlab(labelled, said, images)
    start = time.perf_counter()
    located = -np.concatenate(
        rank.compute_badloc_box_scores(labels=labels, predictions=predictions)
    )
    swapped = -np.concatenate(rank.compute_swap_box_scores(labels=labels, predictions=predictions))
    overlooked = rank.compute_overlooked_box_scores(labels=labels, predictions=predictions)
    seconds = time.perf_counter() - start
    planted = labelled.planted[labelled.image < images]
    shows = _shows(scene, labelled, said)[order]
    lost = int(np.sum(scene.image[labelled.dropped] < images))
    missed = -np.nan_to_num(np.concatenate(overlooked), nan=1.0)
    by_type = {"wrong class": swapped, "low overlap": located, "extra": located}
    found: dict[str, Any] = {
        name: _ap(
            score, planted == OF_OBJECTS[name][0], int((planted == OF_OBJECTS[name][0]).sum())
        )
        for name, score in by_type.items()
    }
    return found | {"missing": _ap(missed, shows, lost), "seconds": round(seconds, 2)}


def _for_objectlab(
    labelled: Labelled, said: Said, images: int
) -> tuple[list[dict[str, Any]], list[Any], Ints]:
    """Corners instead of sides, a list an image, predictions by class; and which prediction is
    which: its order is by image, then class."""
    given, shown = (
        np.concatenate([x[:, :2], x[:, :2] + x[:, 2:]], axis=1)
        for x in (labelled.boxes, said.boxes)
    )
    a, b = _start(labelled.image, images), _start(said.image, images)
    order = np.lexsort((said.category, said.image))[: b[-1]]
    rows = np.column_stack([shown, said.score])[order]
    labels = [
        {"bboxes": given[a[i] : a[i + 1]], "labels": labelled.category[a[i] : a[i + 1]]}
        for i in range(images)
    ]
    predictions = []
    for i in range(images):
        of_class = np.searchsorted(said.category[order][b[i] : b[i + 1]], np.arange(1, CLASSES))
        parts = np.empty(CLASSES, dtype=object)
        parts[:] = np.split(rows[b[i] : b[i + 1]], of_class)
        predictions.append(parts)
    return labels, predictions, order


def of_the_reference(scene: Scene, said: Said) -> float:
    """COCO's average precision of the predictions against the truth."""
    none = np.zeros(len(scene.boxes), bool)
    found = coco_eval.evaluate(
        coco_eval.Truths(scene.image, scene.category, _areas(scene.boxes), none, none),
        coco_eval.Detections(said.image, said.category, _areas(said.boxes), said.score),
        lambda p: boxes.overlaps(
            scene.boxes[p.truth],
            said.boxes[p.detection],
            none[p.truth],
            p.truth_start,
            p.detection_start,
            p.start,
        ),
        scene.n_images,
        CLASSES,
    )
    return round(found.mean_precision(), 3)


def _areas(sides: Floats) -> Floats:
    found: Floats = sides[:, 2] * sides[:, 3]
    return found


def _start(image: Ints, images: int) -> Ints:
    return np.searchsorted(image, np.arange(images + 1))


def _shows(scene: Scene, labelled: Labelled, said: Said) -> Bools:
    """Whether each prediction is matched to an object that nobody labelled."""
    n = scene.n_images
    found = match(
        scene.boxes,
        scene.category,
        said.boxes,
        said.category,
        said.score,
        _start(scene.image, n),
        _start(said.image, n),
        [0.5],
    )
    shows: Bools = np.append(labelled.dropped, False)[found.truth[0]]
    return shows


def _ap(score: Floats, right: Bools, n: int) -> dict[str, float]:
    """Average precision of a ranking, of equals the worst order; `n` errors there are in all."""
    order = np.lexsort((right, -score))
    hits = np.cumsum(right[order])
    precise = hits / np.arange(1, len(hits) + 1)
    return {"ap": round(float(precise[right[order]].sum() / max(n, 1)), 3), "n": n}
