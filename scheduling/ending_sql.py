"""How a lease ends without an answer: one statement for expiry, release and the sweep."""

from ops import work_events

# A labeller who never claimed has no desk and nothing to lock.
LOCK_DESK = "SELECT labeller_id FROM desk WHERE labeller_id = %(me)s FOR NO KEY UPDATE"


def ending(kind: str, due: str, waiting: str = "") -> str:
    """SQL that ends as `kind` the live leases that `due` chooses, and frees their tasks.

    Tasks are locked in the order of their ids before assignments are touched, and a counter falls
    only by the rows that this very statement ended, looked at again under the lock: whoever ends a
    lease first is the only one who counts it.
    """
    return f"""
    WITH due AS MATERIALIZED ({due}),
    locked AS MATERIALIZED (
        SELECT t.id FROM task t WHERE t.id IN (SELECT task_id FROM due)
        ORDER BY t.id FOR NO KEY UPDATE {waiting}),
    ended AS (
        UPDATE assignment a SET state = '{kind}', ended_at = %(now)s
        FROM due JOIN locked ON locked.id = due.task_id
        WHERE a.id = due.id AND a.state = 'leased' AND a.expires_at <= due.upto
        RETURNING a.id, a.task_id, a.labeller_id, a.counts, a.active_ms),
    freed AS (
        UPDATE task t SET n_leased = t.n_leased - gone.n, returned = t.returned OR gone.n > 0
        FROM (SELECT task_id, count(*) FILTER (WHERE counts) AS n FROM ended GROUP BY 1) gone
        WHERE t.id = gone.task_id),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT %(now)s, '{kind}', e.labeller_id, l.project_id, l.batch_id, t.stage, t.id, e.id,
               jsonb_build_object('active_ms', e.active_ms)
        FROM ended e JOIN task t ON t.id = e.task_id JOIN lane l ON l.id = t.lane_id)
    SELECT id, task_id FROM ended"""


EXPIRE = ending(
    "expired",
    """SELECT id, task_id, %(now)s::timestamptz AS upto FROM assignment
       WHERE state = 'leased' AND expires_at <= %(now)s ORDER BY expires_at LIMIT %(most)s""",
    "SKIP LOCKED",
)
EXPIRE_MINE = ending(
    "expired",
    """SELECT id, task_id, %(now)s::timestamptz AS upto FROM assignment
       WHERE state = 'leased' AND expires_at <= %(now)s AND labeller_id = %(me)s""",
    "SKIP LOCKED",
)
RELEASE = ending(
    "released",
    "SELECT id, task_id, 'infinity'::timestamptz AS upto FROM assignment WHERE id = %(id)s",
)
