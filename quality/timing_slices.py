"""How hard classes and values of metadata are, beside the rest of a project: found and stored."""

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from ops.models import Project
from quality import timing_covariates
from quality.measures import slice_ratios, slices
from quality.measures.agreement import label_counts
from quality.measures.arrays import Floats
from quality.measures.slices import Slice
from quality.models import SliceDifficulty
from quality.timing_answers import Answers
from quality.timing_evidence import Known
from quality.timing_judged import Judged
from quality.timing_written import write

_CHUNK = 20_000
_METADATA = text(
    "SELECT id, meta FROM asset WHERE id = ANY(:assets) AND jsonb_typeof(meta) = 'object'"
)
# The newest label of an asset: of a choice its key, of tags their keys, of shapes and passages the
# classes that are on it.
_LABELS = """
    SELECT DISTINCT ON (asset_id) asset_id, {said} FROM consensus
    WHERE asset_id = ANY(:assets) ORDER BY asset_id, version DESC
    """
_SAID = {
    "choice": "ARRAY[label_key(label)]",
    "tags": "ARRAY(SELECT jsonb_array_elements_text(label -> 'tags'))",
    "objects": "ARRAY(SELECT DISTINCT thing ->> 'class' FROM jsonb_array_elements("
    "CASE jsonb_typeof(label -> 'objects') WHEN 'array' THEN label -> 'objects' END) thing)",
}


def update(
    session: Session, project: Project, a: Answers, known: Known, judged: Judged, at: datetime
) -> None:
    """Store how hard each slice is; what is no slice any more goes. Twice is once."""
    found = slices.of_classes(_classes(session, project, a)) + _of_metadata(session, a)
    kept = judged.kept & ~a.skipped
    compared = slice_ratios.compare(
        found, a.asset[kept], _times(a, judged)[kept], known.wrong[kept], len(a.assets),
        known.expected[kept], judged.rate,
    )  # fmt: skip
    rows = [_row(project, one, compared, i, judged) for i, one in enumerate(found)]
    old = {
        (row.dimension, row.value): row
        for row in session.scalars(
            select(SliceDifficulty).where(SliceDifficulty.project_id == project.id)
        )
    }
    changed = [row | {"at": at} for row in rows if not _same(old, row)]
    write(session, SliceDifficulty, changed)
    for key in old.keys() - {(row["dimension"], row["value"]) for row in rows}:
        gone = delete(SliceDifficulty).where(
            SliceDifficulty.project_id == project.id,
            SliceDifficulty.dimension == key[0],
            SliceDifficulty.value == key[1],
        )
        session.execute(gone, execution_options={"synchronize_session": False})


def _times(a: Answers, judged: Judged) -> Floats:
    """Log times less what labeller, stage and practice explain; what a class or much to mark adds
    stays in, since it is what is asked for."""
    if judged.fit is None:
        return np.full(len(a.asset), np.nan)
    owed = timing_covariates.of_class(a, judged.fit)
    left: Floats = judged.fit.residual[: len(a.asset)] + owed
    return left


def _classes(session: Session, project: Project, a: Answers) -> list[set[str]]:
    """The classes on each asset: by its label, and of a choice without one by most answers."""
    if project.label_type in CHOICES:
        said, held = _SAID["choice"], _most_frequent(a)
    else:
        said = _SAID.get(project.label_type, _SAID["objects"])
        held = [set() for _ in a.assets]
    for some, place in _portions(a):
        for asset_id, keys in session.execute(text(_LABELS.format(said=said)), {"assets": some}):
            held[place[asset_id]] = {key for key in keys if key}
    return held


def _most_frequent(a: Answers) -> list[set[str]]:
    counts = label_counts(
        a.asset[a.answered], a.label[a.answered], len(a.assets), max(a.n_classes, 1)
    )
    return [
        {a.keys[k]} if n else set()
        for k, n in zip(counts.argmax(axis=1), counts.max(axis=1), strict=True)
    ]


def _of_metadata(session: Session, a: Answers) -> list[Slice]:
    fields = slices.Fields(len(a.assets))
    for some, place in _portions(a):
        for asset_id, metadata in session.execute(_METADATA, {"assets": some}):
            fields.add(place[asset_id], metadata)
    return fields.slices()


def _portions(a: Answers) -> Any:
    for start in range(0, len(a.assets), _CHUNK):
        some = a.assets[start : start + _CHUNK].tolist()
        yield some, {asset_id: start + i for i, asset_id in enumerate(some)}


def _row(
    project: Project, one: Slice, compared: slice_ratios.Compared, i: int, judged: Judged
) -> dict[str, Any]:
    reason = slice_ratios.said(one.title, compared, i)
    if reason and not judged.usable.usable:
        reason += f" Times were not used: {judged.usable.why}."
    return {
        "project_id": project.id,
        "dimension": one.dimension,
        "value": one.value,
        "assets": int(compared.assets[i]),
        "answers": int(compared.answers[i]),
        "judged": int(compared.judged[i]),
        **_ratios("time", compared.time, i),
        **_ratios("wrong", compared.wrong, i),
        "colour": compared.colour[i],
        "reason": reason,
    }


def _ratios(name: str, found: slice_ratios.Ratios, i: int) -> dict[str, float | None]:
    columns = {"ratio": found.value[i], "low": found.low[i], "high": found.high[i]}
    return {
        f"{name}_{column}": round(float(value), 4) if np.isfinite(value) else None
        for column, value in columns.items()
    }


def _same(old: dict[tuple[str, str], SliceDifficulty], row: dict[str, Any]) -> bool:
    known = old.get((row["dimension"], row["value"]))
    return known is not None and all(getattr(known, name) == value for name, value in row.items())
