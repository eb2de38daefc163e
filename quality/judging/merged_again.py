"""Merged labels once more, where what is believed of those who gave the answers has moved."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import consensus as labels
from ops import reopened
from ops.models import Project
from quality import trust
from quality.judging import answers as read
from quality.judging import consensus
from quality.judging.evidence import Pairs, pairs, store
from quality.judging.verdict import Verdict

# A labeller's standing that moves by less is not worth merging their labels again.
WORTH_MERGING = 0.1
# A probability that moves by less than this is not worth a new version.
WORTH_SAYING = 0.02

_MERGED = text(
    """
    SELECT known.asset_id, assignment.task_id, assignment.labeller_id, merged.accuracy
    FROM (
        SELECT DISTINCT ON (asset_id) asset_id, method, posterior
        FROM consensus WHERE batch_id = :batch AND NOT (:again AND label_stays(batch_id, asset_id))
        ORDER BY asset_id, version DESC
    ) known
    CROSS JOIN LATERAL ROWS FROM (
        jsonb_array_elements_text(known.posterior -> 'labels'),
        jsonb_array_elements_text(known.posterior -> 'accuracy')
    ) merged(label_id, accuracy)
    JOIN label ON label.id = merged.label_id::bigint
    JOIN assignment ON assignment.id = label.assignment_id
    WHERE known.method = 'merged'
    """
)


def again(session: Session, project: Project, batch_id: int) -> tuple[list[Verdict], Pairs]:
    """Merge anew what rests on labellers who are believed otherwise, and put that in force.

    Returns the verdicts that changed, and whose standing moves. No label is fetched where nothing
    moved.
    """
    values = {"batch": batch_id, "again": reopened.was_delivered(session, batch_id)}
    rows = session.execute(_MERGED, values).all()
    believed = trust.standings(session, {row.labeller_id for row in rows}, project.skill_id)
    tasks = sorted({row.task_id for row in rows if _moved(row, believed)})
    if not tasks:
        return [], set()
    groups = consensus.by_task(read.counted(session, tasks))
    verdicts = consensus.judge_groups(session, project.id, groups)
    changed = _changed(session, verdicts)
    consensus.replace(session, changed)
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    return changed, pairs(store(session, "consensus", findings))


def _moved(row: Any, believed: dict[int, Any]) -> bool:
    return bool(abs(believed[row.labeller_id].mean - float(row.accuracy)) > WORTH_MERGING)


def _changed(session: Session, verdicts: Sequence[Verdict]) -> list[Verdict]:
    known = labels.current(session, [v.first.asset_id for v in verdicts])
    found = []
    for verdict in verdicts:
        before = known.get(verdict.first.asset_id)
        said = before.probability if before is not None else None
        moved = said is None or abs(verdict.probability - said) > WORTH_SAYING
        if before is None or moved or before.label != verdict.label:
            found.append(verdict)
    return found
