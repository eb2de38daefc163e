"""Reopening: answers that are no longer relied on lose their weight, and their tasks go out again.

Such an answer is kept and paid as surplus; its place in the task is free for somebody else. What a
reviewer, an expert or gold decided is not touched, nor is anything delivered. Locks are taken in
the order of the house: batches, then tasks by id.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import lanes, work_events

# So many reopened tasks go ahead of others, through the small index of what came back. More would
# be a long walk at every claim of whoever had them: those are found in their own place.
AHEAD = 1000

_THEIRS = """
    FROM assignment a
    JOIN task t ON t.id = a.task_id
    JOIN lane l ON l.id = t.lane_id JOIN batch b ON b.id = l.batch_id
    WHERE a.labeller_id = :labeller AND a.project_id = :project AND a.state = 'submitted'
      AND t.stage IN ('label', 'rework') AND t.round > 0 AND b.state <> 'delivered'
      AND NOT label_stays(b.id, t.asset_id)"""

_RELIED_ON = f"""{_THEIRS}
      AND a.counts AND a.ended_at >= :since
      AND coalesce((SELECT c.method FROM consensus c WHERE c.asset_id = t.asset_id
                    ORDER BY c.version DESC LIMIT 1), '')
          NOT IN ('review', 'adjudication', 'gold')"""

_TAKEN_BACK = f"""{_THEIRS}
      AND a.surplus AND t.open
      AND EXISTS (SELECT FROM work_event e WHERE e.assignment_id = a.id AND e.kind = 'reopened'
                    AND e.at > a.leased_at - interval '1 hour' AND e.data ->> 'cause' = :cause)
      AND NOT EXISTS (SELECT FROM assignment o
                      WHERE o.task_id = t.id AND o.labeller_id = a.labeller_id AND NOT o.surplus
                        AND o.state IN ('reserved', 'leased', 'submitted', 'skipped'))"""


def _move(chosen: str, *, counts: str, done: str, returned: str, room: str = "true") -> Any:
    """One statement: the tasks locked in order, their answers and counters changed, the events.

    `room` is looked at again under the lock. Only of batches that are locked: what came meanwhile
    in another might open it unseen.
    """
    chosen += " AND b.id = ANY(:batches)"
    return text(f"""
    WITH locked AS MATERIALIZED (
        SELECT t.id FROM task t WHERE t.id IN (SELECT t.id {chosen}) AND {room}
        ORDER BY t.id FOR NO KEY UPDATE),
    moved AS (
        UPDATE assignment x SET counts = {counts}, surplus = NOT {counts}
        FROM locked
        WHERE x.id IN (SELECT a.id {chosen}) AND x.task_id = locked.id AND x.counts <> {counts}
        RETURNING x.id, x.task_id),
    counted AS (
        UPDATE task t SET n_done = t.n_done {done} 1, returned = {returned}
        FROM moved WHERE t.id = moved.task_id),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT :now, 'reopened', :labeller, l.project_id, l.batch_id, t.stage, t.id, moved.id,
               jsonb_build_object('cause', CAST(:cause AS text), 'counts', {counts})
        FROM moved JOIN task t ON t.id = moved.task_id JOIN lane l ON l.id = t.lane_id)
    SELECT count(*) FROM moved""")


_DISCOUNT = _move(
    _RELIED_ON, counts="false", done="-", returned="(SELECT count(*) FROM moved) <= :ahead"
)
_COUNT_AGAIN = _move(
    _TAKEN_BACK,
    counts="true",
    done="+",
    returned="t.returned AND t.n_done + t.n_leased + 1 < t.wanted",
    room="t.open",
)


def discount(
    session: Session,
    labeller_id: int,
    project_id: int,
    since: datetime,
    at: datetime,
    *,
    cause: str = "",
) -> int:
    """Take the weight off what a labeller answered since `since` and nobody decided upon.

    Their counted label answers become surplus, the tasks want an answer more, complete batches are
    open again. Returns how many answers; a second call finds none. `cause`, as `firing:7`, is what
    `count_again` knows them by.
    """
    values = {"labeller": labeller_id, "project": project_id, "since": since, "cause": cause}
    batches = _lock_batches(session, _RELIED_ON, values)
    values |= {"now": at, "ahead": AHEAD, "batches": batches}
    done = session.scalars(_DISCOUNT, values).one()
    if done:
        _open_again(session, batches, new_search=done > AHEAD)
    return done


def count_again(
    session: Session, labeller_id: int, project_id: int, cause: str, at: datetime
) -> int:
    """Give their weight back to answers that `cause` took it from, where the task still has room.

    A task that somebody else has taken up or answered meanwhile stays theirs. Returns how many
    count again; they are judged anew with the others.
    """
    values = {"labeller": labeller_id, "project": project_id, "cause": cause}
    batches = _lock_batches(session, _TAKEN_BACK, values)
    done = session.scalars(_COUNT_AGAIN, values | {"now": at, "batches": batches}).one()
    if done:
        session.execute(_JUDGE_AGAIN, values)
    return done


_JUDGE_AGAIN = text("""
    UPDATE assignment a SET judged_at = NULL
    WHERE a.labeller_id = :labeller AND a.project_id = :project AND a.state = 'submitted'
      AND a.counts AND a.judged_at IS NOT NULL
      AND EXISTS (SELECT FROM work_event e WHERE e.assignment_id = a.id AND e.kind = 'reopened'
                    AND e.at > a.leased_at - interval '1 hour' AND e.data ->> 'cause' = :cause)""")


def _lock_batches(session: Session, chosen: str, values: dict[str, Any]) -> list[int]:
    """Nobody says meanwhile that these batches are complete, nor delivers them."""
    found = session.scalars(text(f"SELECT DISTINCT b.id {chosen}"), values)
    return [lanes.lock_batch(session, batch_id).id for batch_id in sorted(found)]


def _open_again(session: Session, batches: list[int], *, new_search: bool) -> None:
    session.execute(
        text("""
            UPDATE batch SET state = 'open', completed_at = NULL
            WHERE id = ANY(:batches) AND state = 'complete'"""),
        {"batches": batches},
    )
    if new_search:
        session.execute(
            text("UPDATE lane SET generation = generation + 1 WHERE batch_id = ANY(:batches)"),
            {"batches": batches},
        )
    session.expire_all()
