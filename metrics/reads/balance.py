"""What the data of a project is made of: classes, metadata, and whether newer data is otherwise.

Everything is read from the roll-up of batches: a page costs the same however many assets there are.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics.models import BalanceRollup, BalanceState
from metrics.reads.sums import Scope, frame
from ops.labels import CHOICES
from ops.models import Batch, Project
from quality.measures.classes import wilson

if TYPE_CHECKING:
    from pandas import DataFrame

CLASSES = ""
COLOUR = "colour"
SLICE = "meta."


def named(dimension: str) -> str:
    """What a dimension is called."""
    return "difficulty" if dimension == COLOUR else dimension.removeprefix(SLICE)


def counted_at(session: Session, scope: Scope, project_id: int) -> datetime | None:
    """Since when nothing of the project was counted anew, at the most; None: not counted yet."""
    of = select(func.min(BalanceState.at)).join(Batch, Batch.id == BalanceState.batch_id)
    return session.scalar(of.where(Batch.project_id == project_id, Batch.project_id.in_(scope)))


def classes(
    session: Session, scope: Scope, project_id: int, batch_id: int | None = None
) -> "DataFrame":
    """Labels in force by class, the commonest first: label_class, assets, objects, share (of all
    objects), low, high (its 95 % interval, where a label is one choice). One statement."""
    found = _sums(session, scope, project_id, batch_id, BalanceRollup.label_class, dimension="")
    found = found[found.label_class != ""].sort_values(
        ["objects", "label_class"], ascending=[False, True], ignore_index=True
    )
    total = int(found.objects.sum())
    found["share"] = found.objects / total if total else np.nan
    low, high = wilson(found.objects, np.full(len(found), total))
    found["low"], found["high"] = low, high
    return found


def totals(session: Session, scope: Scope, project_id: int, batch_id: int | None = None) -> Any:
    """assets, labelled and objects of the project or one batch. One statement."""
    found = _sums(session, scope, project_id, batch_id, dimension="", label_class="")
    classes_ = _sums(session, scope, project_id, batch_id, dimension="")
    return {
        "assets": int(found.assets.sum()),
        "labelled": int(found.labelled.sum()),
        "objects": int(classes_.objects.sum()),
    }


def dimensions(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """The keys of the metadata that are counted: dimension, n_values, assets. One statement."""
    statement = _within(
        select(
            BalanceRollup.dimension,
            func.count(BalanceRollup.value.distinct()).label("n_values"),
            func.sum(BalanceRollup.assets).label("assets"),
        ),
        scope, project_id, None,
    ).where(BalanceRollup.label_class == "", BalanceRollup.dimension.startswith(SLICE))  # fmt: skip
    found = frame(session, statement.group_by(BalanceRollup.dimension).order_by("dimension"))
    found["assets"] = found.assets.astype(int)
    return found


def left_out(session: Session, scope: Scope, project_id: int) -> list[str]:
    """Keys of the metadata that have too many values to be slices, in some batch."""
    key = func.jsonb_array_elements_text(BalanceState.left_out).label("key")
    of = select(key).join(Batch, Batch.id == BalanceState.batch_id)
    of = of.where(Batch.project_id == project_id, Batch.project_id.in_(scope))
    return sorted(set(session.scalars(of)))


def cross(
    session: Session,
    scope: Scope,
    project_id: int,
    dimension: str,
    batch_id: int | None = None,
) -> "DataFrame":
    """A table class × value: label_class, value, assets, objects; "" is every class. A cell that
    is missing holds nothing. One statement."""
    return _sums(
        session, scope, project_id, batch_id,
        BalanceRollup.label_class, BalanceRollup.value, dimension=dimension,
    )  # fmt: skip


@dataclass(frozen=True)
class Newer:
    """What is held against what came before it: one batch, or what came since a day."""

    batch_id: int | None = None
    since: date | None = None


def batches(session: Session, scope: Scope, project_id: int, limit: int = 50) -> "DataFrame":
    """Counted batches, the newest first: batch_id, batch, at, assets. One statement."""
    statement = (
        select(
            Batch.id.label("batch_id"), Batch.name.label("batch"), Batch.created_at.label("at"),
            BalanceState.assets,
        )
        .join(BalanceState, BalanceState.batch_id == Batch.id)
        .where(Batch.project_id == project_id, Batch.project_id.in_(scope))
        .order_by(Batch.created_at.desc(), Batch.id.desc())
        .limit(limit)
    )  # fmt: skip
    return frame(session, statement)


def two_sides(session: Session, scope: Scope, project_id: int, newer: Newer) -> "DataFrame":
    """Counts of what is newer beside what came before: dimension, value, label_class, earlier,
    newer (assets), objects_earlier, objects_newer, labelled_earlier, labelled_newer.

    A batch is held against the batches that were made before it. One statement.
    """
    is_newer, is_earlier = _sides(session, newer)
    columns = [
        func.coalesce(func.sum(getattr(BalanceRollup, counted)).filter(side), 0).label(name)
        for counted, names in (
            ("assets", ("earlier", "newer")),
            ("objects", ("objects_earlier", "objects_newer")),
            ("labelled", ("labelled_earlier", "labelled_newer")),
        )
        for side, name in zip((is_earlier, is_newer), names, strict=True)
    ]
    keys = (BalanceRollup.dimension, BalanceRollup.value, BalanceRollup.label_class)
    statement = _within(select(*keys, *columns), scope, project_id, None)
    statement = statement.where((BalanceRollup.dimension == "") | (BalanceRollup.label_class == ""))
    found = frame(session, statement.group_by(*keys).order_by(*keys))
    counts = [column.name for column in columns]
    found[counts] = found[counts].astype(int)
    return found


def _sides(session: Session, newer: Newer) -> tuple[Any, Any]:
    if newer.batch_id is not None:
        made = select(Batch.created_at).where(Batch.id == newer.batch_id)
        at = session.scalar(made)
        before = select(Batch.id).where(
            (Batch.created_at < at) | (Batch.created_at == at) & (Batch.id < newer.batch_id)
        )
        return BalanceRollup.batch_id == newer.batch_id, BalanceRollup.batch_id.in_(before)
    since = newer.since or date.min
    return BalanceRollup.day >= since, BalanceRollup.day < since


def drifts(session: Session, scope: Scope, project_id: int, newer: Newer) -> "DataFrame":
    """Whether newer data is made up otherwise, by classes and by each key of the metadata.

    dimension, distance, chance (what no drift stays below 95 times in 100), p, q (p corrected for
    the number of questions, Benjamini and Hochberg), earlier, newer (how many assets), moved
    (value, share before, share now; the furthest first). Where an asset may have several classes,
    each is asked for by the share of assets that have it (Fisher's exact test, joined by Simes).
    """
    import pandas as pd

    from quality.measures import drift

    counts = two_sides(session, scope, project_id, newer)
    of = select(Project.label_type).where(Project.id == project_id, Project.id.in_(scope))
    single = session.scalar(of) in CHOICES
    rows = [_of_classes(counts[counts.dimension == ""], single)]
    for dimension, part in counts[counts.dimension != ""].groupby("dimension"):
        if str(dimension) == COLOUR:
            continue  # the newest are the least judged: that is no drift of the data
        found = drift.drift(part.earlier, part.newer)
        rows.append(_row(str(dimension), found, list(part.value), part.earlier, part.newer))
    table = pd.DataFrame([row for row in rows if row is not None], columns=_DRIFT)
    table["q"] = drift.adjusted(table.p.to_numpy(float))
    return table


_DRIFT = ["dimension", "distance", "chance", "p", "earlier", "newer", "moved"]


def _of_classes(part: "DataFrame", single: bool) -> dict[str, Any] | None:
    from quality.measures import drift

    every = part[part.label_class == ""]
    named = part[part.label_class != ""]
    if named.empty:
        return None
    before, after = int(every.labelled_earlier.sum()), int(every.labelled_newer.sum())
    names = list(named.label_class)
    found = drift.drift(named.objects_earlier, named.objects_newer)
    if not single:
        # Objects of one picture come together: what is independent is the picture.
        p = drift.simes(drift.presence(named.earlier, before, named.newer, after))
        found = found._replace(p=p, chance=float("nan"))
    found = found._replace(earlier=before, newer=after)
    return _row(CLASSES, found, names, named.objects_earlier, named.objects_newer)


def _row(dimension: str, found: Any, names: list[str], earlier: Any, newer: Any) -> dict[str, Any]:
    from quality.measures import drift

    moved = drift.moved_most(names, earlier, newer)
    return {"dimension": dimension, **found._asdict(), "moved": moved}


def since(today: date, days: int) -> Newer:
    """What came in the last `days` days."""
    return Newer(since=today - timedelta(days=days - 1))


def _sums(
    session: Session,
    scope: Scope,
    project_id: int,
    batch_id: int | None,
    *keys: Any,
    dimension: str,
    label_class: str | None = None,
) -> "DataFrame":
    names = ("assets", "labelled", "objects")
    columns = [func.sum(getattr(BalanceRollup, name)).label(name) for name in names]
    statement = _within(select(*keys, *columns), scope, project_id, batch_id)
    statement = statement.where(BalanceRollup.dimension == dimension)
    if label_class is not None:
        statement = statement.where(BalanceRollup.label_class == label_class)
    found = frame(session, statement.group_by(*keys).order_by(*keys) if keys else statement)
    for name in names:
        found[name] = found[name].fillna(0).astype(int)
    return found


def _within(statement: Any, scope: Scope, project_id: int, batch_id: int | None) -> Any:
    statement = statement.where(
        BalanceRollup.project_id == project_id, BalanceRollup.project_id.in_(scope)
    )
    return statement if batch_id is None else statement.where(BalanceRollup.batch_id == batch_id)


def values(session: Session, scope: Scope, project_id: int, limit: int = 200) -> "DataFrame":
    """The values of every key of the metadata that is counted: dimension, value, assets; at most
    `limit`. One statement."""
    statement = _within(
        select(
            BalanceRollup.dimension,
            BalanceRollup.value,
            func.sum(BalanceRollup.assets).label("assets"),
        ),
        scope, project_id, None,
    ).where(BalanceRollup.label_class == "", BalanceRollup.dimension.startswith(SLICE))  # fmt: skip
    keys = (BalanceRollup.dimension, BalanceRollup.value)
    return frame(session, statement.group_by(*keys).order_by(*keys).limit(limit))
