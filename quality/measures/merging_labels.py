"""Labels put together from the things that several people drew: what most hold for real, who drew
what, and for each answer what the others hold for real."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures.arrays import Floats, Ints
from quality.measures.merging_clusters import Rows
from quality.measures.merging_votes import holds

Label = Mapping[str, Any]
Object = Mapping[str, Any]


class Flat(NamedTuple):
    """Objects of all answers on all assets, parallel: the `asset`, the `answer` counted through all
    assets, the `weight` of that answer, the code of the class (`keys` holds their names); `first`
    (assets + 1,) is where the answers of each asset begin, `weights` those of all answers."""

    objects: list[Object]
    asset: Ints
    answer: Ints
    weight: Floats
    category: Ints
    keys: list[str]
    first: Ints
    weights: Floats


class Things(NamedTuple):
    """What stands in each row (see `merging_clusters.Rows`): the object that was fused, and of the
    whole clusters the `cluster` of each object, each one's `asset`, `share` of its asset's weight
    and the row of each object's cluster without it (-1 where nothing is left)."""

    fused: list[dict[str, Any]]
    cluster: Ints
    asset: Ints
    share: Floats
    without: Ints


class Whole(NamedTuple):
    """One asset merged: the label, how sure it is, who drew what, and for each answer what the
    others make of the asset."""

    label: dict[str, Any]
    probability: float
    support: dict[str, Any]
    others: list[dict[str, Any]]


def assembled(
    a: int,
    field: str,
    answers: Sequence[Label],
    flat: Flat,
    rows: Rows,
    things: Things,
    clusters: range,
) -> Whole:
    """The label of asset `a` from its clusters, who drew what, and the same without each answer."""
    first = int(flat.first[a])
    weights = flat.weights[first : flat.first[a + 1]]
    ids = {c: str(k) for k, c in enumerate(clusters, 1)}
    support = {ids[c]: _support(c, flat, rows, things, first) for c in clusters}
    kept = {c: None for c in clusters if holds(things.share[c])}
    label = {field: [{"id": ids[c], **things.fused[c]} for c in kept]}
    chances = [
        things.share[c] * support[ids[c]]["class"][things.fused[c]["class"]]
        if c in kept
        else 1 - things.share[c]
        for c in clusters
    ]
    others = []
    if len(answers) > 1:
        others = [
            {field: _without(k, clusters, ids, flat, rows, things, weights, first)}
            for k in range(len(answers))
        ]
    if any(answer.get("relations") for answer in answers):
        told = _told(answers, support)
        _relate(label, told, weights, None)
        for k, other in enumerate(others):
            _relate(other, told, weights, k)
    return Whole(label, float(np.mean(chances)) if chances else 1.0, support, others)


def _support(c: int, flat: Flat, rows: Rows, things: Things, first: int) -> dict[str, Any]:
    members = rows.member[rows.start[c] : rows.start[c + 1]]
    whole = float(flat.weight[members].sum())
    shares: dict[str, float] = {}
    for i in members:
        key = flat.keys[flat.category[i]]
        shares[key] = shares.get(key, 0.0) + float(flat.weight[i]) / whole
    return {
        "by": [int(flat.answer[i]) - first for i in members],
        "ids": [flat.objects[i]["id"] for i in members],
        "share": float(things.share[c]),
        "class": shares,
    }


def _without(
    k: int,
    clusters: range,
    ids: Mapping[int, str],
    flat: Flat,
    rows: Rows,
    things: Things,
    weights: Floats,
    first: int,
) -> list[dict[str, Any]]:
    """The objects that the others than answer `k` hold for real."""
    total = float(weights.sum())
    rest = total - weights[k]
    found = []
    for c in clusters:
        share, row, drew = things.share[c] * total, c, False
        for i in rows.member[rows.start[c] : rows.start[c + 1]]:
            if flat.answer[i] - first == k:
                share, row, drew = share - weights[k], things.without[i], True
        if row >= 0 and holds(share / rest, drew):
            found.append({"id": ids[c], **things.fused[row]})
    return found


Relation = tuple[str, str, str]  # from, to, class


def _told(answers: Sequence[Label], support: Mapping[str, Any]) -> list[set[Relation]]:
    """The relations of each answer, between things instead of the spans that it drew of them."""
    names = {
        (k, own): thing
        for thing, entry in support.items()
        for k, own in zip(entry["by"], entry["ids"], strict=True)
    }
    return [
        {
            (names[k, one["from"]], names[k, one["to"]], one["class"])
            for one in answer.get("relations") or ()
        }
        for k, answer in enumerate(answers)
    ]


def _relate(
    label: dict[str, Any], told: Sequence[set[Relation]], weights: Floats, without: int | None
) -> None:
    """Add the relations that more than half of the weight told, between spans held for real."""
    rest = [k for k in range(len(told)) if k != without]
    whole = sum(weights[k] for k in rest)
    kept = {span["id"] for span in label["spans"]}
    found = []
    for one in sorted(set().union(*told)):
        share = float(sum(weights[k] for k in rest if one in told[k]) / whole)
        own = None if without is None else one in told[without]
        if {one[0], one[1]} <= kept and holds(share, own):
            found.append({"from": one[0], "to": one[1], "class": one[2]})
    if found:
        label["relations"] = found
