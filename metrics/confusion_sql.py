"""The SQL of the roll-up of confusions.

An answer is judged by gold, else by what a reviewer or an expert decided, else by the consensus of
several. Label in force means: the newest that is neither gold's nor imported; gold made later does
not change by what an earlier answer is judged.
"""

from ops.labels import CHOICES

JUDGEMENTS = "('gold_scored', 'consensus_scored', 'reviewed')"
BY_PEOPLE, BY_OTHERS = "('review', 'adjudication')", "('majority', 'dawid_skene', 'merged')"

# The answers of which something new is known, in transactions from one to below another.
FRESH = f"""
    SELECT DISTINCT assignment_id FROM work_event
    WHERE xid >= :after AND xid < :below AND kind IN {JUDGEMENTS}
"""

# Every answer that anything is known of, after one id, so many.
NEXT = "SELECT id FROM assignment WHERE id > :after AND state = 'submitted' ORDER BY id LIMIT :most"

# What is right of each of the answers :ids, by what; where nothing is known the answer is left out.
_KNOWN = """
    SELECT a.id AS assignment_id, a.labeller_id, a.project_id, task.asset_id, task.stage,
           lane.batch_id, project.label_type,
           coalesce(belonging.team_id, 0) AS team_id,
           coalesce(belonging.organisation_id, 0) AS vendor_id,
           (a.ended_at AT TIME ZONE belonging.timezone)::date AS day,
           coalesce(gold.label_id, newest.id) AS label_id, gold.correct,
           CASE WHEN gold.label_id IS NOT NULL THEN 'gold' WHEN by_people.judged THEN 'review'
                ELSE 'consensus' END AS truth_by,
           CASE WHEN gold.label_id IS NOT NULL THEN gold.accepted ELSE known.label END AS truth
    FROM assignment a
    JOIN task ON task.id = a.task_id JOIN lane ON lane.id = task.lane_id
    JOIN project ON project.id = a.project_id
    CROSS JOIN LATERAL (
        SELECT team_id, organisation_id, timezone FROM (
            SELECT team_id, organisation_id, timezone, until FROM past_affiliation past
            WHERE past.user_id = a.labeller_id AND past.until > a.ended_at
            UNION ALL
            SELECT team_id, organisation_id, timezone, NULL FROM user_account
            WHERE user_account.id = a.labeller_id) belonged
        ORDER BY until NULLS LAST LIMIT 1) belonging
    CROSS JOIN LATERAL (
        SELECT id FROM label WHERE label.assignment_id = a.id ORDER BY revision DESC LIMIT 1) newest
    LEFT JOIN LATERAL (
        SELECT score.label_id, score.correct, version.answers -> 0 AS accepted
        FROM gold_score score JOIN gold_version version ON version.id = score.gold_version_id
        WHERE score.assignment_id = a.id ORDER BY score.id DESC LIMIT 1) gold ON true
    LEFT JOIN LATERAL (
        SELECT method, label, answers FROM consensus
        WHERE consensus.asset_id = task.asset_id AND method NOT IN ('gold', 'imported')
        ORDER BY version DESC LIMIT 1) known ON true
    CROSS JOIN LATERAL (
        SELECT known.method IN {people} AND EXISTS (
            SELECT FROM evidence e WHERE e.assignment_id = a.id AND e.kind = 'review') AS judged
        ) by_people
    CROSS JOIN LATERAL (
        SELECT known.method IN {others} AND known.answers > 1 AND EXISTS (
            SELECT FROM evidence e WHERE e.assignment_id = a.id AND e.kind = 'consensus') AS judged
        ) by_others
    WHERE a.id = ANY(:ids) AND a.state = 'submitted' AND project.label_type {kind}
      AND (gold.label_id IS NOT NULL
           OR (task.stage IN ('label', 'rework') AND (by_people.judged OR by_others.judged)))
"""
COLUMNS = (
    "assignment_id, project_id, batch_id, labeller_id, asset_id, stage, team_id, vendor_id, day, "
    "truth_by, truth, said, fault, n"
)
_CHOICES = _KNOWN.format(people=BY_PEOPLE, others=BY_OTHERS, kind=f"IN {CHOICES}")
# A choice is one thing: several answers to a gold may be right, then what was said is.
LINES_OF_CHOICES = f"""
    WITH known AS ({_CHOICES}), told AS (
        SELECT known.*, label_key(label.payload) AS said, CASE
            WHEN known.correct >= 1 THEN label_key(label.payload)
            ELSE label_key(known.truth - '{{credit,tolerance,overlap}}'::text[]) END AS right
        FROM known JOIN label ON label.id = known.label_id)
    INSERT INTO confusion_line ({COLUMNS})
    SELECT assignment_id, project_id, batch_id, labeller_id, asset_id, stage, team_id, vendor_id,
           day, truth_by, told.right, said,
           CASE WHEN said = told.right THEN '' ELSE 'wrong_class' END, 1
    FROM told WHERE said <> ''
    RETURNING project_id, day, labeller_id
"""
# The other types, whose parts are compared one by one.
KNOWN_OF_OTHERS = f"""
    WITH known AS ({_KNOWN.format(people=BY_PEOPLE, others=BY_OTHERS, kind=f"NOT IN {CHOICES}")})
    SELECT known.*, label.payload AS given FROM known JOIN label ON label.id = known.label_id
    ORDER BY known.assignment_id
"""

FORGET = """
    DELETE FROM confusion_line WHERE assignment_id = ANY(:ids)
    RETURNING project_id, day, labeller_id
"""
_KEYS = """
    SELECT * FROM unnest(
        CAST(:projects AS bigint[]), CAST(:days AS date[]), CAST(:labellers AS bigint[]))
"""
UNCOUNT = f"DELETE FROM confusion_rollup WHERE (project_id, day, labeller_id) IN ({_KEYS})"
_SUM = """
    INSERT INTO confusion_rollup (
        project_id, day, labeller_id, batch_id, stage, team_id, vendor_id, truth_by, truth, said,
        fault, n)
    SELECT project_id, day, labeller_id, batch_id, stage, team_id, vendor_id, truth_by, truth, said,
           fault, sum(n)
    FROM confusion_line {which} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""
COUNT = _SUM.format(which=f"WHERE (project_id, day, labeller_id) IN ({_KEYS})")
COUNT_ALL = _SUM.format(which="")
