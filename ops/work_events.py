"""Work events: what happened to an assignment, appended and never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from ops.errors import InvalidInput
from ops.models import WORK_EVENTS, WorkEvent

# The same columns for SQL that appends an event in the statement that causes it.
COLUMNS = "at, kind, labeller_id, project_id, batch_id, stage, task_id, assignment_id, data"


@dataclass(frozen=True)
class Event:
    """One event about one assignment; `data` as `ops.models.WorkEvent` says for its kind."""

    kind: str
    at: datetime
    labeller_id: int
    project_id: int
    batch_id: int
    stage: str
    task_id: int
    assignment_id: int
    data: Mapping[str, Any] = field(default_factory=dict)


def append(session: Session, events: Iterable[Event]) -> int:
    """Append `events` in one statement; returns how many. Raises InvalidInput naming `kind`."""
    values = [vars(event) | {"data": dict(event.data)} for event in events]
    for value in values:
        if value["kind"] not in WORK_EVENTS:
            raise InvalidInput(f"kind must be one of {', '.join(WORK_EVENTS)}", field="kind")
    if values:
        session.execute(insert(WorkEvent), values)
    return len(values)
