"""Answers as the desk would leave them, written directly: for tests of what is made of them."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Assignment, Label, Lane, OntologyVersion, Task, User


def answer(
    session: Session,
    task: Task,
    labeller: User,
    key: str | None,
    *,
    surplus: bool = False,
    active_ms: int = 5000,
    at: datetime | None = None,
    **payload: Any,
) -> Assignment:
    """`labeller` submitted class `key`, or another label, to `task`."""
    project_id = session.scalars(select(Lane.project_id).where(Lane.id == task.lane_id)).one()
    at = at or clock_time.now()
    counts = task.round > 0 and not surplus
    row = Assignment(
        token=uuid.uuid4(),
        task_id=task.id,
        labeller_id=labeller.id,
        project_id=project_id,
        state="submitted",
        counts=counts,
        surplus=surplus,
        leased_at=at - timedelta(milliseconds=active_ms + 1000),
        expires_at=at + timedelta(minutes=30),
        shown_at=at - timedelta(milliseconds=active_ms),
        ended_at=at,
        active_ms=active_ms,
        wall_ms=active_ms,
    )
    session.add(row)
    session.flush()
    ontology = session.scalars(
        select(OntologyVersion.id).where(OntologyVersion.project_id == project_id)
    ).first()
    session.add(
        Label(
            assignment_id=row.id,
            revision=1,
            payload={**({"class": key} if key else {}), **payload},
            ontology_version_id=ontology,
            client_key=str(uuid.uuid4()),
            created_at=at,
        )
    )
    if counts:
        session.execute(update(Task).where(Task.id == task.id).values(n_done=Task.n_done + 1))
    session.flush()
    return row


def answers(session: Session, task: Task, given: Iterable[tuple[User, str]]) -> list[Assignment]:
    """Several labellers' answers to one task."""
    return [answer(session, task, who, key) for who, key in given]


def many(session: Session, given: Iterable[tuple[Task, User, str]]) -> None:
    """The same for thousands of answers at once: (task, labeller, class key)."""
    at, ontology = clock_time.now(), session.scalars(select(OntologyVersion.id)).first()
    rows = list(given)
    project_id = session.scalars(select(Lane.project_id).where(Lane.id == rows[0][0].lane_id)).one()
    assignments = [
        {
            "task_id": task.id,
            "labeller_id": who.id,
            "project_id": project_id,
            "state": "submitted",
            "counts": task.round > 0,
            "leased_at": at,
            "expires_at": at,
            "ended_at": at,
            "active_ms": 5000,
        }
        for task, who, _ in rows
    ]
    made = session.execute(
        insert(Assignment).returning(Assignment.id, Assignment.task_id, Assignment.labeller_id),
        assignments,
    )
    keys = {(task.id, who.id): key for task, who, key in rows}
    labels = [
        {
            "assignment_id": number,
            "revision": 1,
            "payload": {"class": keys[task_id, labeller_id]},
            "ontology_version_id": ontology,
            "client_key": str(number),
            "created_at": at,
        }
        for number, task_id, labeller_id in made
    ]
    session.execute(insert(Label), labels)
    done: dict[int, int] = {}
    for task, _, _ in rows:
        done[task.id] = done.get(task.id, 0) + (task.round > 0)
    for task_id, n in done.items():
        session.execute(update(Task).where(Task.id == task_id).values(n_done=n))
    session.flush()
