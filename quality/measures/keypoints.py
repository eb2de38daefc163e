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


# For skeletons without figures of their own: the mean scatter of a body's points.
USUAL_SCATTER = float(BODY.mean())
# The side of the square that stands for an object of which one point alone is known, as a share of
# the picture's diagonal: 32 px, COCO's bound of what is small, in a picture of 640 × 480 px.
ONE_POINT = 0.04
USUAL_SIZE = (640, 480)


def frames(points: Floats, boxes: Floats) -> Floats:
    """[left, top, right, bottom] of each object, (n, 4) in px: of its box, else of its points.

    `points` (n, k, 3) with visibility (0 where not labelled), `boxes` (n, 4), nan where none is
    drawn. Far away where nothing is known.
    """
    known = points[:, :, 2:] > 0
    low = np.where(known, points[:, :, :2], np.inf).min(axis=1, initial=np.inf)
    high = np.where(known, points[:, :, :2], -np.inf).max(axis=1, initial=-np.inf)
    around = np.concatenate([low, high], axis=1)
    around[~known[:, :, 0].any(axis=1)] = -1e300
    drawn = np.isfinite(boxes).all(axis=1)
    around[drawn, :2] = boxes[drawn, :2]
    around[drawn, 2:] = boxes[drawn, :2] + boxes[drawn, 2:]
    return around


def object_areas(frames: Floats, boxes: Floats, size: tuple[float, float] | None = None) -> Floats:
    """The area, in px², that distances are measured by; (n,).

    COCO takes a person's outline. Here it is the box; where only points are known, their frame with
    each side at least half the other; and of one point alone a square of 4 % of the diagonal of the
    picture, whose `size` is (width, height) in px.
    """
    alone = ONE_POINT * float(np.hypot(*(size or USUAL_SIZE)))
    drawn = np.isfinite(boxes).all(axis=1)
    sides = np.clip(frames[:, 2:] - frames[:, :2], 0, None)
    longest = sides.max(axis=1, initial=0)
    estimated = np.maximum(sides, longest[:, None] / 2).prod(axis=1)
    estimated = np.where(longest > 0, estimated, alone**2)
    return np.where(drawn, sides.prod(axis=1), estimated)


def pair_similarities(
    given: Floats, truth: Floats, areas: Floats, boxes: Floats, sigmas: Floats, i: Ints, j: Ints
) -> Floats:
    """OKS of given object i[k] and true object j[k], of any skeleton; (pairs,), in [0, 1].

    `given` (n, points, 3), `truth` (m, points, 3) as [x, y, visibility] with rows of visibility 0
    beyond the points of a skeleton, `areas` (m,) px², `boxes` (m, 4) nan where none, `sigmas`
    (m, points). The mean over points that the truth has of exp(-d² / (2 · area · (2σ)²)) (Lin et
    al., COCO); a point that the given object leaves out counts 0. Where the truth has no point, a
    given one counts by how far it lies outside the truth's box drawn double, as COCO has it.
    """
    found = np.zeros(len(i))
    for low in range(0, len(i), 65536):
        a, b = i[low : low + 65536], j[low : low + 65536]
        seen, known = given[a, :, 2] > 0, truth[b, :, 2] > 0
        none = ~known.any(axis=1)
        away = given[a, :, :2] - truth[b, :, :2]
        if none.any():
            corner, side = boxes[b[none], None, :2], boxes[b[none], None, 2:]
            at = given[a[none], :, :2]
            outside = np.maximum(corner - side - at, 0) + np.maximum(at - corner - 2 * side, 0)
            away[none], known[none] = np.nan_to_num(outside, nan=np.inf), seen[none]
        scale = 2 * (2 * sigmas[b]) ** 2 * (areas[b, None] + np.finfo(float).eps)
        near = np.where(seen & known, np.exp(-np.square(away).sum(axis=2) / scale), 0)
        found[low : low + 65536] = near.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return found


def extents(points: Floats, frames: Floats) -> Floats:
    """The frame of each object together with its labelled points, (n, 4) in px."""
    known = points[:, :, 2:] > 0
    low = np.where(known, points[:, :, :2], frames[:, None, :2]).min(axis=1, initial=np.inf)
    high = np.where(known, points[:, :, :2], frames[:, None, 2:]).max(axis=1, initial=-np.inf)
    low, high = np.minimum(low, frames[:, :2]), np.maximum(high, frames[:, 2:])
    return np.concatenate([low, high], axis=1)


def reach(
    points: Floats, frames: Floats, boxes: Floats, areas: Floats, sigmas: Floats, least: float
) -> Floats:
    """The frame of each true object within which a point must lie for an OKS of `least` or more.

    A mean of `least` needs one point of so much: at most sqrt(2 ln(1/least) area) 2σ away.
    """
    around = extents(points, frames)
    none = ~(points[:, :, 2] > 0).any(axis=1) & np.isfinite(boxes).all(axis=1)
    around[none] += np.concatenate([-boxes[none, 2:], boxes[none, 2:]], axis=1)
    widest = 2 * sigmas.max(axis=1, initial=0) * np.sqrt(-2 * np.log(least) * areas)
    return around + widest[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
