"""Consensus once more, in the light of what was learnt since: early assets were judged by little.

Only open batches are looked at, and a batch once more in the transaction that completes it; after
that their labels no longer move by themselves. What a person or gold decided is never touched.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import batches, lanes, reopened
from ops.db import transaction
from ops.labels import CHOICES
from ops.models import Assignment, Batch, Consensus, Lane, Project, Task
from quality import adjudication, review, trust
from quality.judging import answers as read
from quality.judging import consensus, merged_again, overlap
from quality.judging.answers import LABEL_STAGES
from quality.judging.belief import belief
from quality.judging.evidence import pairs, store
from quality.judging.verdict import Verdict
from quality.measures.arrays import Floats, Ints

# A probability or certainty that moves by less than this is not worth a new version.
WORTH_SAYING = 0.02
# Learning is worth a look when the answers have grown by this share since the last one.
GROWTH = 0.05

_looked_at: dict[tuple[str, int], int] = {}


def refresh(sessions: sessionmaker[Session]) -> int:
    """Judge open batches again where answers have grown, and take up what was left over.

    Left over: full tasks without a consensus (their wanted answers were lowered) and adjudications
    that nobody could do. Returns how many verdicts changed or tasks were opened.
    """
    with transaction(sessions) as session:
        done = adjudication.try_again(session)
        open_ = select(Batch.id, Batch.project_id).where(Batch.state == "open").order_by(Batch.id)
        found = session.execute(open_).all()
    for batch_id, project_id in found:
        with transaction(sessions) as session:
            lanes.lock_batch(session, batch_id)  # before standings, tasks and all else
            if _grown(session, batch_id, project_id):
                done += again(session, batch_id)
            done += _left_over(session, batch_id)
    return done


def _grown(session: Session, batch_id: int, project_id: int) -> bool:
    name = (str(session.get_bind().engine.url), batch_id)
    judged = select(func.count()).where(
        Assignment.project_id == project_id, Assignment.judged_at.is_not(None)
    )
    count, before = session.scalar(judged) or 0, _looked_at.get(name, 0)
    if count <= before * (1 + GROWTH):
        return False
    _looked_at[name] = count
    return True


def again(session: Session, batch_id: int) -> int:
    """Judge the batch's assets once more under the present fit; returns verdicts that changed."""
    project = session.get_one(Project, session.get_one(Batch, batch_id).project_id)
    if project.label_type not in CHOICES:
        verdicts, touched = merged_again.again(session, project, batch_id)
        _follow_up(session, verdicts)
        trust.recompute(session, touched)
        return len(verdicts)
    values = {
        "batch": batch_id,
        "stages": list(LABEL_STAGES),
        "again": reopened.was_delivered(session, batch_id),
    }
    rows = session.execute(_STANDING, values).all()
    if not rows:
        return 0
    held = belief(session, project, {row.key for row in rows})
    asset, label, seat = _codes(rows, held)
    n = int(asset.max()) + 1
    sure = held.worth(held.posterior(asset, seat, label, n), asset, label)
    moved = {rows[i].task_id for i in _moved(rows, sure, asset, held)}
    best, chance = held.of_others(asset, seat, label, n)
    worth = held.alike[label, best]
    told = {rows[i].assignment_id for i in _evidence_moved(rows, asset, worth, chance)}
    groups = consensus.by_task(read.counted(session, sorted(moved)))
    verdicts = consensus.judge_groups(session, project.id, groups) if groups else []
    consensus.replace(session, verdicts)
    _follow_up(session, verdicts)
    trust.recompute(session, _restate(session, project, rows, told))
    return len(verdicts)


def _follow_up(session: Session, verdicts: Sequence[Verdict]) -> None:
    """Ask what follows from verdicts that changed: one more answer, an expert, a review."""
    asked = overlap.ask_more(session, verdicts)
    # What got another answer meanwhile is judged with it in a moment.
    later = asked.waiting | asked.held
    review.follow_up(session, [v for v in verdicts if v.first.task_id not in later])


