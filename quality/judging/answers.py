"""Submitted answers as plain rows: what the judging of every stage starts from."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.labels import CHOICES, choices
from ops.models import OntologyVersion, Project

LABEL_STAGES = ("label", "rework")
DECIDING_STAGES = ("review", "adjudicate")
# What a decision adds to the label it is about.
OF_A_DECISION = ("verdict", "remark", "errors", "version")
_DECIDING = f"'{{{','.join(OF_A_DECISION)}}}'::text[]"
_BESIDE = f"'{{{','.join((*CHOICES, *OF_A_DECISION))}}}'::text[]"

# How many answers somebody who guesses has to choose among. Of a rating, whose neighbours are worth
# nearly as much, a guess is worth about a half; what is drawn or written nobody hits by chance.
BY_CHANCE = """
    CASE project.label_type WHEN 'class' THEN jsonb_array_length(ontology_version.classes)
        WHEN 'preference' THEN 2 + ontology_version.tie::int
        WHEN 'rating' THEN 2 ELSE 1000 END"""


def guesses(project: Project, ontology: OntologyVersion | None) -> int:
    """The same of a project, in Python."""
    if project.label_type == "rating":
        return 2
    if project.label_type not in CHOICES:
        return 1000
    return max(len(choices(project.label_type, ontology or {})), 1)


class Answer(NamedTuple):
    """A submitted answer in its newest revision; `key` is what it says, see the SQL function
    `label_key`, and guessing hits it once in `classes` times.

    A review that sends the label back says nothing: its key is empty. `verdict` is what a reviewer,
    or an author who stands by an answer, said beside it; `beside` what a choice says beside its key
    (attributes, reasons).
    """

    assignment_id: int
    task_id: int
    asset_id: int
    batch_id: int
    project_id: int
    skill_id: int
    labeller_id: int
    stage: str
    round: int
    surplus: bool
    ended_at: datetime
    label_id: int
    key: str
    classes: int
    verdict: str | None = None
    label_type: str = "class"
    beside: Mapping[str, Any] | None = None

    @property
    def stratum(self) -> str:
        """Among which answers of its author it is one: of its class, where there are classes."""
        return self.key if self.label_type in CHOICES else ""


def chosen(label_type: str, key: str) -> dict[str, Any]:
    """The label that says no more than `key`, of a type that is a choice."""
    return {label_type: json.loads(key) if label_type == "rating" else key}


_ANSWERS = f"""
    SELECT assignment.id, assignment.task_id, task.asset_id, lane.batch_id, assignment.project_id,
           project.skill_id, assignment.labeller_id, task.stage, task.round, assignment.surplus,
           assignment.ended_at, newest.id, label_key(newest.payload),
           {BY_CHANCE}, newest.payload ->> 'verdict', project.label_type,
           CASE WHEN project.label_type IN {CHOICES} THEN newest.payload - {_BESIDE} END
    FROM assignment
    JOIN task ON task.id = assignment.task_id
    JOIN lane ON lane.id = task.lane_id
    JOIN project ON project.id = assignment.project_id
    JOIN LATERAL (
        SELECT id, payload, ontology_version_id FROM label
        WHERE label.assignment_id = assignment.id ORDER BY revision DESC LIMIT 1
    ) newest ON true
    JOIN ontology_version ON ontology_version.id = newest.ontology_version_id
    WHERE assignment.state = 'submitted' AND {{condition}}
    ORDER BY assignment.id
"""


def _read(session: Session, condition: str, **values: Any) -> list[Answer]:
    statement = text(_ANSWERS.replace("{condition}", condition))
    return [Answer(*row) for row in session.execute(statement, values)]


_CONTENTS = text(f"SELECT id, payload - {_DECIDING} FROM label WHERE id = ANY(:labels)")


def contents(session: Session, answers: Iterable[Answer]) -> dict[int, dict[str, Any]]:
    """Label id → what the label says, without what a decision adds.

    Only of what is no choice does the database have to be asked; it may be megabytes.
    """
    found = {a.label_id: a for a in answers}
    said = {
        i: chosen(a.label_type, a.key) | dict(a.beside or {})
        for i, a in found.items()
        if a.label_type in CHOICES and a.key
    }
    drawn = sorted(i for i, a in found.items() if a.label_type not in CHOICES)
    if drawn:
        said |= {row[0]: row[1] for row in session.execute(_CONTENTS, {"labels": drawn})}
    return {i: said.get(i, {}) for i in found}


_UNJUDGED = text(
    """
    SELECT assignment.id, asset.batch_id FROM assignment
    JOIN task ON task.id = assignment.task_id JOIN asset ON asset.id = task.asset_id
    WHERE assignment.state = 'submitted' AND assignment.judged_at IS NULL
    ORDER BY assignment.id LIMIT :limit
    """
)
_FREE_BATCHES = text(
    "SELECT id FROM batch WHERE id = ANY(:batches) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
)
_TAKE = text(
    """
    SELECT id FROM assignment WHERE id = ANY(:ids) AND judged_at IS NULL
    ORDER BY id FOR UPDATE SKIP LOCKED
    """
)


def take_unjudged(session: Session, limit: int) -> list[int]:
    """Lock up to `limit` submitted assignments that nobody has judged, the oldest first.

    Their batches are locked before them, because judging may open and complete them. A batch that
    somebody holds, during an import say, is left for the next look.
    """
    found = session.execute(_UNJUDGED, {"limit": limit}).all()
    batches = {"batches": sorted({row.batch_id for row in found})}
    free = set(session.scalars(_FREE_BATCHES, batches)) if found else set()
    ids = [row.id for row in found if row.batch_id in free]
    return list(session.scalars(_TAKE, {"ids": ids})) if ids else []


def by_assignment(session: Session, assignment_ids: Sequence[int]) -> list[Answer]:
    """The answers of these assignments."""
    return _read(session, "assignment.id = ANY(:ids)", ids=list(assignment_ids))


def counted(session: Session, task_ids: Sequence[int]) -> list[Answer]:
    """The answers that count towards what these tasks want: no surplus."""
    return _read(
        session, "assignment.task_id = ANY(:ids) AND NOT assignment.surplus", ids=list(task_ids)
    )


def labels_of(session: Session, asset_ids: Sequence[int]) -> list[Answer]:
    """Every labeller's answer about these assets, surplus included, gold included."""
    return _read(
        session,
        f"task.asset_id = ANY(:ids) AND task.stage IN {LABEL_STAGES}",
        ids=list(asset_ids),
    )
