"""Labels made of objects merged: boxes, polygons, masks, keypoints and spans.

Objects of all answers on an asset are clustered once, with at most one an answer. A thing is held
for real when more than half of the weight drew it; its class is voted, its shape fused. What an
answer is judged by is the same without its say: the clusters stay, the others vote and fuse.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, combinations, pairwise, permutations
from typing import Any

import numpy as np

from quality.measures import merging_clusters, merging_masks, merging_shapes, shapes
from quality.measures.arrays import Floats, Ints, compiled
from quality.measures.boxes import frames
from quality.measures.merging_clusters import Overlaps, Rows
from quality.measures.merging_labels import Flat, Label, Object, Things, Whole, assembled
from quality.measures.merging_votes import EVEN, SURE, attributes, holds

LEAST = 0.5  # mean IoU (or OKS) from which objects of two people are one thing
TOUCH = 0.1  # overlaps below count as none: in a crowd they are most pairs

_FUSE: dict[str, Callable[[Sequence[Object], Rows, Floats, Overlaps], list[dict[str, Any]]]] = {
    "boxes": merging_shapes.boxes,
    "polygons": merging_shapes.polygons,
    "masks": merging_masks.masks,
    "keypoints": merging_shapes.keypoints,
    "spans": merging_shapes.spans,
}
FIELD = {"spans": "spans"}  # else `objects`


def merge_objects(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    weights: Sequence[Sequence[float]],
    defined: Mapping[str, Mapping[str, Any]],
    sigmas: Mapping[str, Sequence[float]] | None = None,
    sizes: Sequence[tuple[int, int] | None] | None = None,
) -> list[Whole]:
    """Merge the answers of each asset. `defined` are the ontology's attributes by key, `sigmas` the
    scatter of keypoints by class, `sizes` each picture's (width, height) in px."""
    field = FIELD.get(label_type, "objects")
    size = common(sizes or ())
    flat, overlaps, cluster = clustered(label_type, assets, weights, sigmas, size)
    answers = np.diff(flat.first)[flat.asset]
    rows = merging_clusters.rows(cluster, answers > 1)
    things = _things(label_type, flat, rows, cluster, overlaps, defined)
    if label_type == "boxes" and sizes is not None:
        _keep_inside(things.fused, flat, rows, overlaps, sizes)
    of_asset = _starts(things.asset, len(assets))
    return [
        assembled(a, field, assets[a], flat, rows, things, range(of_asset[a], of_asset[a + 1]))
        for a in range(len(assets))
    ]


