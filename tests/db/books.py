"""The books of a floor: counters beside a recount, and the events that tell of them."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_RECOUNT = text(
    """
    SELECT t.id, t.wanted, t.n_leased, t.n_done,
           count(a.id) FILTER (WHERE a.state IN ('reserved', 'leased') AND a.counts) AS leased,
           count(a.id) FILTER (WHERE a.state = 'submitted' AND a.counts) AS done
    FROM task t LEFT JOIN assignment a ON a.task_id = t.id GROUP BY t.id
    """
)


def balanced(session: Session) -> None:
    """Every counter equals a recount and no task has more than it wants."""
    for task in session.execute(_RECOUNT):
        assert (task.n_leased, task.n_done) == (task.leased, task.done), task
        assert task.leased + task.done <= task.wanted, task


def events(session: Session) -> list[tuple[str, Any]]:
    """Kind and data of every work event, in order."""
    found = session.execute(text("SELECT kind, data FROM work_event ORDER BY id"))
    return [(kind, data) for kind, data in found]
