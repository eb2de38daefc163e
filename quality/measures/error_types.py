"""What is wrong with each detection: the error types of Bolya et al. 2020 (TIDE), by overlap.

An overlap of `SURE` or more is the same object, one of `NEAR` or more is about the same object.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints, compiled
from quality.measures.coco_eval import Detections, Pairs, Truths, pair_up

SURE, NEAR = 0.5, 0.1
TYPES = ("right", "duplicate", "wrong class", "low overlap", "ambiguous", "extra", "crowd")
RIGHT, DUPLICATE, WRONG_CLASS, LOW_OVERLAP, AMBIGUOUS, EXTRA, CROWD = range(len(TYPES))


class Errors(NamedTuple):
    """`of` (detections,) indexes TYPES; `about` (detections,) is the truth each is judged by, or
    -1; `missing` (truths,) is true where no detection speaks of a truth in any way."""

    of: NDArray[np.int8]
    about: Ints
    missing: Bools


def classify(
    truths: Truths,
    detections: Detections,
    overlaps: Callable[[Pairs], Floats],
    n_images: int,
) -> Errors:
    """The type of every detection, surest first: each truth is matched by one of its class.

    Of those left, in this order: low overlap (a truth of its class lies near), wrong class (it is
    the same object as a truth of another), duplicate (its truth is matched already), extra (nothing
    is near), and else ambiguous. Whatever is the same object as a crowd of its class is neither
    right nor wrong. `overlaps` as in `coco_eval.evaluate`.
    """
    everything = np.iinfo(np.int64).max
    one_class = [x._replace(category=np.zeros_like(x.category)) for x in (truths, detections)]
    pairs = pair_up(one_class[0], one_class[1], everything, n_images)  # type: ignore[arg-type]
    kind, about, met = _classify(
        pairs.truth_start,
        pairs.detection_start,
        pairs.start,
        overlaps(pairs),
        truths.category[pairs.truth],
        truths.crowd[pairs.truth],
        detections.category[pairs.detection],
        SURE,
        NEAR,
    )
    of = np.full(detections.score.size, EXTRA, np.int8)
    judged_by = np.full(detections.score.size, -1, np.int64)
    of[pairs.detection] = kind
    judged_by[pairs.detection] = np.where(about >= 0, np.append(pairs.truth, -1)[about], -1)
    missing = ~truths.ignored
    missing[pairs.truth[met]] = False
    return Errors(of, judged_by, missing)


@compiled
def _classify(  # noqa: PLR0912 - one kernel: calls between compiled functions cost more than branches
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
    overlap: Floats,
    truth_class: Ints,
    crowd: Bools,
    detection_class: Ints,
    sure: float,
    near: float,
) -> tuple[NDArray[np.int8], Ints, Bools]:
    kind = np.full(len(detection_class), 5, np.int8)
    about = np.full(len(detection_class), -1, np.int64)
    taken = np.zeros(len(truth_class), np.bool_)
    met = np.zeros(len(truth_class), np.bool_)
    for g in range(len(start) - 1):
        first, n = truth_start[g], truth_start[g + 1] - truth_start[g]
        for d in range(detection_start[g], detection_start[g + 1]):
            row = start[g] + (d - detection_start[g]) * n
            free, own, other, in_crowd = -1, -1, -1, False
            for j in range(n):
                t, share = first + j, overlap[row + j]
                if truth_class[t] != detection_class[d]:
                    if not crowd[t] and (other < 0 or share > overlap[row + other - first]):
                        other = t
                elif crowd[t]:
                    in_crowd = in_crowd or share >= sure
                else:
                    if own < 0 or share > overlap[row + own - first]:
                        own = t
                    better = free < 0 or share > overlap[row + free - first]
                    if not taken[t] and share >= sure and better:
                        free = t
            of_own = overlap[row + own - first] if own >= 0 else 0.0
            of_other = overlap[row + other - first] if other >= 0 else 0.0
            if free >= 0:
                kind[d], about[d], taken[free] = 0, free, True
            elif in_crowd:
                kind[d] = 6
            elif near <= of_own < sure:
                kind[d], about[d] = 3, own
            elif of_other >= sure and of_own < sure:
                kind[d], about[d] = 2, other
            elif of_own >= sure:
                kind[d], about[d] = 1, own
            elif of_other >= near:
                kind[d], about[d] = 4, other
            if about[d] >= 0 and kind[d] != 4:
                met[about[d]] = True
    return kind, about, met
