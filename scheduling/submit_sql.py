"""Handing in, in three statements: the desk, the task and its assignment, then everything at once.

Work and gold run through the very same statements with the very same number of changed rows; only
the numbers differ.
"""

from ops import audit_log, work_events
from scheduling import sql
from scheduling.conditions import HOLDING_CONDITIONS, all_of
from scheduling.eligibility import LANES

# What does not change is read here; what does is read below, after this lock and in a new snapshot.
DESK_AND_WORK = """
    WITH locked AS MATERIALIZED (
        SELECT labeller_id FROM desk WHERE labeller_id = %(me)s FOR NO KEY UPDATE)
    SELECT a.id, a.project_id, p.organisation_id, (SELECT count(*) FROM locked) AS desks,
           p.label_type, o.*
    FROM assignment a JOIN project p ON p.id = a.project_id
    JOIN LATERAL (SELECT id AS ontology_id, classes, attributes, scale, reasons, tie
                  FROM ontology_version WHERE project_id = p.id
                  ORDER BY version DESC LIMIT 1) o ON true
    WHERE a.token = %(token)s AND a.labeller_id = %(me)s"""

# Asked only for labels that could leave their picture or text.
BOUNDS = """
    SELECT s.id, s.width, s.height, char_length(s.text) AS length
    FROM assignment a JOIN task t ON t.id = a.task_id JOIN asset s ON s.id = t.asset_id
    WHERE a.id = %(id)s"""

# Another place of mine in this task, and another answer: both exist only if this lease was lost.
# No join on the lane: a task that moved to another one while its lock was waited for would vanish.
TASK_AND_ASSIGNMENT = sql.short(f"""
    SELECT a.id, a.task_id, a.project_id, a.state, a.counts, a.leased_at, a.shown_at, a.expires_at,
           a.tab, a.beat_at, a.active_ms, a.active_before_ms, a.idle_ms, a.idle_before_ms,
           a.inputs, a.inputs_before,
           t.open, t.stage, t.lane_id, t.asset_id,
           (SELECT o.batch_id FROM asset o WHERE o.id = t.asset_id) AS batch_id,
           EXISTS (SELECT {LANES} WHERE u.id = %(me)s AND l.id = t.lane_id
                   AND {all_of(HOLDING_CONDITIONS)}) AS may_hold,
           (SELECT x.id FROM assignment x
            WHERE x.task_id = t.id AND x.labeller_id = a.labeller_id AND x.id <> a.id
              AND x.state IN ('leased', 'reserved')) AS other_lease,
           EXISTS (SELECT FROM assignment x
                   WHERE x.task_id = t.id AND x.labeller_id = a.labeller_id AND x.id <> a.id
                     AND x.state IN ('submitted', 'skipped') AND NOT x.surplus) AS other_answer,
           (SELECT client_key FROM label
            WHERE assignment_id = a.id AND revision = 1) AS accepted_key
    FROM task t JOIN assignment a ON a.task_id = t.id
    WHERE a.id = %(id)s FOR NO KEY UPDATE OF t, a""")

# Asked only of a lease that was lost. Events lie by month: earlier ones are not looked through, and
# clocks of two machines may differ a little.
RECALLED = """
    SELECT id FROM work_event WHERE assignment_id = %(id)s AND kind = 'recalled'
      AND at > CAST(%(leased_at)s AS timestamptz) - interval '1 hour' LIMIT 1"""

_ASSIGNMENT = """
    ended AS (
        UPDATE assignment SET state = %(state)s, ended_at = %(now)s, counts = %(counts)s,
               surplus = %(surplus)s, skip_reason = %(reason)s,
               active_ms = %(active_ms)s, idle_ms = %(idle_ms)s, inputs = %(inputs)s,
               wall_ms = %(wall_ms)s
        WHERE id = %(id)s)"""

_TASK = """
    changed AS (
        UPDATE task SET n_leased = n_leased - %(unleased)s, n_done = n_done + %(done)s,
               returned = returned OR (%(unleased)s > %(done)s)
        WHERE id = %(task)s)"""

_REST = f"""
    tallied AS (
        INSERT INTO desk_tally AS d (labeller_id, batch_id, day, answers, active_ms)
        VALUES (%(me)s, %(batch)s, %(day)s, %(answers)s, %(active_ms)s)
        ON CONFLICT (labeller_id, batch_id, day) DO UPDATE
        SET answers = d.answers + excluded.answers, active_ms = d.active_ms + excluded.active_ms),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        VALUES (%(now)s, %(kind)s, %(me)s, %(project)s, %(batch)s, %(stage)s, %(task)s, %(id)s,
                %(data)s))
    {audit_log.APPEND}"""

SUBMIT = sql.short(f"""
    WITH {_ASSIGNMENT},{_TASK},
    answered AS (
        INSERT INTO label (assignment_id, revision, payload, ontology_version_id, client_key,
                           created_at)
        VALUES (%(id)s, 1, %(payload)s, %(ontology)s, %(key)s, %(now)s)),
    {_REST}""")

SKIP = sql.short(f"WITH {_ASSIGNMENT},{_TASK},{_REST}")
