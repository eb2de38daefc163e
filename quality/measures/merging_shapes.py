"""The shape of one thing from the shapes that several people drew of it, row by row of clusters.

Boxes and keypoints take the weighted median of every coordinate, spans the boundary most voted for;
a polygon is the one that overlaps the others most, with exactly the vertices that somebody set.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled
from quality.measures.merging_clusters import Overlaps, Rows, medoids
from quality.measures.merging_votes import holds, median, vote

Object = Mapping[str, Any]
Shape = dict[str, Any]


def boxes(objects: Sequence[Object], rows: Rows, weight: Floats, overlaps: Overlaps) -> list[Shape]:
    """Weighted median of left, top, right and bottom; of turned boxes that of centre, sides and
    angle, each turned by right angles until it is nearest to the one that overlaps them most."""
    numbers = np.array([x["box"] for x in objects], float).reshape(-1, 4)
    edges = np.concatenate([numbers[:, :2], numbers[:, :2] + numbers[:, 2:]], axis=1)
    found = medians(rows.member, rows.start, edges, weight)
    found[:, 2:] -= found[:, :2]
    middle = medoids(rows, overlaps, weight)
    flat = (found[:, 2:] <= 0).any(axis=1)
    found[flat] = numbers[middle[flat]]
    shapes: list[Shape] = [{"box": box} for box in found.tolist()]
    angle = np.array([x.get("angle") or 0.0 for x in objects], float)
    if angle.any():
        turned = np.add.reduceat(angle[rows.member] != 0, rows.start[:-1])
        for r in np.flatnonzero(turned):
            members = rows.member[rows.start[r] : rows.start[r + 1]]
            shapes[r] = _turned(numbers[members], angle[members], angle[middle[r]], weight[members])
    return shapes


def _turned(numbers: Floats, angle: Floats, towards: float, weight: Floats) -> Shape:
    quarters = np.round((towards - angle) / 90)
    sides = np.where((quarters % 2 == 1)[:, None], numbers[:, :1:-1], numbers[:, 2:])
    columns = np.column_stack(
        [numbers[:, :2] + numbers[:, 2:] / 2, sides, angle + 90 * quarters - towards]
    )
    x, y, wide, high, turn = (median(column, weight) for column in columns.T)
    return {"box": [x - wide / 2, y - high / 2, wide, high], "angle": (towards + turn) % 360}


def polygons(
    objects: Sequence[Object], rows: Rows, weight: Floats, overlaps: Overlaps
) -> list[Shape]:
    """The polygons of the object that overlaps the others most."""
    return [
        {"polygons": [[[[*p] for p in ring] for ring in part] for part in objects[i]["polygons"]]}
        for i in medoids(rows, overlaps, weight)
    ]


def spans(objects: Sequence[Object], rows: Rows, weight: Floats, overlaps: Overlaps) -> list[Shape]:
    """Start and end by weighted vote, each; where there is no majority or they would meet, both as
    in the span that overlaps the others most."""
    found: list[Shape] = []
    for r, middle in enumerate(medoids(rows, overlaps, weight)):
        members = rows.member[rows.start[r] : rows.start[r + 1]]
        own = objects[rows.without[r]] if rows.without[r] >= 0 else None
        ends = {
            field: _boundary(
                [objects[i][field] for i in members],
                weight[members].tolist(),
                objects[middle][field],
                None if own is None else own[field],
            )
            for field in ("start", "end")
        }
        if ends["start"] >= ends["end"]:
            ends = {field: objects[middle][field] for field in ends}
        found.append(ends)
    return found


def _boundary(given: list[int], weights: list[float], middle: int, own: int | None) -> int:
    found = vote(given, weights, own)
    decided = holds(found.share) or found.value == own
    return int(found.value) if decided else middle


def keypoints(
    objects: Sequence[Object], rows: Rows, weight: Floats, overlaps: Overlaps
) -> list[Shape]:
    """Per point: labelled, and then visible, by weighted vote; the weighted median of those who
    labelled it. Objects with another number of points than the middle one's do not count."""
    most = max((len(x["points"]) for x in objects), default=0)
    points = np.full((len(objects), most, 3), np.nan)
    for row, x in zip(points, objects, strict=True):
        if x["points"]:
            row[: len(x["points"])] = x["points"]
    number = np.array([len(x["points"]) for x in objects])
    middle = medoids(rows, overlaps, weight)
    like = number[rows.member] == np.repeat(number[middle], np.diff(rows.start))
    heights = np.where(like, weight[rows.member], np.nan)
    seen = np.where((points[:, :, 2:] > 0), points[:, :, :2], np.nan)
    places = medians(rows.member, rows.start, seen.reshape(len(objects), -1), weight, like)
    labelled, visible = _visibility(rows, points[:, :, 2], heights)
    found: list[Shape] = []
    drawn = _boxes_drawn(objects, rows, weight)
    for r in range(len(rows.without)):
        n = number[middle[r]]
        v = np.where(labelled[r, :n], 1 + visible[r, :n], 0)
        place = np.where(labelled[r, :n, None], places[r].reshape(-1, 2)[:n], 0.0)
        shape: Shape = {
            "points": [[x, y, s] for (x, y), s in zip(place.tolist(), v.tolist(), strict=True)]
        }
        if drawn[r] is not None:
            shape["box"] = drawn[r]
        elif not v.any():  # no point that most of them labelled, and no box
            one = objects[middle[r]]
            shape = {f: copy.deepcopy(one[f]) for f in ("points", "box") if one.get(f) is not None}
        found.append(shape)
    return found


