"""Average precision of a results file against a file of truths."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from quality.evaluation import coco_files as files
from quality.evaluation import coco_shapes
from quality.evaluation.coco_files import Found, Known
from quality.measures import boxes, coco_eval, coco_slices, error_types, keypoints, masks
from quality.measures.arrays import Floats
from quality.measures.coco_eval import Detections, Evaluation, Pairs, Terms
from quality.measures.error_types import Errors


def evaluate(truths: Path, results: Path, kind: str) -> tuple[Known, Evaluation]:
    """Evaluate `results` of kind bbox, segm or keypoints. Raises InvalidInput."""
    known, found = read(truths, results, kind)
    return known, coco_eval.evaluate(
        known.truths,
        found.detections,
        _OVERLAPS[kind](known, found),
        len(known.images),
        len(known.classes),
        terms_of(kind),
    )


def by_field(
    truths: Path, results: Path, kind: str, field: str
) -> tuple[Known, dict[str, Evaluation]]:
    """The same of the images of each value of a field of theirs ("" where an image has none), by
    themselves. Raises InvalidInput."""
    known, found = read(truths, results, kind)
    slice_of, values = files.values_of(truths, field, known)
    parts = coco_slices.of_slices(
        known.truths,
        found.detections,
        _OVERLAPS[kind](known, found),
        len(known.classes),
        slice_of,
        len(values),
        terms_of(kind),
    )
    return known, dict(zip(values, parts, strict=True))


def errors(truths: Path, results: Path, kind: str, least: float) -> tuple[Known, Found, Errors]:
    """What is wrong with each result of a score of `least` or more. Raises InvalidInput."""
    known, found = read(truths, results, kind)
    kept = np.flatnonzero(found.detections.score >= least)
    seen = found.detections
    chosen = Detections(seen.image[kept], seen.category[kept], seen.area[kept], seen.score[kept])
    found = Found(found.path, chosen, [found.items[i] for i in kept])
    overlaps = _OVERLAPS[kind](known, found)
    wrong = error_types.classify(known.truths, found.detections, overlaps, len(known.images))
    return known, found, wrong


def read(truths: Path, results: Path, kind: str) -> tuple[Known, Found]:
    """Both files. Raises InvalidInput naming file and field."""
    known = files.read_truths(truths, kind)
    return known, files.read_results(results, kind, known)


def terms_of(kind: str) -> Terms:
    """Ranges of size and numbers of detections that go with a kind."""
    return coco_eval.POSES if kind == "keypoints" else coco_eval.REGIONS


def _of_boxes(known: Known, found: Found) -> Callable[[Pairs], Floats]:
    true, seen = coco_shapes.boxes(known.items), coco_shapes.boxes(found.items)
    return lambda p: boxes.overlaps(
        true[p.truth],
        seen[p.detection],
        known.truths.crowd[p.truth],
        p.truth_start,
        p.detection_start,
        p.start,
    )


def _of_masks(known: Known, found: Found) -> Callable[[Pairs], Floats]:
    sizes = np.array(known.sizes, np.int64).reshape(-1, 2)

    def overlaps(p: Pairs) -> Floats:
        # Only shapes that meet another of their image and class are drawn.
        drawn_on = sizes[known.truths.image[p.truth]]
        true = coco_shapes.masks(known.path, "annotations", known.items, p.truth, drawn_on)
        crowd, starts = known.truths.crowd[p.truth], (p.truth_start, p.detection_start, p.start)
        if found.masks is not None:
            return masks.overlaps(true, found.masks, crowd, *starts, of=p.detection)
        drawn_on = sizes[found.detections.image[p.detection]]
        seen = coco_shapes.masks(found.path, "", found.items, p.detection, drawn_on)
        return masks.overlaps(true, seen, crowd, *starts)

    return overlaps


def _of_points(known: Known, found: Found) -> Callable[[Pairs], Floats]:
    body = len(keypoints.BODY)
    true, visible = coco_shapes.points(known.path, "annotations", known.items, body)
    seen, _ = coco_shapes.points(found.path, "", found.items, body)
    around = coco_shapes.boxes(known.items)
    return lambda p: keypoints.similarities(
        true[p.truth],
        visible[p.truth],
        known.truths.area[p.truth],
        around[p.truth],
        seen[p.detection],
        keypoints.BODY,
        p.truth_start,
        p.detection_start,
        p.start,
    )


_OVERLAPS = {"bbox": _of_boxes, "segm": _of_masks, "keypoints": _of_points}
