"""How a lease or a reservation ends without an answer: expiry, the sweep, release, recall."""

from typing import NamedTuple

from ops import work_events

STATES = ("leased", "reserved")
LIVE = "('leased', 'reserved')"

# A labeller who never claimed has no desk and nothing to lock.
LOCK_DESK = "SELECT labeller_id FROM desk WHERE labeller_id = %(me)s FOR NO KEY UPDATE"


class Ending(NamedTuple):
    """Two statements: `lock` gives the ids of what is due and whose tasks it has locked; `end` ends
    `ids` of these, where they are still held and, looked at under the lock, run out by `upto`.

    In one statement the change would look for the rows as they were before their locks were waited
    for. PostgreSQL then follows each to its newest version behind whoever waits for that in turn,
    which is a deadlock where others merely refer to the row at the same time, as claims of gold do.
    """

    lock: str
    end: str


def ending(kind: str, due: str, waiting: str = "", state: str = "") -> Ending:
    """SQL that ends as `kind` what `due` chooses of what is held or reserved, and frees its tasks.

    `state` is what becomes of the assignment where that is not called like the event.

    Tasks are locked in the order of their ids before assignments are touched, and a counter falls
    only by the rows that this very statement ended, looked at again under the lock: whoever ends a
    lease first is the only one who counts it.
    """
    lock = f"""
    WITH due AS MATERIALIZED ({due})
    SELECT due.id FROM due JOIN task t ON t.id = due.task_id
    ORDER BY t.id FOR NO KEY UPDATE OF t {waiting}"""
    end = f"""
    WITH ended AS (
        UPDATE assignment a SET state = '{state or kind}', ended_at = %(now)s
        WHERE a.id = ANY(%(ids)s::bigint[]) AND a.state IN {LIVE}
          AND a.expires_at <= %(upto)s::timestamptz
        RETURNING a.id, a.task_id, a.labeller_id, a.counts, a.active_ms, a.idle_ms, a.inputs),
    freed AS (
        UPDATE task t SET n_leased = t.n_leased - gone.n, returned = t.returned OR gone.n > 0
        FROM (SELECT task_id, count(*) FILTER (WHERE counts) AS n FROM ended GROUP BY 1) gone
        WHERE t.id = gone.task_id),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT %(now)s, '{kind}', e.labeller_id, l.project_id, l.batch_id, t.stage, t.id, e.id,
               jsonb_build_object('active_ms', e.active_ms, 'idle_ms', e.idle_ms,
                                  'inputs', e.inputs)
        FROM ended e JOIN task t ON t.id = e.task_id JOIN lane l ON l.id = t.lane_id)
    SELECT id, task_id FROM ended"""
    return Ending(lock, end)


# Each state has an index of its own.
_RUN_OUT = """
    SELECT id, task_id, expires_at FROM assignment
    WHERE state = '{state}' AND expires_at <= %(now)s {whose} {most}"""


def _run_out(whose: str = "", most: str = "") -> str:
    either = (f"({_RUN_OUT.format(state=s, whose=whose, most=most)})" for s in STATES)
    return " UNION ALL ".join(either)


EXPIRE = ending("expired", _run_out(most="ORDER BY expires_at LIMIT %(most)s"), "SKIP LOCKED")
EXPIRE_MINE = ending("expired", _run_out(whose="AND labeller_id = %(me)s"), "SKIP LOCKED")

_THESE = f"""
    SELECT id, task_id FROM assignment
    WHERE id = ANY(%(these)s::bigint[]) AND state IN {LIVE}"""
RELEASE = ending("released", _THESE)
RECALL = ending("recalled", _THESE, state="released")
# Whatever its time is.
EVER = "infinity"
