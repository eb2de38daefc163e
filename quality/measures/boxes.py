"""Boxes: overlap of pairs, as [x, y, width, height] in px with x and y at the upper left."""

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled


@compiled
def overlaps(
    truths: Floats,
    detections: Floats,
    crowd: Bools,
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
) -> Floats:
    """Intersection over union of every pair of each group (see `coco_eval.Pairs`); (pairs,).

    `truths` (n, 4) and `detections` (m, 4) lie in the order of the groups. Against a crowd it is
    the share of the detection that lies inside, as a crowd holds many. Two boxes that do not meet
    overlap by 0; so do boxes without area.
    """
    found = np.zeros(start[-1])
    for g in range(len(start) - 1):
        at = start[g]
        for d in range(detection_start[g], detection_start[g + 1]):
            x, y, w, h = detections[d, 0], detections[d, 1], detections[d, 2], detections[d, 3]
            for t in range(truth_start[g], truth_start[g + 1]):
                wide = min(x + w, truths[t, 0] + truths[t, 2]) - max(x, truths[t, 0])
                high = min(y + h, truths[t, 1] + truths[t, 3]) - max(y, truths[t, 1])
                if wide > 0 and high > 0:
                    shared = wide * high
                    whole = w * h if crowd[t] else w * h + truths[t, 2] * truths[t, 3] - shared
                    found[at] = shared / whole
                at += 1
    return found


def frames(boxes: Floats, angles: Floats | None = None) -> Floats:
    """[left, top, right, bottom] of each box (n, 4), in px; around the corners of a turned one."""
    around = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    turned = np.zeros(0, np.int64) if angles is None else np.flatnonzero(angles)
    if turned.size:
        points = corners(boxes[turned], angles[turned])  # type: ignore[index]
        around[turned] = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return around


def corners(boxes: Floats, angles: Floats) -> Floats:
    """The four corners (n, 4, 2) of boxes turned by `angles`, degrees clockwise about the centre.

    Clockwise as seen on a screen, where y goes down.
    """
    turn = np.deg2rad(angles)[:, None]
    half = boxes[:, None, 2:] / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    dx = half[..., 0] * np.cos(turn) - half[..., 1] * np.sin(turn)
    dy = half[..., 0] * np.sin(turn) + half[..., 1] * np.cos(turn)
    middle = boxes[:, None, :2] + boxes[:, None, 2:] / 2
    return middle + np.stack([dx, dy], axis=-1)


def shared_areas(given: Floats, truth: Floats) -> Floats:
    """Area that each given frame shares with the truth's at the same position; (pairs,), in px²."""
    low = np.maximum(given[:, :2], truth[:, :2])
    high = np.minimum(given[:, 2:], truth[:, 2:])
    return np.prod(np.maximum(high - low, 0), axis=1)
