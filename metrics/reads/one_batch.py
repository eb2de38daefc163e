"""What a lead looks at in one batch: how labels were decided, doubts, suspects, the audit trail."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from ops.models import Batch, Project
from quality.models import RescoreRun

Rows = Sequence[Row[Any]]

_METHODS = text(
    """
    SELECT method, count(*) AS n FROM (
        SELECT DISTINCT ON (asset_id) method FROM consensus
        WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ) now GROUP BY method ORDER BY n DESC
    """
)

_DISAGREEMENTS = text(
    """
    SELECT asset.id AS asset_id, asset.external_id, asset.uri, left(asset.text, 200) AS text,
           label_key(now.label) AS key, now.label, now.method, now.agreement, now.probability,
           now.answers
    FROM (
        SELECT DISTINCT ON (asset_id) * FROM consensus
        WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ) now JOIN asset ON asset.id = now.asset_id
    WHERE now.agreement < 1 ORDER BY now.agreement, now.probability, asset.id LIMIT :limit
    """
)

_SUSPECTS = text(
    """
    SELECT asset.id AS asset_id, asset.external_id, asset.uri, left(asset.text, 200) AS text,
           score.given, score.predicted, score.quality, score.error, score.reason, score.rank,
           settled.outcome
    FROM label_score score JOIN asset ON asset.id = score.asset_id
    JOIN LATERAL (
        SELECT id, method FROM consensus WHERE consensus.asset_id = score.asset_id
        ORDER BY version DESC LIMIT 1
    ) now ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN score.outcome IS NOT NULL THEN score.outcome
                    WHEN now.id > score.consensus_id
                         AND now.method IN ('review', 'adjudication', 'gold') THEN 'decided'
               END AS outcome
    ) settled
    WHERE score.run_id = :run AND score.suspect
    ORDER BY settled.outcome IS NOT NULL, score.rank NULLS LAST, score.quality LIMIT :limit
    """
)

_TRAIL = text(
    """
    SELECT entry.at, entry.action, entry.data, person.name, EXISTS (
        SELECT FROM audit_seal seal WHERE seal.organisation_id = entry.organisation_id
          AND seal.after_xid < entry.xid AND seal.upto_xid >= entry.xid) AS sealed
    FROM audit_entry entry LEFT JOIN user_account person ON person.pseudonym = entry.actor
    WHERE entry.organisation_id = :organisation AND entry.subject = :subject
    ORDER BY entry.id DESC LIMIT :limit
    """
)


def methods(session: Session, batch: Batch) -> Rows:
    """method and n: how the labels in force were decided."""
    return session.execute(_METHODS, {"batch": batch.id}).all()


def disagreements(session: Session, batch: Batch, limit: int = 12) -> Rows:
    """The assets whose answers agree least: asset_id, external_id, uri or text, label, method …"""
    return session.execute(_DISAGREEMENTS, {"batch": batch.id, "limit": limit}).all()


def suspects(session: Session, run_id: int, limit: int = 48) -> Rows:
    """Suspects of a re-score run, those nobody has looked at first."""
    return session.execute(_SUSPECTS, {"run": run_id, "limit": limit}).all()


def failed_run(session: Session, batch: Batch) -> RescoreRun | None:
    """The newest re-score run, if it failed."""
    newest = select(RescoreRun).where(RescoreRun.batch_id == batch.id)
    last = session.scalar(newest.order_by(RescoreRun.version.desc()).limit(1))
    return last if last is not None and last.state == "failed" else None


def trail(session: Session, batch: Batch, limit: int = 30) -> Rows:
    """Audit entries of the batch, newest first: at, action, data, name, sealed."""
    organisation = session.get_one(Project, batch.project_id).organisation_id
    about = {"organisation": organisation, "subject": f"batch:{batch.id}", "limit": limit}
    return session.execute(_TRAIL, about).all()
