"""Objects of many labels matched and judged: boxes, polygons, masks, keypoints and spans alike."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures import attributes, error_types, shapes
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.meetings import Near
from quality.measures.shapes import Object, Side, Sigmas

Label = Mapping[str, Any]
FIELD = {"spans": "spans"}  # else `objects`


class Judged(NamedTuple):
    """Objects of many labels, each against its truth. Parallel arrays over the given objects:
    `match` (the truth's position or -1), `of` (indexes `error_types.TYPES`), `about` (the truth it
    is judged by or -1), `overlap` (with that truth, nan without one), `agreement` of attributes
    (nan where none are judged); over the truths: `missing` and `counted`. `near` holds all pairs
    that overlap, `classes` the keys that both `*_class` index."""

    given: Side
    truth: Side
    near: Near
    classes: list[str]
    given_class: Ints
    truth_class: Ints
    match: Ints
    of: NDArray[np.int8]
    about: Ints
    overlap: Floats
    agreement: Floats
    missing: Bools
    counted: Bools


def judge(
    label_type: str,
    given: Sequence[Label],
    truth: Sequence[Label],
    *,
    sure: float,
    least: float,
    sigmas: Sigmas = None,
    rim: float | None = None,
    size: tuple[int, int] | None = None,
) -> Judged:
    """Match the objects of each given label with those of the truth at the same position.

    `sure` and `least` as in `error_types.kinds`, `sigmas`, `rim` and `size` as in `shapes.near`.
    """
    field = FIELD.get(label_type, "objects")
    seen, known = columns(given, field), columns(truth, field)
    near = shapes.near(label_type, seen, known, least=least, sigmas=sigmas, rim=rim, size=size)
    codes: dict[str, int] = {}
    of_seen, of_known = (_classes(side.objects, codes) for side in (seen, known))
    match = error_types.by_overlap(near, of_seen, of_known, seen.crowd, known.crowd, sure)
    of, about, met = error_types.kinds(
        near, match, of_seen, of_known, seen.crowd, known.crowd, sure, least
    )
    # A truth inside what was given as a crowd of its class is neither found nor missed.
    inside = seen.crowd[near.given] & (of_seen[near.given] == of_known[near.truth])
    excused = known.crowd.copy()
    excused[near.truth[inside & (near.overlap >= sure)]] = True
    excused[match[match >= 0]] = False
    return Judged(
        seen,
        known,
        near,
        list(codes),
        of_seen,
        of_known,
        match,
        of,
        about,
        _overlap_with(near, about, len(known.objects)),
        _agreement(seen, known, match),
        ~met & ~excused,
        ~excused,
    )


def columns(labels: Sequence[Label], field: str = "objects") -> Side:
    """The objects of many labels in one row, with where each label's begin."""
    lists = [label.get(field) or () for label in labels]
    start = np.concatenate([[0], np.cumsum([len(x) for x in lists], dtype=np.int64)])
    objects = list(chain.from_iterable(lists))
    crowd = np.array([bool(x.get("crowd")) for x in objects], bool)
    return Side(objects, start.astype(np.int64), crowd)


def f_scores(judged: Judged, beta: float = 1.0) -> Floats:
    """F-beta of the matched objects of each label, times the mean agreement of their attributes.

    (labels,), in [0, 1]. A label without objects whose truth has none is right: 1.
    """
    of_seen, of_known = owners(judged.given), owners(judged.truth)
    n = len(judged.given.start) - 1
    hits = np.bincount(of_seen[judged.match >= 0], minlength=n)
    n_seen = np.bincount(of_seen[judged.of != error_types.CROWD], minlength=n)
    n_known = np.bincount(of_known[judged.counted], minlength=n)
    weight = beta * beta
    whole = n_seen + weight * n_known
    score = np.divide((1 + weight) * hits, whole, out=np.ones(n), where=whole > 0)
    return score * mean_agreement(judged)


def class_overlaps(judged: Judged) -> Floats:
    """Mean IoU over the classes that either side of each label has, times the mean agreement of
    attributes; (labels,). Of semantic masks, which have one object a class and no others."""
    n = len(judged.given.start) - 1
    near = judged.near
    hits = np.flatnonzero(judged.given_class[near.given] == judged.truth_class[near.truth])
    of_hits = owners(judged.given)[near.given[hits]]
    total = np.bincount(of_hits, near.overlap[hits], minlength=n)
    n_classes = max(len(judged.classes), 1)
    sides = ((judged.given, judged.given_class), (judged.truth, judged.truth_class))
    cells = np.concatenate([owners(side) * n_classes + of for side, of in sides])
    either = np.bincount(np.unique(cells) // n_classes, minlength=n).astype(float)
    score = np.divide(total, either, out=np.ones(n), where=either > 0)
    return np.minimum(score, 1) * mean_agreement(judged)


def mean_agreement(judged: Judged) -> Floats:
    """Mean agreement of the attributes of each label's matched objects; 1 where none are judged."""
    known = ~np.isnan(judged.agreement)
    of_seen, n = owners(judged.given)[known], len(judged.given.start) - 1
    total = np.bincount(of_seen, judged.agreement[known], minlength=n)
    number = np.bincount(of_seen, minlength=n)
    return np.divide(total, number, out=np.ones(n), where=number > 0)


def owners(side: Side) -> Ints:
    """The position of the label that each object belongs to."""
    return np.repeat(np.arange(len(side.start) - 1), np.diff(side.start))


def _classes(objects: Sequence[Object], codes: dict[str, int]) -> Ints:
    return np.array([codes.setdefault(x["class"], len(codes)) for x in objects], np.int64)


def _overlap_with(near: Near, about: Ints, n_truths: int) -> Floats:
    """How much each given object overlaps the truth that it is judged by; nan without one."""
    found = np.full(about.size, np.nan)
    key = near.given * n_truths + near.truth  # ascending: `Near` lies so
    judged = np.flatnonzero(about >= 0)
    found[judged] = near.overlap[np.searchsorted(key, judged * n_truths + about[judged])]
    return found


def _agreement(seen: Side, known: Side, match: Ints) -> Floats:
    found = np.full(match.size, np.nan)
    for i, j in enumerate(match.tolist()):
        truth = known.objects[j].get("attributes") if j >= 0 else None
        if truth:
            found[i] = attributes.agreement(seen.objects[i].get("attributes"), truth)
    return found
