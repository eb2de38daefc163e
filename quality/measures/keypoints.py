"""Keypoints: object keypoint similarity (OKS) of pairs, as COCO defines it."""

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled

# How far people who label COCO's 17 points of a body scatter, relative to the object's size
# (Ronchi and Perona 2017; the values of pycocotools).
BODY = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10  # fmt: skip  # noqa: E501


@compiled
def similarities(
    truths: Floats,
    visible: Bools,
    areas: Floats,
    boxes: Floats,
    detections: Floats,
    sigmas: Floats,
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
) -> Floats:
    """OKS of every pair of each group (see `coco_eval.Pairs`); (pairs,).

    `truths` (n, points, 2) with `visible` (n, points), `detections` (m, points, 2), in px. Where no
    point of a truth is labelled, a point counts by how far it lies outside the truth's box (n, 4)
    drawn double in each direction.
    """
    found = np.zeros(start[-1])
    n_points = truths.shape[1]
    scale = (2 * sigmas) ** 2
    for g in range(len(start) - 1):
        at = start[g]
        for d in range(detection_start[g], detection_start[g + 1]):
            for t in range(truth_start[g], truth_start[g + 1]):
                known = visible[t].sum()
                left, right = boxes[t, 0] - boxes[t, 2], boxes[t, 0] + 2 * boxes[t, 2]
                top, bottom = boxes[t, 1] - boxes[t, 3], boxes[t, 1] + 2 * boxes[t, 3]
                total = 0.0
                for p in range(n_points):
                    x, y = detections[d, p, 0], detections[d, p, 1]
                    if known == 0:
                        dx = max(0.0, left - x) + max(0.0, x - right)
                        dy = max(0.0, top - y) + max(0.0, y - bottom)
                    elif visible[t, p]:
                        dx, dy = x - truths[t, p, 0], y - truths[t, p, 1]
                    else:
                        continue
                    size = areas[t] + 2.220446049250313e-16
                    total += np.exp(-(dx * dx + dy * dy) / scale[p] / size / 2)
                found[at] = total / (known if known else n_points)
                at += 1
    return found
