"""The SQL of the roll-up.

Of several submissions of one assignment (a correction) the newest counts; of several judgements of
one kind (gold was revised and scored again) the newest counts, on the day of the submission it
judges. Shares are summed as `numeric`, exact in any order, so that a rebuild equals the sum of
increments to the last digit.
"""

SUBMISSION = "('submitted', 'surplus')"
JUDGEMENT = "('gold_scored', 'consensus_scored', 'reviewed')"

# The keys that events after one transaction and below another touch: their own, and those of every
# submission of their assignments, because a judgement counts there and a correction moves it.
TOUCHED = f"""
WITH fresh AS MATERIALIZED (
    SELECT at, kind, labeller_id, batch_id, stage, assignment_id
    FROM work_event WHERE xid >= :after AND xid < :below
)
SELECT (at AT TIME ZONE 'UTC')::date AS day, labeller_id, batch_id, stage
FROM fresh WHERE kind NOT IN {JUDGEMENT}
UNION
SELECT (e.at AT TIME ZONE 'UTC')::date, e.labeller_id, e.batch_id, e.stage
FROM work_event e
WHERE e.kind IN {SUBMISSION} AND e.xid < :below AND e.assignment_id IN (
    SELECT assignment_id FROM fresh WHERE kind IN {JUDGEMENT} OR kind IN {SUBMISSION}
)
"""

_KEYS = """
    SELECT * FROM unnest(
        CAST(:labellers AS bigint[]), CAST(:batches AS bigint[]), CAST(:stages AS text[])
    )
"""

DELETE_KEYS = f"""
DELETE FROM daily_rollup
WHERE day >= :first AND day < :stop AND (labeller_id, batch_id, stage) IN ({_KEYS})
"""

_COUNT = """
WITH own AS MATERIALIZED (
    SELECT id, at, (at AT TIME ZONE 'UTC')::date AS day, kind, labeller_id, batch_id, stage,
           project_id, assignment_id, data
    FROM work_event
    WHERE at >= :start_at AND at < :stop_at AND xid < :below
      AND kind NOT IN {judgement} {only}
), newest AS (
    SELECT DISTINCT ON (assignment_id) * FROM own WHERE kind IN {submission}
    ORDER BY assignment_id, at DESC, id DESC
), submission AS MATERIALIZED (
    SELECT day, labeller_id, batch_id, stage, project_id, assignment_id, kind,
           coalesce((data ->> 'active_ms')::numeric, 0)::bigint AS active_ms,
           coalesce((data ->> 'wall_ms')::numeric, 0)::bigint AS wall_ms
    FROM newest s
    WHERE NOT EXISTS (
        SELECT FROM work_event later
        WHERE later.assignment_id = s.assignment_id AND later.kind IN {submission}
          AND later.xid < :below AND (later.at, later.id) > (s.at, s.id)
    )
), judgement AS (
    SELECT DISTINCT ON (j.assignment_id, j.kind)
           s.day, s.labeller_id, s.batch_id, s.stage, s.project_id, j.kind,
           (j.data ->> 'correct')::numeric AS correct
    FROM submission s JOIN work_event j ON j.assignment_id = s.assignment_id
    WHERE j.kind IN {judgement} AND j.xid < :below
    ORDER BY j.assignment_id, j.kind, j.at DESC, j.id DESC
), fact AS (
    SELECT day, labeller_id, batch_id, stage, project_id, kind, 0::bigint AS active_ms,
           0::bigint AS wall_ms, NULL::numeric AS correct
    FROM own WHERE kind NOT IN {submission}
    UNION ALL
    SELECT day, labeller_id, batch_id, stage, project_id, kind, active_ms, wall_ms, NULL
    FROM submission
    UNION ALL
    SELECT day, labeller_id, batch_id, stage, project_id, kind, 0, 0, correct FROM judgement
), bin AS (
    SELECT day, labeller_id, batch_id, stage,
           width_bucket(active_ms, CAST(:edges AS bigint[])) AS bin, count(*)::integer AS n
    FROM submission WHERE active_ms > 0
    GROUP BY 1, 2, 3, 4, 5
), histogram AS (
    SELECT day, labeller_id, batch_id, stage, array_agg(bin) AS bins, array_agg(n) AS counts
    FROM bin GROUP BY 1, 2, 3, 4
), total AS (
    SELECT day, labeller_id, batch_id, stage, min(project_id) AS project_id,
        count(*) FILTER (WHERE kind = 'leased') AS leased,
        count(*) FILTER (WHERE kind = 'submitted') AS submitted,
        count(*) FILTER (WHERE kind = 'surplus') AS surplus,
        count(*) FILTER (WHERE kind = 'skipped') AS skipped,
        count(*) FILTER (WHERE kind = 'released') AS released,
        count(*) FILTER (WHERE kind = 'expired') AS expired,
        sum(active_ms)::bigint AS active_ms, sum(wall_ms)::bigint AS wall_ms,
        count(*) FILTER (WHERE kind = 'gold_scored') AS gold_n,
        coalesce(sum(correct) FILTER (WHERE kind = 'gold_scored'), 0)::float8 AS gold_correct,
        count(*) FILTER (WHERE kind = 'consensus_scored') AS consensus_n,
        coalesce(sum(correct) FILTER (WHERE kind = 'consensus_scored'), 0)::float8
            AS consensus_agreed,
        count(*) FILTER (WHERE kind = 'reviewed' AND stage <> 'rework') AS review_n,
        coalesce(sum(correct) FILTER (WHERE kind = 'reviewed' AND stage <> 'rework'), 0)::float8
            AS review_accepted
    FROM fact GROUP BY 1, 2, 3, 4
)
INSERT INTO daily_rollup (
    day, labeller_id, batch_id, stage, project_id, leased, submitted, surplus, skipped, released,
    expired, active_ms, wall_ms, gold_n, gold_correct, consensus_n, consensus_agreed, review_n,
    review_accepted, log_time_histogram
)
SELECT day, labeller_id, batch_id, stage, project_id, leased, submitted, surplus, skipped, released,
    expired, active_ms, wall_ms, gold_n, gold_correct, consensus_n, consensus_agreed, review_n,
    review_accepted,
    ARRAY(
        SELECT coalesce(counts[array_position(bins, i)], 0)
        FROM generate_series(0, CAST(:last_bin AS integer)) AS i ORDER BY i
    )
FROM total LEFT JOIN histogram USING (day, labeller_id, batch_id, stage)
"""


def count(*, only_keys: bool) -> str:
    """Insert the rows of a range of days from raw events; of all keys, or of :labellers, …"""
    only = f"AND (labeller_id, batch_id, stage) IN ({_KEYS})" if only_keys else ""
    return _COUNT.format(only=only, submission=SUBMISSION, judgement=JUDGEMENT)