def _visibility(rows: Rows, v: Floats, heights: Floats) -> tuple[Bools, Bools]:
    """Which points of each row more than half of the weight labelled, and half of those saw."""
    seen = v[rows.member]
    each = np.nan_to_num(heights)[:, None]
    whole = np.add.reduceat(each, rows.start[:-1], axis=0)
    with np.errstate(invalid="ignore"):
        labelled = np.add.reduceat(each * (seen > 0), rows.start[:-1], axis=0)
        visible = np.add.reduceat(each * (seen > 1), rows.start[:-1], axis=0)
    return labelled > whole * (0.5 + 1e-9), visible > labelled * (0.5 - 1e-9)


def _boxes_drawn(objects: Sequence[Object], rows: Rows, weight: Floats) -> list[list[float] | None]:
    """The box of each row, where more than half of the weight drew one."""
    drawn = np.array([x.get("box") is not None for x in objects], bool)
    found: list[list[float] | None] = [None] * len(rows.without)
    if not drawn.any():
        return found
    corners = np.array([x.get("box") or [np.nan] * 4 for x in objects], float)
    corners[:, 2:] += corners[:, :2]
    middle = medians(rows.member, rows.start, corners, weight)
    heights = weight[rows.member]
    share = np.add.reduceat(heights * drawn[rows.member], rows.start[:-1])
    share /= np.add.reduceat(heights, rows.start[:-1])
    for r in np.flatnonzero(share > 0.5 + 1e-9):
        x, y, right, bottom = middle[r].tolist()
        if right > x and bottom > y:
            found[r] = [x, y, right - x, bottom - y]
    return found


def medians(
    member: Ints, start: Ints, values: Floats, weight: Floats, counted: Bools | None = None
) -> Floats:
    """Interpolated weighted median (see `merging_votes.median`) of every column over every row.

    `values` (objects, columns), nan where there is none; returns (rows, columns). `counted` says
    which members count.
    """
    some = np.ones(len(member), np.bool_) if counted is None else counted
    return _medians(member, start, np.ascontiguousarray(values), weight, some)


@compiled
def _medians(member: Ints, start: Ints, values: Floats, weight: Floats, counted: Bools) -> Floats:
    found = np.full((len(start) - 1, values.shape[1]), np.nan)
    widest = 0
    for r in range(len(found)):
        widest = max(widest, start[r + 1] - start[r])
    column, height = np.zeros(widest), np.zeros(widest)
    for r in range(len(found)):
        for c in range(values.shape[1]):
            n, total = 0, 0.0
            for m in range(start[r], start[r + 1]):
                value = values[member[m], c]
                if not counted[m] or np.isnan(value):
                    continue
                at = n  # insertion sort: clusters are small
                while at > 0 and column[at - 1] > value:
                    column[at], height[at] = column[at - 1], height[at - 1]
                    at -= 1
                column[at], height[at] = value, weight[member[m]]
                total += weight[member[m]]
                n += 1
            if n == 0:
                continue
            before, place, gone = -1.0, column[0], 0.0
            for i in range(n):
                middle = (gone + height[i] / 2) / total
                if middle >= 0.5:
                    if i > 0 and middle > before:
                        part = (0.5 - before) / (middle - before)
                        place = column[i - 1] + part * (column[i] - column[i - 1])
                    else:
                        place = column[i]
                    break
                before, place = middle, column[i]
                gone += height[i]
            found[r, c] = place
    return found
