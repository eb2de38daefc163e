"""Hard assets in SQL: which open label tasks are hard and why, and their way to experts and back.

A task moves under its own lock and never waits for one: what is held is looked at again later.
Moved tasks may lie behind cursors, so a lane that gets some raises its generation; what comes back
is marked as returned, which is searched before all else.
"""

# Nothing that went to experts before goes there again.
_ORDINARY = """
    t.open AND t.round > 0 AND l.project_id = %(project)s AND l.stage = 'label'
    AND l.kind = 'ordinary' AND NOT EXISTS (SELECT FROM hard_task h WHERE h.task_id = t.id)"""


def _ids(source: str, which: str) -> str:
    # All at once: page by page, statistics older than an import make each page cost as much as all.
    return f"""
    SELECT array_agg(t.id ORDER BY t.id) AS ids FROM {source} WHERE {which} AND {_ORDINARY}"""


# Where something may have become hard: new tasks, those that came back, those just flagged.
# Whoever opens tasks in a lane holds its batch and raises its generation: where that stands there
# is nothing new, and within a lane ids are seen in their order, as over all of them they are not.
LANES = """
    SELECT id, generation FROM lane
    WHERE project_id = %(project)s AND stage = 'label' AND kind = 'ordinary' ORDER BY id"""
NEW = _ids("task t JOIN lane l ON l.id = t.lane_id", "t.lane_id = %(lane)s AND t.id > %(after)s")
RETURNED = _ids("lane l JOIN task t ON t.lane_id = l.id", "t.returned")
FLAGGED = _ids(
    """asset_difficulty d JOIN task t ON t.asset_id = d.asset_id AND t.stage = 'label'
       JOIN lane l ON l.id = t.lane_id""",
    "d.project_id = %(project)s AND d.colour = 'red' AND d.at >= %(since)s",
)

# An expert who has not had the asset yet.
_EXPERT_LEFT = """
    EXISTS (
        SELECT FROM unnest(%(experts)s::bigint[]) AS expert(id)
        WHERE NOT EXISTS (
            SELECT FROM task met JOIN assignment x ON x.task_id = met.id
            WHERE met.asset_id = t.asset_id AND (met.id = t.id OR met.round = 0)
              AND x.labeller_id = expert.id AND x.state NOT IN ('released', 'expired')))"""

# A JSON number lies between 0 and 1 only if it is one.
_SURE = "a.meta #> '{prediction,confidence}'"

# Why a task is hard, in the order of how telling that is; null where it is not.
_REASON = f"""
    CASE
        WHEN {_SURE} >= '0' AND {_SURE} < to_jsonb(%(below)s::float8) THEN
            'the model was ' || round(100 * (a.meta #>> '{{prediction,confidence}}')::numeric)
            || ' %% sure'
        WHEN d.colour = 'red' THEN 'its difficulty is red'
        WHEN c.probability < %(doubt)s THEN
            'earlier answers left its label ' || round(100 * c.probability::numeric) || ' %% sure'
        WHEN t.n_done >= %(many)s THEN t.n_done || ' answers left doubt'
    END"""
_KNOWN = """
    JOIN asset a ON a.id = t.asset_id
    LEFT JOIN asset_difficulty d ON d.asset_id = t.asset_id
    LEFT JOIN LATERAL (
        SELECT probability, method FROM consensus WHERE asset_id = t.asset_id
        ORDER BY version DESC LIMIT 1
    ) c ON c.method IN ('majority', 'dawid_skene', 'merged')"""

HARD = f"""
    SELECT found.id, found.batch_id, found.reason FROM (
        SELECT t.id, t.asset_id, l.batch_id, {_REASON} AS reason
        FROM task t JOIN lane l ON l.id = t.lane_id {_KNOWN}
        WHERE t.id = ANY(%(ids)s::bigint[]) AND {_ORDINARY}) found
    JOIN task t ON t.id = found.id
    WHERE found.reason IS NOT NULL AND (cardinality(%(experts)s::bigint[]) = 0 OR {_EXPERT_LEFT})
    ORDER BY found.id"""

