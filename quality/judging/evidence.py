"""What an answer was found to be worth: kept once per answer and kind, and told as a work event."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ops import clock_time, work_events
from ops.work_events import Event
from quality.judging.answers import Answer
from quality.models import Evidence

Pairs = set[tuple[int, int]]

EVENT = {"gold": "gold_scored", "review": "reviewed", "consensus": "consensus_scored"}


class Finding(NamedTuple):
    """`answer` compared with what is right with probability `certainty`."""

    answer: Answer
    correct: float
    certainty: float = 1.0


def store(session: Session, kind: str, findings: Sequence[Finding]) -> list[Finding]:
    """Keep findings of one kind; a later finding about the same answer replaces the earlier.

    Returns those that are new or differ from what was kept.
    """
    if not findings:
        return []
    statement = upsert(Evidence).values([_row(kind, finding) for finding in findings])
    new = statement.excluded
    changed = statement.on_conflict_do_update(
        index_elements=[Evidence.assignment_id, Evidence.kind],
        set_={"correct": new.correct, "certainty": new.certainty, "at": new.at},
        where=or_(Evidence.correct != new.correct, Evidence.certainty != new.certainty),
    ).returning(Evidence.assignment_id)
    touched = set(session.scalars(changed))
    return [finding for finding in findings if finding.answer.assignment_id in touched]


def pairs(findings: Iterable[Finding]) -> Pairs:
    """The (labeller, skill) pairs whose standing these findings move."""
    return {(finding.answer.labeller_id, finding.answer.skill_id) for finding in findings}


def _row(kind: str, finding: Finding) -> dict[str, Any]:
    answer = finding.answer
    return {
        "labeller_id": answer.labeller_id,
        "skill_id": answer.skill_id,
        "project_id": answer.project_id,
        "assignment_id": answer.assignment_id,
        "kind": kind,
        "correct": finding.correct,
        "certainty": finding.certainty,
        "classes": answer.classes,
        "at": clock_time.now(),
    }


def tell(session: Session, kind: str, verdicts: Iterable[tuple[Answer, float]]) -> None:
    """Append one work event for each (answer, correct from 0 to 1), dated now."""
    at = clock_time.now()
    work_events.append(
        session,
        [
            Event(
                kind=EVENT[kind],
                at=at,
                labeller_id=answer.labeller_id,
                project_id=answer.project_id,
                batch_id=answer.batch_id,
                stage=answer.stage,
                task_id=answer.task_id,
                assignment_id=answer.assignment_id,
                data={"correct": correct},
            )
            for answer, correct in verdicts
        ],
    )
