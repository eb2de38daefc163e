"""The SQL of the line: how far tasks are, and what a change of them adds to and takes off an hour.

How far a task is follows from its own row and its assignments alone, and never from what was
counted before. What it was counted as stands in `line_task`: a change takes that off and adds what
is so now.
"""

from ops.labels import CHOICES

# Whatever may begin, finish or reopen a task; other changes of tasks are noted by triggers.
MOVING = (
    "('leased', 'submitted', 'surplus', 'skipped', 'released', 'expired', 'recalled', 'reopened')"
)

GATHER = f"""
INSERT INTO line_touched (task_id)
SELECT DISTINCT task_id FROM work_event
WHERE xid >= :after AND xid < :below AND kind IN {MOVING}
"""

GATHER_ALL = "INSERT INTO line_touched (task_id) SELECT id FROM task"

TAKE = """
WITH taken AS (
    DELETE FROM line_touched WHERE id IN (SELECT id FROM line_touched ORDER BY id LIMIT :most)
    RETURNING task_id
)
SELECT DISTINCT task_id FROM taken ORDER BY task_id
"""

# What was done later with the same asset may hang on a task: it is looked at with it.
LATER = """
SELECT DISTINCT later.id FROM task JOIN task later USING (asset_id)
WHERE task.id = ANY(:tasks) AND later.id >= task.id ORDER BY later.id
"""

# Gold (round 0) is not in the line, nor what was never begun and is no longer wanted. A lease that
# lapsed before anybody saw it did not begin anything.
_NOW = f"""
    SELECT t.id AS task_id, a.project_id, a.batch_id, t.stage, t.created_at AS arrived_at,
           work.started_at,
           CASE WHEN t.n_done >= t.wanted THEN coalesce(work.answered_at, t.created_at) END
               AS finished_at,
           CASE WHEN t.n_done >= t.wanted THEN seen.stage END AS looked_at,
           coalesce(t.n_done >= t.wanted AND seen.stands, false) AS stands,
           again.repeats, again.alike, again.repeated_at
    FROM task t JOIN asset a ON a.id = t.asset_id
    CROSS JOIN LATERAL (
        SELECT min(x.leased_at) FILTER (
                   WHERE x.state IN ('leased', 'submitted', 'skipped') OR x.shown_at IS NOT NULL
               ) AS started_at,
               max(x.ended_at) FILTER (WHERE x.state = 'submitted' AND x.counts) AS answered_at
        FROM assignment x WHERE x.task_id = t.id
    ) work
    LEFT JOIN LATERAL (
        SELECT u.stage, (
            SELECT l.payload ->> 'verdict' = 'accept' FROM assignment x
            JOIN label l ON l.assignment_id = x.id
            WHERE x.task_id = t.id AND x.state = 'submitted' AND x.counts
            ORDER BY x.id DESC, l.revision DESC LIMIT 1
        ) AS stands
        FROM task u
        WHERE t.stage IN ('review', 'adjudicate') AND u.asset_id = t.asset_id AND u.id < t.id
          AND u.round > 0 AND u.n_done > 0
        ORDER BY u.id DESC LIMIT 1
    ) seen ON true
    CROSS JOIN LATERAL (
        SELECT count(*)::smallint AS repeats,
               (count(*) FILTER (WHERE label_key(later.payload) = label_key(earlier.payload)))
                   ::smallint AS alike,
               max(y.ended_at) AS repeated_at
        FROM assignment y JOIN label later ON later.assignment_id = y.id AND later.revision = 1
        CROSS JOIN LATERAL (
            SELECT l.payload FROM task u JOIN assignment x ON x.task_id = u.id
            JOIN label l ON l.assignment_id = x.id AND l.revision = 1
            WHERE u.asset_id = t.asset_id AND u.stage = 'label' AND x.labeller_id = y.labeller_id
              AND x.state = 'submitted' AND x.id < y.id
            ORDER BY x.id DESC LIMIT 1
        ) earlier
        WHERE t.stage = 'label' AND y.task_id = t.id AND y.state = 'submitted'
          AND later.payload ?| ARRAY{list(CHOICES)}
    ) again
    WHERE t.id = ANY(:tasks) AND t.round > 0 AND (t.wanted > 0 OR t.n_done > 0)
"""

_COLUMNS = (
    "task_id, project_id, batch_id, stage, arrived_at, started_at, finished_at, looked_at, stands, "
    "repeats, alike, repeated_at"
)
_KEY = "hour, batch_id, stage"


def _hour(moment: str) -> str:
    return f"date_trunc('hour', {moment}, 'UTC')"


def _bin(since: str, until: str) -> str:
    """The bin of a time; what seems to end before it began took no time."""
    ms = f"(extract(epoch FROM {until} - {since}) * 1000)::bigint"
    return f"width_bucket({ms}, CAST(:edges AS bigint[]))"


