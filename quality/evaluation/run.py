"""Average precision of a results file against a file of truths."""

from collections.abc import Callable
from pathlib import Path

from ops.errors import InvalidInput
from quality.evaluation import coco_files as files
from quality.evaluation.coco_files import Found, Known
from quality.measures import boxes, coco_eval, keypoints, masks
from quality.measures.arrays import Floats, Ints
from quality.measures.coco_eval import Evaluation, Pairs, Terms


def evaluate(truths: Path, results: Path, kind: str) -> tuple[Known, Evaluation]:
    """Evaluate `results` of kind bbox, segm or keypoints. Raises InvalidInput."""
    known = files.read_truths(truths, kind)
    found = files.read_results(results, kind, known)
    overlaps = _OVERLAPS[kind](truths, known, results, found)
    return known, coco_eval.evaluate(
        known.truths,
        found.detections,
        overlaps,
        len(known.images),
        len(known.classes),
        terms_of(kind),
    )


def terms_of(kind: str) -> Terms:
    """Ranges of size and numbers of detections that go with a kind."""
    return coco_eval.POSES if kind == "keypoints" else coco_eval.REGIONS


def _of_boxes(truths: Path, known: Known, results: Path, found: Found) -> Callable[[Pairs], Floats]:
    true = files.boxes(truths, "annotations", known.items)
    seen = files.boxes(results, "", found.items)
    return lambda p: boxes.overlaps(
        true[p.truth],
        seen[p.detection],
        known.truths.crowd[p.truth],
        p.truth_start,
        p.detection_start,
        p.start,
    )


def _of_masks(truths: Path, known: Known, results: Path, found: Found) -> Callable[[Pairs], Floats]:
    def overlaps(p: Pairs) -> Floats:
        # Only shapes that meet another of their image and class are drawn.
        true = [known.items[i] for i in p.truth]
        seen = [found.items[i] for i in p.detection]
        return masks.overlaps(
            files.masks(truths, "annotations", true, _sizes(known, known.truths.image[p.truth])),
            files.masks(results, "", seen, _sizes(known, found.detections.image[p.detection])),
            known.truths.crowd[p.truth],
            p.truth_start,
            p.detection_start,
            p.start,
        )

    return overlaps


def _sizes(known: Known, images: Ints) -> list[tuple[int, int]]:
    return [known.sizes[i] for i in images]


def _of_points(
    truths: Path, known: Known, results: Path, found: Found
) -> Callable[[Pairs], Floats]:
    true, visible = files.points(truths, "annotations", known.items)
    seen, _ = files.points(results, "", found.items)
    around = files.boxes(truths, "annotations", known.items)
    points = true.shape[1]
    if points != len(keypoints.BODY):
        raise InvalidInput(
            f"{truths}: annotations[0].keypoints: expected COCO's 17 points, got {points}",
            field="keypoints",
        )
    if found.items and seen.shape[1] != points:
        raise InvalidInput(
            f"{results}: [0].keypoints: expected {points} points, got {seen.shape[1]}",
            field="keypoints",
        )
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
