"""The books of a floor, counted again from nothing but assignments, labels and events.

Each statement finds the rows that contradict the rest; a floor whose books are right has none.
They know nothing of the code that keeps the counters: plain SQL over what is stored.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from scheduling import policy

LONGEST_GAP = policy.pace(0.05)[1]
LIVE = "('reserved', 'leased')"

WRONG = {
    # Live leases and counted answers, as the task's own row has them.
    "counters of a task": f"""
        SELECT t.id, t.wanted, t.n_leased, t.n_done, t.open, count(a.id) AS assignments
        FROM task t LEFT JOIN assignment a ON a.task_id = t.id AND a.counts
        GROUP BY t.id
        HAVING t.n_leased <> count(a.id) FILTER (WHERE a.state IN {LIVE})
            OR t.n_done <> count(a.id) FILTER (WHERE a.state = 'submitted')
            OR t.open <> (count(a.id) FILTER (WHERE a.state IN {LIVE} OR a.state = 'submitted')
                          < t.wanted)""",
    "answered more often than wanted": f"""
        SELECT t.id, t.wanted, count(*) AS answers FROM task t JOIN assignment a ON a.task_id = t.id
        WHERE a.counts AND (a.state IN {LIVE} OR a.state = 'submitted')
        GROUP BY t.id HAVING count(*) > t.wanted""",
    "one labeller twice": """
        SELECT task_id, labeller_id FROM assignment
        WHERE state IN ('reserved', 'leased', 'submitted', 'skipped') AND NOT surplus
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "an asset met as gold and as work": """
        SELECT o.asset_id, a.labeller_id
        FROM task g JOIN assignment a ON a.task_id = g.id
        JOIN task o ON o.asset_id = g.asset_id AND o.round > 0 AND o.stage = 'label'
        JOIN assignment b ON b.task_id = o.id AND b.labeller_id = a.labeller_id
        WHERE g.round = 0""",
    "counts, surplus and state": """
        SELECT a.id, a.state, a.counts, a.surplus FROM assignment a JOIN task t ON t.id = a.task_id
        WHERE (a.surplus AND (a.counts OR a.state <> 'submitted'))
           OR (t.round = 0 AND a.counts)
           OR (t.round > 0 AND NOT a.counts AND NOT a.surplus)""",
    # An answer is stored once, and only for what was handed in.
    "labels of an assignment": """
        SELECT a.id, a.state, count(l.id) AS labels
        FROM assignment a LEFT JOIN label l ON l.assignment_id = a.id
        GROUP BY a.id HAVING count(l.id) <> (a.state = 'submitted')::int""",
    # Every assignment began once, and its last change of state is told.
    "events of an assignment": """
        SELECT a.id, a.state, a.surplus, array_agg(e.kind ORDER BY e.id) AS told
        FROM assignment a LEFT JOIN work_event e ON e.assignment_id = a.id
        GROUP BY a.id
        HAVING count(*) FILTER (WHERE e.kind IN ('reserved', 'leased')) = 0
            OR count(*) FILTER (WHERE e.kind = 'leased') > 1
            OR count(*) FILTER (WHERE e.kind IN ('submitted', 'surplus'))
               <> (a.state = 'submitted')::int
            OR count(*) FILTER (WHERE e.kind = 'skipped') <> (a.state = 'skipped')::int
            OR (a.state IN ('released', 'expired') AND count(*) FILTER (
                   WHERE e.kind IN ('released', 'recalled', 'expired')) <> 1)
            OR (a.state IN ('reserved', 'leased') AND count(*) FILTER (
                   WHERE e.kind NOT IN ('reserved', 'leased')) > 0)""",
    "audit entries of answers": """
        SELECT a.id FROM assignment a
        LEFT JOIN (SELECT split_part(subject, ':', 2)::bigint AS id, count(*) AS n
                   FROM audit_entry WHERE action = 'assignment.submitted' GROUP BY 1) told
               ON told.id = a.id
        WHERE a.state = 'submitted' AND coalesce(told.n, 0) <> 1""",
    # What a labeller handed in of a batch in their own day, gold and surplus included;
    # a skip is no answer, but its time is time.
    "tally of a day": """
        SELECT coalesce(d.labeller_id, c.labeller_id) AS labeller_id,
               coalesce(d.batch_id, c.batch_id) AS batch_id, coalesce(d.day, c.day) AS day,
               d.answers AS told, c.answers AS counted, d.active_ms AS told_ms, c.ms AS counted_ms
        FROM desk_tally d
        FULL JOIN (
            SELECT a.labeller_id, l.batch_id, (a.ended_at AT TIME ZONE u.timezone)::date AS day,
                   count(*) FILTER (WHERE a.state = 'submitted') AS answers, sum(a.active_ms) AS ms
            FROM assignment a JOIN task t ON t.id = a.task_id JOIN lane l ON l.id = t.lane_id
            JOIN user_account u ON u.id = a.labeller_id AND u.active
            WHERE a.state IN ('submitted', 'skipped') GROUP BY 1, 2, 3) c
          ON (c.labeller_id, c.batch_id, c.day) = (d.labeller_id, d.batch_id, d.day)
        WHERE coalesce(d.answers, 0) <> coalesce(c.answers, 0)
           OR coalesce(d.active_ms, 0) <> coalesce(c.ms, 0)""",
    # Counted when it is settled for a labeller, which is some claims before it is handed out; what
    # was retired in between was never seen.
    "exposures of gold": """
        SELECT g.id, g.state, g.exposures, count(x.task_id) AS handed_out_or_settled
        FROM gold g
        LEFT JOIN (SELECT task_id FROM assignment
                   UNION ALL SELECT s.task_id FROM gold_pace p JOIN gold s ON s.id = p.gold_id
                ) x ON x.task_id = g.task_id
        GROUP BY g.id
        HAVING g.exposures < count(x.task_id)
            OR (g.state = 'active' AND g.exposures > count(x.task_id))""",
    # Whoever was given labels of a project has gold to come, no further off than the longest gap
    # of the lowest rate that is ever set here.
    "pace of gold": f"""
        SELECT c.labeller_id, c.project_id, g.until_next
        FROM (SELECT DISTINCT e.labeller_id, e.project_id
              FROM work_event e JOIN user_account u ON u.id = e.labeller_id AND u.active
              WHERE e.kind = 'leased' AND e.stage = 'label') c
        LEFT JOIN gold_pace g ON (g.labeller_id, g.project_id) = (c.labeller_id, c.project_id)
        WHERE g.until_next IS NULL OR g.until_next NOT BETWEEN 0 AND {LONGEST_GAP}""",
    # What nobody can find is lost: open, new to somebody, and behind the cursor they believe in.
    "behind a cursor": """
        SELECT d.labeller_id, t.id FROM desk_cursor d
        JOIN lane l ON l.id = d.lane_id AND l.generation = d.generation
        JOIN task t ON t.lane_id = d.lane_id AND t.open AND NOT t.returned
             AND (t.npri, t.id) < (d.npri, d.task_id)
        WHERE NOT EXISTS (SELECT FROM task o JOIN assignment a ON a.task_id = o.id
                          WHERE o.asset_id = t.asset_id AND a.labeller_id = d.labeller_id)""",
}


def wrong(session: Session, most: int = 5) -> dict[str, list[dict[str, Any]]]:
    """The first rows that contradict each count, by what is wrong; {} when the books are right."""
    found = {}
    for name, statement in WRONG.items():
        rows = session.execute(text(f"{statement} LIMIT {most}")).mappings().all()
        if rows:
            found[name] = [dict(row) for row in rows]
    return found