_TIMES = {
    "wait": ("started_at", "arrived_at", "started_at"),
    "cycle": ("finished_at", "coalesce(started_at, finished_at)", "finished_at"),
    "lead": ("finished_at", "arrived_at", "finished_at"),
}
_TIMED = " UNION ALL ".join(
    f"""
    SELECT {_hour(at)} AS hour, batch_id, stage, '{kind}' AS kind, {_bin(since, until)} AS bin,
           sign AS n
    FROM moved WHERE {at} IS NOT NULL"""
    for kind, (at, since, until) in _TIMES.items()
)
_KEPT = " UNION ALL ".join(
    f"""
    SELECT {_KEY}, '{kind}', bin, n FROM old, unnest({kind}_bins, {kind}_counts) AS u(bin, n)"""
    for kind in _TIMES
)
_ARRAYS = ", ".join(f"{kind}_bins, {kind}_counts" for kind in _TIMES)
_ARRAYS_FOUND = ", ".join(
    f"coalesce({kind}.bins, '{{}}'), coalesce({kind}.counts, '{{}}')" for kind in _TIMES
)
_ARRAYS_JOINED = " ".join(
    f"""
    LEFT JOIN histogram {kind} ON {kind}.kind = '{kind}'
         AND ({kind}.hour, {kind}.batch_id, {kind}.stage)
             = (added.hour, added.batch_id, added.stage)"""
    for kind in _TIMES
)
_COUNTED = ("arrived", "started", "finished", "looked", "passed", "repeats", "alike")

# Column of `line_rollup` → the hour it counts in, what it counts, and where that is so.
_FACTS = " UNION ALL ".join(
    f"""
    SELECT {_hour(at)} AS hour, batch_id, {stage} AS stage, project_id,
           {", ".join(f"{what.get(name, 0)} AS {name}" for name in _COUNTED)}
    FROM moved WHERE {at} IS NOT NULL AND {stage} IS NOT NULL"""
    for at, stage, what in (
        ("arrived_at", "stage", {"arrived": "sign"}),
        ("started_at", "stage", {"started": "sign"}),
        ("finished_at", "stage", {"finished": "sign"}),
        ("finished_at", "looked_at", {"looked": "sign", "passed": "sign * stands::int"}),
        ("repeated_at", "stage", {"repeats": "sign * repeats", "alike": "sign * alike"}),
    )
)

# One statement: its parts see the tables as they were before it. Returns the hours it changed and
# whether anything is left in them.
APPLY = f"""
WITH now AS MATERIALIZED ({_NOW}),
before AS MATERIALIZED (SELECT {_COLUMNS} FROM line_task WHERE task_id = ANY(:tasks)),
moved AS MATERIALIZED (
    SELECT -1 AS sign, b.* FROM before b LEFT JOIN now n USING (task_id)
    WHERE n IS DISTINCT FROM b
    UNION ALL
    SELECT 1, n.* FROM now n LEFT JOIN before b USING (task_id) WHERE n IS DISTINCT FROM b
),
gone AS (
    DELETE FROM line_task WHERE task_id IN (
        SELECT task_id FROM moved GROUP BY task_id HAVING max(sign) = -1)
),
kept AS (
    INSERT INTO line_task ({_COLUMNS}) SELECT {_COLUMNS} FROM moved WHERE sign = 1
    ON CONFLICT (task_id) DO UPDATE SET
        project_id = excluded.project_id, batch_id = excluded.batch_id, stage = excluded.stage,
        arrived_at = excluded.arrived_at, started_at = excluded.started_at,
        finished_at = excluded.finished_at, looked_at = excluded.looked_at,
        stands = excluded.stands, repeats = excluded.repeats, alike = excluded.alike,
        repeated_at = excluded.repeated_at
),
fact AS (
    {_FACTS}
),
added AS (
    SELECT {_KEY}, min(project_id) AS project_id,
           {", ".join(f"sum({name}) AS {name}" for name in _COUNTED)}
    FROM fact GROUP BY {_KEY}
),
old AS MATERIALIZED (
    SELECT * FROM line_rollup WHERE ({_KEY}) IN (SELECT {_KEY} FROM added)
),
bin AS (
    SELECT {_KEY}, kind, bin, sum(n)::integer AS n
    FROM ({_TIMED} UNION ALL {_KEPT}) timed
    GROUP BY {_KEY}, kind, bin HAVING sum(n) <> 0
),
histogram AS (
    SELECT {_KEY}, kind, array_agg(bin ORDER BY bin)::smallint[] AS bins,
           array_agg(n ORDER BY bin) AS counts
    FROM bin GROUP BY {_KEY}, kind
),
written AS (
    INSERT INTO line_rollup ({_KEY}, project_id, {", ".join(_COUNTED)}, {_ARRAYS})
    SELECT added.hour, added.batch_id, added.stage, added.project_id,
           {", ".join(f"coalesce(old.{name}, 0) + added.{name}" for name in _COUNTED)},
           {_ARRAYS_FOUND}
    FROM added LEFT JOIN old USING ({_KEY}) {_ARRAYS_JOINED}
    ON CONFLICT ({_KEY}) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _COUNTED)},
        {", ".join(f"{name} = excluded.{name}" for name in _ARRAYS.split(", "))}
    RETURNING {_KEY}, {" = 0 AND ".join(_COUNTED)} = 0 AS empty
)
SELECT (SELECT count(DISTINCT task_id) FROM moved) AS tasks,
       (SELECT count(*) FROM written) AS hours,
       ARRAY(SELECT hour FROM written WHERE empty) AS empty_hours,
       ARRAY(SELECT batch_id FROM written WHERE empty) AS empty_batches,
       ARRAY(SELECT stage FROM written WHERE empty) AS empty_stages
"""

SWEEP = f"""
DELETE FROM line_rollup WHERE ({_KEY}) IN (
    SELECT * FROM unnest(CAST(:hours AS timestamptz[]), CAST(:batches AS bigint[]),
                         CAST(:stages AS text[]))
)
"""
