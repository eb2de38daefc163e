"""The map of a model's embeddings as pages draw it, and what is like what."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from metrics.models import ModelStudy
from metrics.reads.sums import Scope, frame
from metrics.study_map import file_of
from ops.models import Embedding, Project, ReferenceModel

if TYPE_CHECKING:
    from pandas import DataFrame

# Without a file of vectors, so many are looked through.
MOST_READ = 10_000


def models(session: Session, scope: Scope, kind: str, project_id: int | None = None) -> "DataFrame":
    """Models that can be studied in this way, the newest first: model_id, name, version,
    project_id, project, assets, state (None: not asked for), step, done, of, error, requested_at,
    started_at, as_of, finished_at, summary. One statement."""
    studied = ("embeddings",) if kind == "map" else ("predictions",)
    network = ReferenceModel.settings["output"].astext
    fits = (network == "embedding") if kind == "map" else (network != "embedding")
    statement = (
        select(
            ReferenceModel.id.label("model_id"), ReferenceModel.name, ReferenceModel.version,
            Project.id.label("project_id"), Project.name.label("project"), ReferenceModel.assets,
            ModelStudy.state, ModelStudy.step, ModelStudy.done, ModelStudy.of, ModelStudy.error,
            ModelStudy.requested_at, ModelStudy.started_at, ModelStudy.as_of,
            ModelStudy.finished_at, ModelStudy.summary,
        )
        .join(Project, Project.id == ReferenceModel.project_id)
        .outerjoin(
            ModelStudy, (ModelStudy.model_id == ReferenceModel.id) & (ModelStudy.kind == kind)
        )
        .where(
            ReferenceModel.project_id.in_(scope),
            ReferenceModel.kind.in_(studied) | (ReferenceModel.kind == "network") & fits,
        )
        .order_by(ReferenceModel.created_at.desc(), ReferenceModel.id.desc())
        .limit(100)
    )  # fmt: skip
    if project_id is not None:
        statement = statement.where(ReferenceModel.project_id == project_id)
    found = frame(session, statement)
    for name in ("state", "step", "error", "summary"):
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


_POINTS = text(
    """
    SELECT point.asset_id, point.x, point.y, point.cluster, asset.external_id, asset.batch_id,
           CASE WHEN asset.uri IS NULL THEN left(asset.text, 80) END AS text,
           force.key AS label, hard.colour, hard.difficulty,
           EXISTS (SELECT FROM label_score score
                   WHERE score.asset_id = point.asset_id AND score.suspect
                     AND score.outcome IS NULL AND score.run_id = ANY(:runs)) AS suspect
    FROM map_point point JOIN asset ON asset.id = point.asset_id
    LEFT JOIN asset_difficulty hard ON hard.asset_id = point.asset_id
    LEFT JOIN LATERAL (
        SELECT coalesce(label ->> 'class', label ->> 'rating', label ->> 'preference') AS key
        FROM consensus WHERE consensus.asset_id = point.asset_id
        ORDER BY version DESC LIMIT 1) force ON true
    WHERE point.model_id = :model ORDER BY point.asset_id
    """
)
_RUNS = text(
    """
    SELECT DISTINCT ON (run.batch_id) run.id FROM rescore_run run
    JOIN batch ON batch.id = run.batch_id
    WHERE run.state = 'done' AND batch.project_id = :project ORDER BY run.batch_id, run.version DESC
    """
)


def points(session: Session, scope: Scope, model_id: int) -> "DataFrame":
    """Every point of a model's map: asset_id, x, y, cluster, external_id, batch_id, text (an
    excerpt, None for pictures), label (a choice in force, None), colour, difficulty (of what was
    judged), suspect (of the newest re-score run of its batch, and not decided). Two statements."""
    project_id = session.scalar(
        select(ReferenceModel.project_id).where(
            ReferenceModel.id == model_id, ReferenceModel.project_id.in_(scope)
        )
    )
    runs = list(session.scalars(_RUNS, {"project": project_id})) if project_id else []
    values = {"model": model_id if project_id else None, "runs": runs}
    found = frame(session, _POINTS.bindparams(**values))
    for name in ("text", "label", "colour"):
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def cards(session: Session, scope: Scope, asset_ids: list[int]) -> "DataFrame":
    """What a small card shows of assets, in the order asked for: asset_id, external_id, project_id,
    project, batch, pictured, text, label (in force, a choice). One statement."""
    statement = text(
        """
        SELECT asset.id AS asset_id, asset.external_id, asset.project_id, project.name AS project,
               batch.name AS batch, asset.uri IS NOT NULL AS pictured,
               left(asset.text, 200) AS text,
               coalesce(force.label ->> 'class', force.label ->> 'rating',
                        force.label ->> 'preference') AS label
        FROM unnest(CAST(:assets AS bigint[])) WITH ORDINALITY AS asked (id, place)
        JOIN asset ON asset.id = asked.id JOIN batch ON batch.id = asset.batch_id
        JOIN project ON project.id = asset.project_id
        LEFT JOIN LATERAL (SELECT label FROM consensus WHERE consensus.asset_id = asset.id
                           ORDER BY version DESC LIMIT 1) force ON true
        WHERE asset.project_id = ANY(:scope) ORDER BY asked.place
        """
    )
    seen = _ids(session, scope)
    found = frame(session, statement.bindparams(assets=asset_ids, scope=seen))
    for name in ("text", "label"):
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def _ids(session: Session, scope: Scope) -> list[int]:
    return list(session.scalars(select(Project.id).where(Project.id.in_(scope))))


def similar(
    session: Session, scope: Scope, model_id: int, asset_id: int, home: Path, k: int = 24
) -> tuple["DataFrame", int]:
    """The `k` assets whose embeddings are most like that of one, the likest first, as in `cards`
    with `cosine`; and how many were looked through. Empty where the asset has no embedding.

    Exact over all vectors where the map has left them in a file, else over a part.
    """
    from quality.measures import mapping

    model = session.scalar(
        select(ReferenceModel).where(
            ReferenceModel.id == model_id, ReferenceModel.project_id.in_(scope)
        )
    )
    raw: bytes | None = session.scalar(
        select(Embedding.vector).where(
            Embedding.model_id == model_id, Embedding.asset_id == asset_id
        )
    )
    if model is None or raw is None:
        return cards(session, scope, []).assign(cosine=[]), 0
    assets, vectors = _vectors(session, model, home)
    order, cosine = mapping.nearest(vectors, np.frombuffer(raw, "<f4"), k + 1)
    near = [(int(assets[i]), float(c)) for i, c in zip(order, cosine, strict=True)]
    near = [(asset, c) for asset, c in near if asset != asset_id][:k]
    found = cards(session, scope, [asset for asset, _ in near])
    known = dict(near)
    return found.assign(cosine=[min(known[int(i)], 1.0) for i in found.asset_id]), len(assets)


def _vectors(session: Session, model: ReferenceModel, home: Path) -> tuple[Any, Any]:
    from quality.measures import mapping

    path = file_of(home, model.id, model.digest)
    if path.exists():
        ids = np.load(path.with_suffix(".ids.npy"))
        # Mapped: all processes of a machine share one copy, and only what is looked at is read.
        return ids, np.load(path, mmap_mode="r")
    rows = session.execute(
        select(Embedding.asset_id, Embedding.vector)
        .where(Embedding.model_id == model.id)
        .limit(MOST_READ)
    ).all()
    joined = np.frombuffer(b"".join(row.vector for row in rows), "<f4").reshape(len(rows), -1)
    return np.array([row.asset_id for row in rows], np.int64), mapping.unit(joined)
