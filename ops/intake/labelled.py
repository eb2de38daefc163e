"""What becomes of labels that came with an import: the label in force, or what a model says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import clock_time
from ops.intake.faults import MOST, Faults
from ops.models import Batch, Project, ReferenceModel, User

if TYPE_CHECKING:
    from ops.reference_rows import Said

CHUNK = 1000
BROUGHT = """
FROM incoming i
JOIN asset a ON a.project_id = :project AND a.external_id = i.external_id AND a.batch_id = :batch
LEFT JOIN LATERAL (
    SELECT version, method, label FROM consensus
    WHERE asset_id = a.id ORDER BY version DESC LIMIT 1
) c ON true
WHERE i.label IS NOT NULL
"""
# Tasks are locked in the order of their ids, as everywhere; one that was claimed meanwhile is left.
CLOSE = (
    """
WITH unbegun AS MATERIALIZED (
    SELECT id FROM task
    WHERE stage = 'label' AND round > 0 AND n_done = 0 AND n_leased = 0 AND wanted > 0
      AND asset_id IN (SELECT a.id """
    + BROUGHT
    + """ AND c.version IS NULL)
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE task SET wanted = 0 FROM unbegun WHERE task.id = unbegun.id
"""
)
# Whoever labelled an asset here, or is labelling it, is not overwritten by a file.
WORKED = (
    """
SELECT i.line, i.external_id, c.method """
    + BROUGHT
    + """
  AND (c.method <> 'imported' AND c.label IS DISTINCT FROM i.label
    OR c.version IS NULL AND EXISTS (
        SELECT FROM task t WHERE t.asset_id = a.id AND t.stage = 'label' AND t.wanted > 0))
ORDER BY i.line
"""
)
APPEND = (
    """
INSERT INTO consensus (asset_id, batch_id, version, method, label, answers, posterior, at)
SELECT a.id, a.batch_id, coalesce(c.version, 0) + 1, 'imported', i.label, 0, '{}', :at
"""
    + BROUGHT
    + """
  AND (c.version IS NULL AND NOT EXISTS (
        SELECT FROM task t WHERE t.asset_id = a.id AND t.stage = 'label' AND t.wanted > 0)
    OR c.method = 'imported' AND c.label IS DISTINCT FROM i.label AND NOT :keep)
ORDER BY i.line
"""
)
SETTLED = "SELECT a.id " + BROUGHT + " AND c.method = 'imported'"
SAID = """
SELECT line, external_id, label, confidence, probabilities FROM incoming
WHERE label IS NOT NULL AND line > :after ORDER BY line LIMIT :chunk
"""


def settle(session: Session, batch: Batch, keep_existing: bool, faults: Faults) -> set[int]:
    """The labels of `incoming` become those in force; returns the assets that have such a label.

    Tasks that nobody has begun are closed. An asset that was labelled here, or is being labelled,
    is a fault, unless `keep_existing` leaves it. The same label again appends no version.
    """
    here = {"project": batch.project_id, "batch": batch.id}
    session.execute(text(CLOSE), here)
    if not keep_existing:
        for line, name, method in session.execute(text(WORKED), here).all()[:MOST]:
            message = (
                f"this asset has a label of work done here ({method})"
                if method
                else "this asset is being labelled here"
            )
            faults.add(line, "label", message, name)
        faults.raise_if_any()
    session.execute(text(APPEND), {**here, "at": clock_time.now(), "keep": keep_existing})
    return set(session.scalars(text(SETTLED), here))


def give(
    session: Session, project: Project, model: str, *, by: User, faults: Faults
) -> ReferenceModel:
    """The labels of `incoming` become what the reference model called `model` says."""
    # Only here: references read formats too.
    from ops import references

    return references.give_predictions(
        session, project, model, _said(session), by=by, faults=faults
    )


def _said(session: Session) -> Iterator["Said"]:
    from ops.reference_rows import Said

    after = -1
    while rows := session.execute(text(SAID), {"after": after, "chunk": CHUNK}).all():
        for row in rows:
            yield Said(
                row.external_id, row.label, row.confidence, row.probabilities or {}, line=row.line
            )
        after = rows[-1].line
