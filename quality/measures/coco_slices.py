"""Average precision of parts of a set: of the images of each value of some metadata, say."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Bools, Floats, codes
from quality.measures.coco_eval import (
    REGIONS,
    Detections,
    Evaluation,
    Pairs,
    Terms,
    Truths,
    evaluate,
)


def of_slices(
    truths: Truths,
    detections: Detections,
    overlaps: Callable[[Pairs], Floats],
    n_classes: int,
    slice_of: ArrayLike,
    n_slices: int,
    terms: Terms = REGIONS,
) -> list[Evaluation]:
    """The evaluation of each slice by itself, as `coco_eval.evaluate` has the whole.

    `slice_of` (images,) is a code for each image. Every pair is compared once in all.
    """
    of = codes("slice_of", slice_of, n_slices)
    return [
        _of_part(truths, detections, overlaps, of.size, n_classes, of == k, terms)
        for k in range(n_slices)
    ]


def _of_part(
    truths: Truths,
    detections: Detections,
    overlaps: Callable[[Pairs], Floats],
    n_images: int,
    n_classes: int,
    chosen: Bools,
    terms: Terms,
) -> Evaluation:
    true, seen = np.flatnonzero(chosen[truths.image]), np.flatnonzero(chosen[detections.image])

    def of_part(pairs: Pairs) -> Floats:
        at = pairs._replace(truth=true[pairs.truth], detection=seen[pairs.detection])
        return overlaps(at)

    return evaluate(
        Truths._make(column[true] for column in truths),
        Detections._make(column[seen] for column in detections),
        of_part,
        n_images,
        n_classes,
        terms,
    )
