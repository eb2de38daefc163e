"""How much the objects of two labels overlap, whatever their shape: one face for them all.

Objects are plain dicts as labels hold them. Shapes that are equal overlap by 1, even those without
area, which overlap nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures import boundary, boxes, keypoints, meetings, polygons, rle
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.meetings import Near

Object = Mapping[str, Any]
Sigmas = Sequence[float] | Mapping[str, Sequence[float]] | None


class Side(NamedTuple):
    """The objects of many labels of one side, given or true: `start` (labels + 1,) says where those
    of each label begin, `crowd` (n,) which stand for many."""

    objects: Sequence[Object]
    start: Ints
    crowd: Bools


def near(
    label_type: str,
    given: Side,
    truth: Side,
    *,
    least: float = 0.1,
    sigmas: Sigmas = None,
    rim: float | None = None,
    size: tuple[int, int] | None = None,
) -> Near:
    """The pairs of objects of one label that overlap, and how much.

    IoU of boxes (turned ones too), polygons, masks and spans (by characters); OKS of keypoints,
    of which pairs below `least` are left out. With `rim`, a share of the picture's diagonal, masks
    overlap by no more than their rims of this width do. `size` of the pictures, (width, height) in
    px, is asked where an object is one point. Raises ValueError naming the field of an object whose
    geometry is not finite, or not of the type's form.
    """
    if label_type == "keypoints":
        found = _keypoints(given, truth, least, sigmas, size)
    else:
        found = _OVERLAPS[label_type](given, truth)
    if label_type == "masks" and rim is not None:
        found = _with_rims(given, truth, *found, rim)
    return _with_equals(label_type, given, truth, *found)


def areas(label_type: str, objects: Sequence[Object]) -> Floats:
    """Area of each object, (n,) in px²: of boxes, polygons, masks and keypoints."""
    if label_type == "boxes":
        return _numbers(objects, "box", 4)[:, 2:].prod(axis=1)
    if label_type == "polygons":
        return polygons.areas(polygons.shapes([x["polygons"] for x in objects]))
    if label_type == "masks":
        return rle.areas(_read(objects))
    points = _points(objects, max((len(x["points"]) for x in objects), default=0))
    drawn = _numbers(objects, "box", 4, True)
    return keypoints.object_areas(keypoints.frames(points, drawn), drawn)


def _boxes(given: Side, truth: Side) -> tuple[Ints, Ints, Floats]:
    numbers = [_numbers(side.objects, "box", 4) for side in (given, truth)]
    if any(x[:, 2:].min(initial=0) < 0 for x in numbers):
        raise ValueError("box: expected a width and height of 0 or more")
    turns = [np.array([x.get("angle") or 0.0 for x in s.objects], float) for s in (given, truth)]
    if not all(np.isfinite(turn).all() for turn in turns):
        raise ValueError("angle: expected a finite number of degrees")
    frames = [boxes.frames(n, a) for n, a in zip(numbers, turns, strict=True)]
    i, j = _meeting(given, truth, frames)
    shared = boxes.shared_areas(frames[0][i], frames[1][j])
    turned = np.flatnonzero((turns[0][i] != 0) | (turns[1][j] != 0))
    if turned.size:
        drawn = [
            polygons.of_corners(boxes.corners(n[k[turned]], a[k[turned]]))
            for n, a, k in zip(numbers, turns, (i, j), strict=True)
        ]
        shared[turned] = polygons.shared_areas(*drawn)
    areas = [n[:, 2:].prod(axis=1) for n in numbers]
    return i, j, _ratios(given, truth, i, j, shared, areas)


def _polygons(given: Side, truth: Side) -> tuple[Ints, Ints, Floats]:
    drawn = [polygons.shapes([x["polygons"] for x in s.objects]) for s in (given, truth)]
    i, j = _meeting(given, truth, [polygons.frames(x) for x in drawn], meetings.MOST_EXACT)
    shared = polygons.shared_areas(drawn[0][i], drawn[1][j])
    areas = [polygons.areas(x) for x in drawn]
    return i, j, _ratios(given, truth, i, j, shared, areas)


def _masks(given: Side, truth: Side) -> tuple[Ints, Ints, Floats]:
    drawn = [_read(side.objects) for side in (given, truth)]
    i, j = _meeting(given, truth, [rle.frames(x) for x in drawn])
    shared = rle.shared_areas(drawn[0], drawn[1], i, j)
    areas = [rle.areas(x) for x in drawn]
    return i, j, _ratios(given, truth, i, j, shared, areas)


def _with_rims(
    given: Side, truth: Side, i: Ints, j: Ints, overlap: Floats, rim: float
) -> tuple[Ints, Ints, Floats]:
    """Boundary AP takes the lesser of both overlaps; a crowd has no outline of its own."""
    alone = np.flatnonzero(~given.crowd[i] & ~truth.crowd[j] & (overlap > 0))
    drawn = [_read(side.objects) for side in (given, truth)]
    of_rims = boundary.overlaps(drawn[0], drawn[1], i[alone], j[alone], rim)
    overlap[alone] = np.minimum(overlap[alone], of_rims)
    return i, j, overlap


def _spans(given: Side, truth: Side) -> tuple[Ints, Ints, Floats]:
    # A span is a box of height 1 on the line of characters.
    lines = [
        np.array([(x["start"], 0, x["end"], 1) for x in s.objects], float).reshape(-1, 4)
        for s in (given, truth)
    ]
    if any((~np.isfinite(x)).any() or (x[:, 2] < x[:, 0]).any() for x in lines):
        raise ValueError("start, end: expected finite offsets in this order")
    i, j = _meeting(given, truth, lines)
    shared = boxes.shared_areas(lines[0][i], lines[1][j])
    areas = [x[:, 2] - x[:, 0] for x in lines]
    return i, j, _ratios(given, truth, i, j, shared, areas)


def _keypoints(
    given: Side, truth: Side, least: float, sigmas: Sigmas, size: tuple[int, int] | None
) -> tuple[Ints, Ints, Floats]:
    most = max((len(x["points"]) for s in (given, truth) for x in s.objects), default=0)
    seen, known = (_points(s.objects, most) for s in (given, truth))
    boxes_seen, boxes_known = (_numbers(s.objects, "box", 4, True) for s in (given, truth))
    around, about = keypoints.frames(seen, boxes_seen), keypoints.frames(known, boxes_known)
    areas = keypoints.object_areas(about, boxes_known, size)
    scatter = _scatter(truth.objects, most, sigmas)
    reach = keypoints.reach(known, about, boxes_known, areas, scatter, least)
    i, j = meetings.meeting(keypoints.extents(seen, around), reach, given.start, truth.start)
    overlap = keypoints.pair_similarities(seen, known, areas, boxes_known, scatter, i, j)
    number = [np.array([len(x["points"]) for x in s.objects], int) for s in (given, truth)]
    other = number[0][i] != number[1][j]  # of another skeleton: points do not correspond
    if other.any():
        shared = boxes.shared_areas(around[i[other]], about[j[other]])
        sizes = [np.prod(x[:, 2:] - x[:, :2], axis=1) for x in (around, about)]
        overlap[other] = _ratios(given, truth, i[other], j[other], shared, sizes)
    return i, j, np.where(overlap >= least, overlap, 0)


def _meeting(
    given: Side, truth: Side, frames: Sequence[Floats], most: int = meetings.MOST
) -> tuple[Ints, Ints]:
    return meetings.meeting(frames[0], frames[1], given.start, truth.start, most)


def _ratios(
    given: Side, truth: Side, i: Ints, j: Ints, shared: Floats, areas: Sequence[Floats]
) -> Floats:
    return meetings.ratios(shared, areas[0][i], areas[1][j], given.crowd[i], truth.crowd[j])


def _with_equals(
    label_type: str, given: Side, truth: Side, i: Ints, j: Ints, overlap: Floats
) -> Near:
    fields = GEOMETRY[label_type]
    for k in np.flatnonzero(overlap == 0):
        one, other = given.objects[i[k]], truth.objects[j[k]]
        overlap[k] = all(one.get(f) == other.get(f) for f in fields)
    met = overlap > 0
    return Near(i[met], j[met], overlap[met])


def _read(objects: Sequence[Object]) -> rle.Masks:
    return rle.read([x["rle"] for x in objects], "objects")


def _numbers(objects: Sequence[Object], field: str, n: int, optional: bool = False) -> Floats:
    """The field of each object as a row of `n` numbers; nan where it is left out."""
    rows = [x.get(field) if optional else x[field] for x in objects]
    none = [np.nan] * n
    try:
        found = np.array([none if row is None else row for row in rows], float).reshape(-1, n)
    except ValueError:
        raise ValueError(f"{field}: expected {n} numbers") from None
    drawn = np.array([row is not None for row in rows], bool)
    if len(found) != len(rows) or not np.isfinite(found[drawn]).all():
        raise ValueError(f"{field}: expected {n} finite numbers")
    return found


def _points(objects: Sequence[Object], most: int) -> Floats:
    """[x, y, visibility] of each object's points, (n, most, 3); rows of zeros beyond its own."""
    found = np.zeros((len(objects), most, 3))
    for row, x in zip(found, objects, strict=True):
        if x["points"]:
            row[: len(x["points"])] = x["points"]
    if not np.isfinite(found).all():
        raise ValueError("points: expected finite numbers")
    return found


def _scatter(objects: Sequence[Object], most: int, sigmas: Sigmas) -> Floats:
    """σ of each point of each object, (n, most), by its class where they are given so."""
    found = np.full((len(objects), most), keypoints.USUAL_SCATTER)
    if sigmas is None:
        return found
    for row, x in zip(found, objects, strict=True):
        n = len(x["points"])
        own = (sigmas.get(x["class"]) or ()) if isinstance(sigmas, Mapping) else sigmas
        if len(own) == n:
            row[:n] = own
        elif not isinstance(sigmas, Mapping):
            raise ValueError(f"sigmas: expected {n} for the points of {x['class']}")
        # Else a class without figures, or a skeleton that has changed since: the usual ones.
    return found


_OVERLAPS: dict[str, Callable[[Side, Side], tuple[Ints, Ints, Floats]]] = {
    "boxes": _boxes,
    "polygons": _polygons,
    "masks": _masks,
    "spans": _spans,
}
GEOMETRY = {
    "boxes": ("box", "angle"),
    "polygons": ("polygons",),
    "masks": ("rle",),
    "spans": ("start", "end"),
    "keypoints": ("points",),
}
