"""What the random sample of reviews says of parts of a batch: classes, sizes, slices of metadata.

The labels as they were before the review are held against those in force since. A label that was
sent back and not decided yet counts as not accepted, and is left out where the truth would be
needed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from ops.models import Asset, Batch, Consensus, Project
from quality import review_sample
from quality.judging.alike import yardstick
from quality.judging.answers import chosen
from quality.review_sample import Sampled

if TYPE_CHECKING:
    from quality.measures.likeness import Terms
    from quality.measures.objects import Judged
    from quality.measures.rates import Rates
    from quality.measures.sets import SetFigures

Figures = dict[str, Any]
Label = Mapping[str, Any]
THINGS = ("boxes", "polygons", "masks", "keypoints", "spans")
SIZED = ("boxes", "polygons", "masks")
# A field of the metadata is worth a table where it tells few groups apart.
MOST_FIELDS, MOST_VALUES = 4, 8


def of_batch(session: Session, batch: Batch, project: Project) -> Figures | None:
    """Figures of the reviewed labels of the random sample; None where nothing is reviewed yet.

    {"n": labels, "classes": [{"key", "precision", "recall", "f1", "iou"}], "sizes": likewise,
    "slices": [{"field", "values": [{"value", "accuracy", "f1"}]}]}; every rate is {"value", "low",
    "high", "n"} with a 95 % interval, or None where the label type has none. Undefined is a value
    of None with an n of 0.
    """
    judged = [
        one
        for one in review_sample.results(session, batch.id)
        if one.accepted is not None and one.stratum is None
    ]
    if not judged:
        return None
    known = [one for one in judged if one.accepted or one.fixed]
    given, truth = _labels(session, project.label_type, known)
    slices = _slices(session, judged)
    parts = _parts(project.label_type, given, truth, yardstick(session, project).terms())
    return {
        "n": len(judged),
        "classes": parts.classes(),
        "sizes": parts.sizes(),
        "slices": [_slice(parts, field, values, judged, known) for field, values in slices],
    }


def _labels(
    session: Session, label_type: str, known: Sequence[Sampled]
) -> tuple[list[Label], list[Label]]:
    """Each label as it was given, and as it is right."""
    if label_type in CHOICES:
        keys = [(one.given or "", one.given if one.accepted else one.now) for one in known]
        return (
            [chosen(label_type, key) for key, _ in keys],
            [chosen(label_type, key or "") for _, key in keys],
        )
    wanted = {i for one in known for i in (one.given_id, one.now_id) if i is not None}
    rows = session.execute(select(Consensus.id, Consensus.label).where(Consensus.id.in_(wanted)))
    label = {row.id: row.label for row in rows}
    return (
        [label.get(one.given_id or 0, {}) for one in known],
        [label.get((one.given_id if one.accepted else one.now_id) or 0, {}) for one in known],
    )


class _Parts:
    """Labels of no class: there is nothing to say of parts, but of slices."""

    def classes(self) -> list[Figures]:
        return []

    def sizes(self) -> list[Figures]:
        return []

    def by(self, group: Any, n: int) -> "SetFigures | None":  # noqa: ARG002
        """Figures of the labels by group (labels,) of n, -1 for none."""
        return None


class _Keys(_Parts):
    """Labels that name keys: one each, or a set of tags."""

    def __init__(self, given: list[set[str]], truth: list[set[str]]):
        self.given, self.truth = given, truth

    def classes(self) -> list[Figures]:
        from quality.measures.sets import figures

        keys = sorted(set().union(*self.given, *self.truth))
        pairs = list(zip(self.given, self.truth, strict=True))
        hits = [sum(key in a and key in b for a, b in pairs) for key in keys]
        of = [[sum(key in x for x in side) for key in keys] for side in (self.given, self.truth)]
        found = figures(hits, of[0], of[1])
        return [_row({"key": key}, found, i) for i, key in enumerate(keys)]

    def by(self, group: Any, n: int) -> "SetFigures":
        from quality.measures.sets import figures

        counts = np.zeros((3, n), np.int64)
        for given, truth, g in zip(self.given, self.truth, group, strict=True):
            if g >= 0:
                counts[:, g] += len(given & truth), len(given), len(truth)
        return figures(counts[0], counts[1], counts[2])


class _Objects(_Parts):
    """Labels that hold objects or spans."""

    def __init__(self, label_type: str, judged: "Judged", given: Any, truth: Any):
        self.label_type, self.judged, self.labels = label_type, judged, (given, truth)

    def classes(self) -> list[Figures]:
        from quality.measures.sets import object_figures

        judged, keys = self.judged, self.judged.classes
        found = object_figures(judged, judged.given_class, judged.truth_class, len(keys))
        iou = self._iou()
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return [_row({"key": keys[i]}, found, i) | {"iou": iou.get(keys[i])} for i in order]

    def _iou(self) -> dict[str, Figures]:
        from quality.measures.sets import mean_iou

        if self.label_type != "masks":
            return {}
        found = mean_iou(*self.labels)
        return {key: _rate(found.iou, i) for i, key in enumerate(found.classes)}

    def sizes(self) -> list[Figures]:
        from quality.measures import shapes
        from quality.measures.sets import SIZES, object_figures, size_of

        if self.label_type not in SIZED:
            return []
        sides = (self.judged.given.objects, self.judged.truth.objects)
        areas = [size_of(shapes.areas(self.label_type, some)) for some in sides]
        found = object_figures(self.judged, areas[0], areas[1], len(SIZES))
        return [_row({"key": size}, found, i) for i, size in enumerate(SIZES)]

    def by(self, group: Any, n: int) -> "SetFigures":
        from quality.measures.sets import object_figures, of_labels

        # The last group takes those of none.
        groups = of_labels(self.judged, np.where(np.asarray(group) < 0, n, group))
        return object_figures(self.judged, *groups, n + 1)


def _parts(label_type: str, given: list[Label], truth: list[Label], terms: "Terms") -> _Parts:
    if label_type in THINGS:
        from quality.measures import objects

        judged = objects.judge(
            label_type, given, truth, sure=terms.overlap, least=terms.near, sigmas=terms.sigmas
        )
        return _Objects(label_type, judged, given, truth)
    if label_type == "tags":
        return _Keys(*([set(x.get("tags", [])) for x in some] for some in (given, truth)))
    if label_type in CHOICES:
        return _Keys(*([{str(x[label_type])} for x in some] for some in (given, truth)))
    return _Parts()


def _slices(session: Session, judged: Sequence[Sampled]) -> list[tuple[str, dict[int, str]]]:
    """Fields of the metadata, each with asset → value in words, that tell few groups apart."""
    ids = [one.asset_id for one in judged]
    values: dict[str, dict[int, str]] = defaultdict(dict)
    for asset_id, meta in session.execute(select(Asset.id, Asset.meta).where(Asset.id.in_(ids))):
        for field, value in (meta or {}).items():
            if isinstance(value, str | bool | int) and value != "":
                values[field][asset_id] = str(value)
    few = (f for f in sorted(values) if 2 <= len(set(values[f].values())) <= MOST_VALUES)
    return [(field, values[field]) for field in few][:MOST_FIELDS]


def _slice(
    parts: _Parts,
    field: str,
    value_of: Mapping[int, str],
    judged: Sequence[Sampled],
    known: Sequence[Sampled],
) -> Figures:
    from quality.measures.rates import shares

    values = sorted(set(value_of.values()))
    code = {value: i for i, value in enumerate(values)}
    of = np.array([code.get(value_of.get(one.asset_id, ""), -1) for one in judged])
    right = np.array([bool(one.accepted) for one in judged])
    n = np.bincount(of[of >= 0], minlength=len(values))
    accuracy = shares(np.bincount(of[(of >= 0) & right], minlength=len(values)), n)
    group = [code.get(value_of.get(one.asset_id, ""), -1) for one in known]
    found = parts.by(group, len(values))
    return {
        "field": field,
        "values": [
            {
                "value": value,
                "accuracy": _rate(accuracy, i),
                "f1": None if found is None else _rate(found.f, i),
            }
            for i, value in enumerate(values)
        ],
    }


def _row(what: Figures, found: "SetFigures", i: int) -> Figures:
    return what | {
        "precision": _rate(found.precision, i),
        "recall": _rate(found.recall, i),
        "f1": _rate(found.f, i),
    }


def _rate(rates: "Rates", i: int) -> Figures:
    """One rate as plain data: None where it is undefined."""
    n = int(rates.n[i])
    known = [float(rates.value[i]), float(rates.low[i]), float(rates.high[i])]
    value, low, high = (x if n and not np.isnan(x) else None for x in known)
    return {"value": value, "low": low, "high": high, "n": n}