# An import, or the last of many answers in doubt, puts a task before experts at once, so that
# nobody else gets it first: its deadline is noted here.
ADOPT = f"""
    INSERT INTO hard_task (task_id, reason, routed_at, due_at)
    SELECT t.id, coalesce({_REASON}, 'it was found hard'), %(now)s, %(due)s
    FROM lane l JOIN task t ON t.lane_id = l.id AND t.open {_KNOWN}
    WHERE l.project_id = %(project)s AND l.kind = 'hard'
      AND NOT EXISTS (SELECT FROM hard_task h WHERE h.task_id = t.id)
    ON CONFLICT (task_id) DO NOTHING"""

# What somebody holds stays until they let go: they got it under the terms of the lane it is in.
TO_EXPERTS = """
    WITH given AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(lanes)s::bigint[], %(reasons)s::text[])
            AS one(id, lane_id, reason)),
    held AS MATERIALIZED (
        SELECT t.id FROM task t WHERE t.id IN (SELECT id FROM given) AND t.open AND t.n_leased = 0
        ORDER BY t.id FOR NO KEY UPDATE SKIP LOCKED),
    moved AS (
        UPDATE task t SET lane_id = given.lane_id FROM held JOIN given ON given.id = held.id
        WHERE t.id = held.id RETURNING t.id, t.lane_id),
    noted AS (
        INSERT INTO hard_task (task_id, reason, routed_at, due_at)
        SELECT id, given.reason, %(now)s, %(due)s FROM moved JOIN given USING (id)),
    raised AS (
        UPDATE lane SET generation = generation + 1 WHERE id IN (SELECT lane_id FROM moved))
    SELECT id FROM moved"""

# Open tasks that wait for experts, and whether their time is over or no expert is left for them.
WAITING = f"""
    SELECT t.id, l.batch_id, h.due_at <= %(now)s AS overdue
    FROM lane l JOIN task t ON t.lane_id = l.id AND t.open JOIN hard_task h ON h.task_id = t.id
    WHERE l.project_id = %(project)s AND l.kind = 'hard'
      AND (h.due_at <= %(now)s OR NOT {_EXPERT_LEFT})
    ORDER BY t.id"""

BACK = """
    WITH given AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(lanes)s::bigint[]) AS one(id, lane_id)),
    held AS MATERIALIZED (
        SELECT t.id FROM task t WHERE t.id IN (SELECT id FROM given)
        ORDER BY t.id FOR NO KEY UPDATE SKIP LOCKED),
    moved AS (
        UPDATE task t SET lane_id = given.lane_id, returned = t.open
        FROM held JOIN given ON given.id = held.id WHERE t.id = held.id RETURNING t.id)
    UPDATE hard_task h SET escalated_at = %(now)s FROM moved WHERE h.task_id = moved.id
    RETURNING h.task_id AS id"""

PROJECTS = """
    SELECT id FROM project
    WHERE state = 'running' AND settings #> '{hard,level}' >= '1' ORDER BY id"""
PROJECTS_THAT_WAIT = """
    SELECT DISTINCT l.project_id FROM lane l
    WHERE l.kind = 'hard' AND EXISTS (SELECT FROM task t WHERE t.lane_id = l.id AND t.open)
    ORDER BY 1"""

# By batch: with experts now and since when, and given back because they did not get to it.
COUNTS = """
    SELECT l.batch_id,
           count(*) FILTER (WHERE l.kind = 'hard' AND t.n_done < t.wanted) AS waiting,
           min(h.routed_at) FILTER (WHERE l.kind = 'hard' AND t.n_done < t.wanted) AS oldest,
           count(*) FILTER (WHERE h.escalated_at >= h.due_at) AS given_back
    FROM hard_task h JOIN task t ON t.id = h.task_id JOIN lane l ON l.id = t.lane_id
    WHERE l.batch_id = ANY(%(batches)s::bigint[]) GROUP BY l.batch_id"""