# Every counted answer of an asset whose consensus is a model's, with what was said of both.
_STANDING = text(
    """
    SELECT task.id AS task_id, task.asset_id, assignment.id AS assignment_id,
           assignment.labeller_id, label_key(label.payload) AS key,
           label_key(known.label) AS said, known.probability,
           evidence.correct, evidence.certainty
    FROM (
        SELECT DISTINCT ON (asset_id) asset_id, method, label, probability
        FROM consensus WHERE batch_id = :batch AND NOT (:again AND label_stays(batch_id, asset_id))
        ORDER BY asset_id, version DESC
    ) known
    JOIN LATERAL (
        SELECT id, asset_id FROM task
        WHERE task.asset_id = known.asset_id AND task.stage = ANY(:stages) AND task.round > 0
        ORDER BY task.round DESC, task.id DESC LIMIT 1
    ) task ON true
    JOIN assignment ON assignment.task_id = task.id
         AND assignment.state = 'submitted' AND NOT assignment.surplus
    JOIN label ON label.assignment_id = assignment.id AND NOT EXISTS (
        SELECT FROM label later
        WHERE later.assignment_id = label.assignment_id AND later.revision > label.revision)
    LEFT JOIN evidence
         ON evidence.assignment_id = assignment.id AND evidence.kind = 'consensus'
    WHERE known.method IN ('majority', 'dawid_skene')
    ORDER BY task.asset_id, assignment.id
    """
)


def _codes(rows: Sequence[Any], held: Any) -> tuple[Ints, Ints, Ints]:
    _, asset = np.unique([row.asset_id for row in rows], return_inverse=True)
    return (
        asset,
        held.encode(row.key for row in rows),
        held.seats(row.labeller_id for row in rows),
    )


def _moved(rows: Sequence[Any], sure: Floats, asset: Ints, held: Any) -> Ints:
    """First row of every asset whose label or probability is no longer what was said."""
    first = np.unique(asset, return_index=True)[1]
    said = held.encode(rows[i].said for i in first)
    before = np.array([rows[i].probability for i in first], float)
    best = sure.argmax(axis=1)
    if held.method == "majority" and not held.ordinal:
        # The label is the vote's, which does not move; its probability may.
        best = said
    now = sure[np.arange(len(first)), best]
    changed: Ints = first[(best != said) | (np.abs(now - before) > WORTH_SAYING)]
    return changed


def _evidence_moved(rows: Sequence[Any], asset: Ints, worth: Floats, chance: Floats) -> Ints:
    """Rows whose comparison with the others came out differently, where there are others."""
    shared = np.bincount(asset)[asset] > 1
    correct = np.array([np.nan if r.correct is None else r.correct for r in rows], float)
    certainty = np.array([np.nan if r.certainty is None else r.certainty for r in rows], float)
    same = (correct == worth) & (np.abs(certainty - chance) <= WORTH_SAYING)
    return np.flatnonzero(shared & ~same)


def _restate(
    session: Session, project: Project, rows: Sequence[Any], told: set[int]
) -> set[tuple[int, int]]:
    """Store the evidence of these answers anew; returns whose standing it moves."""
    tasks = sorted({row.task_id for row in rows if row.assignment_id in told})
    groups = consensus.by_task(read.counted(session, tasks))
    verdicts = consensus.judge_groups(session, project.id, groups) if groups else []
    findings = [f for v in verdicts for f in v.findings if f.answer.assignment_id in told]
    return pairs(store(session, "consensus", findings))


def _left_over(session: Session, batch_id: int) -> int:
    """Conclude full tasks of the batch that have no consensus, from the answers that there are."""
    overlap.give_up(session, session.get_one(Batch, batch_id))
    full = select(Task.id).where(
        Task.lane_id.in_(select(Lane.id).where(Lane.batch_id == batch_id)),
        Task.stage.in_(LABEL_STAGES),
        Task.wanted > 0,
        Task.n_done >= Task.wanted,
        ~exists().where(Consensus.asset_id == Task.asset_id),
        ~exists().where(
            Assignment.task_id == Task.id,
            Assignment.state == "submitted",
            Assignment.judged_at.is_(None),
        ),
    )
    tasks = list(session.scalars(full))
    verdicts, touched, _ = consensus.conclude(session, read.counted(session, tasks), final=True)
    review.follow_up(session, verdicts)
    trust.recompute(session, touched)
    batches.note_completion(session, batch_id)
    return len(verdicts)
