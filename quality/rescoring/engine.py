"""Where boxes are matched: by the compiled kernel, or on a GPU where that is sooner."""

from typing import Any

import numpy as np

from quality.measures import matching
from quality.measures.matching import Matches

# Below so many pairs a GPU takes longer to be asked than the compiled kernel takes to answer.
WORTH_A_DEVICE = 2_000_000


def match(*columns: Any, place: str | None = None, pairs: int) -> Matches:
    """As `matching.match`, the same wherever it is reckoned.

    `place` names a device of torch; None is the compiled kernel, or a GPU if there is one and work
    enough for it. On a device at most `pairs` pairs are looked at together.
    """
    if place is None and _pairs(*columns) >= WORTH_A_DEVICE:
        import torch

        place = "cuda" if torch.cuda.is_available() else None
    if place is None:
        return matching.match(*columns)
    from quality.rescoring import kernels

    return kernels.match(*columns, place=place, pairs=pairs)


def _pairs(*columns: Any) -> int:
    truths, detections = (np.diff(np.asarray(columns[i])) for i in (5, 6))
    return int((truths * detections).sum())