def clustered(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    weights: Sequence[Sequence[float]],
    sigmas: Mapping[str, Sequence[float]] | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[Flat, Overlaps, Ints]:
    """The objects of all answers, how much they overlap, and the thing that each one is. `size` is
    that of all pictures, (width, height) in px, by which a lone point is measured."""
    flat = _flat(assets, weights, FIELD.get(label_type, "objects"))
    overlaps = _overlaps(label_type, flat, sigmas, size)
    return (
        flat, overlaps, merging_clusters.clusters(overlaps, flat.answer, flat.category, LEAST)
    )  # fmt: skip


def common(sizes: Sequence[tuple[int, int] | None]) -> tuple[int, int] | None:
    """The size that all pictures have, None where they differ or are not known."""
    several = {None if size is None else (size[0], size[1]) for size in sizes}
    return several.pop() if len(several) == 1 else None


def _keep_inside(
    fused: list[dict[str, Any]],
    flat: Flat,
    rows: Rows,
    overlaps: Overlaps,
    sizes: Sequence[tuple[int, int] | None],
) -> None:
    """A turned box that was fused may reach over the edge of the picture: then take a drawn one."""
    turned = [r for r, shape in enumerate(fused) if shape.get("angle")]
    if not turned:
        return
    middle = merging_clusters.medoids(rows, overlaps, flat.weight)
    for r in turned:
        size, one = sizes[flat.asset[middle[r]]], flat.objects[middle[r]]
        box, angle = np.array([fused[r]["box"]]), np.array([fused[r]["angle"]])
        left, top, right, bottom = frames(box, angle)[0]
        if size and (left < 0 or top < 0 or right > size[0] or bottom > size[1]):
            fused[r].update({"box": one["box"], "angle": one.get("angle") or 0.0})


def _overlaps(
    label_type: str,
    flat: Flat,
    sigmas: Mapping[str, Sequence[float]] | None,
    size: tuple[int, int] | None,
) -> Overlaps:
    """How much objects of different answers on an asset overlap. OKS depends on whose points are
    held for true: it is taken both ways, and the mean of both."""
    both = label_type == "keypoints"
    start = _starts(flat.answer, len(flat.weights))
    pairs = [
        (i, j)
        for low, high in pairwise(flat.first.tolist())
        for i, j in (permutations if both else combinations)(range(low, high), 2)
    ]
    given, truth = (
        np.concatenate([np.arange(0), *(np.arange(start[p[k]], start[p[k] + 1]) for p in pairs)])
        for k in (0, 1)
    )
    sides = [
        shapes.Side(
            [flat.objects[i] for i in column],
            np.cumsum([0, *(start[p[k] + 1] - start[p[k]] for p in pairs)]),
            np.zeros(len(column), bool),
        )
        for k, column in ((0, given), (1, truth))
    ]
    near = shapes.near(label_type, *sides, sigmas=sigmas, size=size)
    touching = near.overlap >= TOUCH
    overlap = near.overlap[touching] / (2 if both else 1)
    i, j = given[near.given[touching]], truth[near.truth[touching]]
    return merging_clusters.both_ways(i, j, overlap, start[-1])


def _flat(
    assets: Sequence[Sequence[Label]], weights: Sequence[Sequence[float]], field: str
) -> Flat:
    lists = [answer.get(field) or [] for answers in assets for answer in answers]
    objects = list(chain.from_iterable(lists))
    answer = np.repeat(np.arange(len(lists)), [len(x) for x in lists])
    sizes = [len(answers) for answers in assets]
    asset = np.repeat(np.arange(len(assets)), sizes)
    heights = np.array(list(chain.from_iterable(weights)), float)
    codes: dict[str, int] = {}
    category = np.array([codes.setdefault(x["class"], len(codes)) for x in objects], np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Flat(
        objects, asset[answer], answer, heights[answer], category, list(codes), first, heights
    )


def _starts(asset: Ints, n: int) -> Ints:
    return np.searchsorted(asset, np.arange(n + 1)).astype(np.int64)


def _things(
    label_type: str,
    flat: Flat,
    rows: Rows,
    cluster: Ints,
    overlaps: Overlaps,
    defined: Mapping[str, Mapping[str, Any]],
) -> Things:
    """Decide the class of every row, fuse its shape, and vote on what else its objects say."""
    n = cluster.max(initial=-1) + 1
    if not n:
        none = np.zeros(0, np.int64)
        return Things([], cluster, none, np.zeros(0), none)
    of_row = _classes(rows.member, rows.start, rows.without, flat.category, flat.weight)
    # Keypoints belong to a class's skeleton: who saw another class has no say in where they lie.
    narrowed = _of_class(rows, of_row, flat.category) if label_type == "keypoints" else rows
    fused = _FUSE[label_type](flat.objects, narrowed, flat.weight, overlaps)
    for shape, code in zip(fused, of_row.tolist(), strict=True):
        shape["class"] = flat.keys[code]
    _vote_the_rest(fused, flat, rows, of_row, defined)
    asset = np.zeros(n, np.int64)
    asset[cluster] = flat.asset
    whole = np.add.reduceat(flat.weights, flat.first[:-1]) if len(flat.first) > 1 else np.zeros(0)
    share = np.bincount(cluster, flat.weight, n) / whole[asset]
    without = np.full(len(cluster), -1)
    without[rows.without[n:]] = np.arange(n, len(rows.without))
    return Things(fused, cluster, asset, share, without)


@compiled
def _classes(member: Ints, start: Ints, without: Ints, category: Ints, weight: Floats) -> Ints:
    """The class of each row by weighted vote, as `merging_votes.vote` decides it."""
    found = np.zeros(len(without), np.int64)
    for r in range(len(found)):
        best, most, own = -1, 0.0, 0.0
        for m in range(start[r], start[r + 1]):
            votes = 0.0
            for k in range(start[r], start[r + 1]):
                if category[member[k]] == category[member[m]]:
                    votes += weight[member[k]]
            if best < 0 or votes > most * (1 + SURE):
                best, most = category[member[m]], votes
            if without[r] >= 0 and category[member[m]] == category[without[r]]:
                own = votes
        if without[r] >= 0 and own >= (EVEN - SURE) * most and own > 0:
            best = category[without[r]]
        found[r] = best
    return found


def _of_class(rows: Rows, of_row: Ints, category: Ints) -> Rows:
    """The same rows with only the members of each one's class."""
    row = np.repeat(np.arange(len(rows.without)), np.diff(rows.start))
    kept = category[rows.member] == of_row[row]
    sizes = np.bincount(row[kept], minlength=len(rows.without))
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return rows._replace(member=rows.member[kept], start=start)


def _vote_the_rest(
    fused: list[dict[str, Any]],
    flat: Flat,
    rows: Rows,
    of_row: Ints,
    defined: Mapping[str, Mapping[str, Any]],
) -> None:
    """Attributes by those who gave the row's class, and whether it stands for many, by all."""
    told = np.array([bool(x.get("attributes") or x.get("crowd")) for x in flat.objects], bool)
    if not told.any():
        return
    for r in np.flatnonzero(np.add.reduceat(told[rows.member], rows.start[:-1])):
        members = rows.member[rows.start[r] : rows.start[r + 1]]
        own = flat.objects[rows.without[r]] if rows.without[r] >= 0 else None
        same = [i for i in members if flat.category[i] == of_row[r]]
        merged, _ = attributes(
            [flat.objects[i].get("attributes") for i in same],
            flat.weight[same].tolist(),
            defined,
            None if own is None else own.get("attributes") or {},
        )
        if merged:
            fused[r]["attributes"] = merged
        crowd = np.array([bool(flat.objects[i].get("crowd")) for i in members])
        share = float(flat.weight[members][crowd].sum() / flat.weight[members].sum())
        if holds(share, None if own is None else bool(own.get("crowd"))):
            fused[r]["crowd"] = True
