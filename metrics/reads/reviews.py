"""The reviews of a batch, by why they were asked for and what they came to."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics.definitions import Share, first_pass_acceptance
from ops.models import Batch

# Why a review was asked for; where several reasons meet in one review, the sample comes first.
_REVIEWS = text(
    """
    SELECT why, count(*) AS asked, count(verdict) AS done,
           count(*) FILTER (WHERE verdict = 'accept') AS accepted,
           count(*) FILTER (WHERE verdict = 'fix') AS fixed,
           count(*) FILTER (WHERE verdict = 'return') AS returned
    FROM lane JOIN task ON task.lane_id = lane.id AND task.stage = 'review'
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN EXISTS (SELECT FROM review_sample WHERE task_id = task.id) THEN 'sample'
            ELSE coalesce((SELECT reason || CASE WHEN layer > 1 AND reason = 'layer'
                                            THEN '_' || layer ELSE '' END
                           FROM review_draw WHERE task_id = task.id), 'suspect') END AS why
    ) asked
    LEFT JOIN LATERAL (
        SELECT coalesce(label.payload ->> 'verdict', 'fix') AS verdict
        FROM assignment JOIN label ON label.assignment_id = assignment.id
        WHERE assignment.task_id = task.id AND assignment.state = 'submitted'
          AND NOT assignment.surplus
        ORDER BY assignment.id, label.revision DESC LIMIT 1
    ) given ON true
    WHERE lane.batch_id = :batch GROUP BY why
    """
)
WHY = {
    "sample": "Random sample",
    "standing": "Standing of the labeller",
    "restricted": "Labeller is restricted",
    "nesting": "Newcomer, nested",
    "suspect": "Suspect of re-scoring",
    "rework": "After rework",
    "layer_2": "Second layer",
    "layer_3": "Third layer",
}


class Reviews(NamedTuple):
    """Reviews asked for one reason, gold among them; `rate` is accepted ÷ done."""

    why: str
    asked: int
    done: int
    accepted: int
    fixed: int
    returned: int
    rate: Share


def by_reason(session: Session, batch: Batch) -> list[Reviews]:
    """The reviews of the batch by why they were asked for, the random sample first."""
    rows = {row.why: row for row in session.execute(_REVIEWS, {"batch": batch.id})}
    found = [rows[why] for why in WHY if why in rows]
    return [
        Reviews(
            WHY[row.why], row.asked, row.done, row.accepted, row.fixed, row.returned,
            first_pass_acceptance(row.accepted, row.done),
        )
        for row in found
    ]  # fmt: skip
