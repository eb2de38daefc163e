"""The claim: one statement that finds a task, locks its row, changes that row and writes the lease.

How it works, from the inside out:

- `lanes` are the lanes open to me (see `eligibility`), each with the cursor at which my search in
  it may start.
- `returned_head` and `open_head` are the first task of each lane that is new to me, whoever may be
  holding its lock: among tasks that came back (a small index of their own) and among all open ones.
- The pick walks the lanes in the order of their heads and takes the first task whose lock is free.
  It is lateral, so that a lane whose rows are all locked just now is followed by the next lane.
- The picked row is locked and then changed: that, not a count of assignments, is what keeps live
  leases and answers within what the task wants. Checks on the table say the same once more.
- The cursor is set to the head, not to the picked row: a task that was locked by somebody else must
  not stay behind it. It includes the head, and it holds only while the lane's generation stands.
  It is moved at every eighth claim: looking past a few tasks again is cheaper than writing.

FOR NO KEY UPDATE, unlike FOR UPDATE, leaves alone those who merely refer to the task.
"""

from ops import work_events
from scheduling.eligibility import APART, NEW_TO_ME

FIRST, LAST = -(2**63), 2**63 - 1

# Statistics taken while `assignment` is empty make a scan of it look cheap, and planning this
# statement anew takes longer than running it. Both hold until the end of the transaction.
PLANNER = """
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('plan_cache_mode', 'force_generic_plan', true)"""

# The first statement of a claim: it makes a labeller's claims follow one another.
LOCK_DESK = f"""
    INSERT INTO desk AS d (labeller_id, claims, claimed_at) VALUES (%(me)s, 1, %(now)s)
    ON CONFLICT (labeller_id) DO UPDATE SET claims = d.claims + 1, claimed_at = excluded.claimed_at
    RETURNING claims, {PLANNER}"""

_LANES = f"""
    lanes AS MATERIALIZED (
        SELECT s.lane, s.project, s.batch, s.minutes, s.generation,
               coalesce(s.npri, {FIRST}) AS npri, coalesce(s.task, {FIRST}) AS task,
               s.npri IS NULL AS cursor_lost
        FROM unnest(%(lanes)s::bigint[], %(projects)s::bigint[], %(batches)s::bigint[],
                    %(minutes)s::bigint[], %(generations)s::bigint[],
                    %(npris)s::bigint[], %(tasks)s::bigint[])
             AS s(lane, project, batch, minutes, generation, npri, task))"""


def _search(which: str) -> str:
    """The first task of lane `s.lane` that is open and new to me, among `which`."""
    return f"""
        SELECT t.npri, t.id FROM task t
        WHERE t.lane_id = s.lane AND t.open AND {which} AND {NEW_TO_ME}
        ORDER BY t.npri, t.id LIMIT 1"""


_ONWARD = "(t.npri, t.id) >= (s.npri, s.task)"

_HEADS = f"""
    returned_head AS MATERIALIZED (
        SELECT s.lane, c.npri, c.id FROM lanes s
        CROSS JOIN LATERAL ({_search("t.returned")}) c ORDER BY c.npri, c.id),
    open_head AS MATERIALIZED (
        SELECT s.lane, c.npri, c.id FROM lanes s
        CROSS JOIN LATERAL ({_search(_ONWARD)}) c ORDER BY c.npri, c.id)"""


def _pick(name: str, heads: str, which: str, when: str = "true") -> str:
    return f"""
    {name} AS MATERIALIZED (
        SELECT c.id FROM (SELECT lane, npri, id AS task FROM {heads}) s
        CROSS JOIN LATERAL ({_search(which)} FOR NO KEY UPDATE OF t SKIP LOCKED) c
        WHERE {when} LIMIT 1)"""


# What a picked task becomes: one more lease on its row, the assignment, its event.
_TAKE = f"""
    taken AS (
        UPDATE task t SET n_leased = t.n_leased + 1,
               returned = t.returned AND t.n_done + t.n_leased + 1 < t.wanted
        FROM picked WHERE t.id = picked.id
        RETURNING t.id, t.lane_id, t.asset_id, t.stage),
    leased AS (
        INSERT INTO assignment (task_id, labeller_id, project_id, leased_at, expires_at)
        SELECT taken.id, %(me)s, s.project, %(now)s, %(now)s + make_interval(mins => s.minutes::int)
        FROM taken JOIN lanes s ON s.lane = taken.lane_id
        RETURNING id, token, task_id, project_id, expires_at),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT %(now)s, 'leased', %(me)s, s.project, s.batch, taken.stage, taken.id, leased.id,
               '{{}}'
        FROM taken JOIN leased ON leased.task_id = taken.id JOIN lanes s ON s.lane = taken.lane_id),
    counted_down AS (
        UPDATE gold_pace g SET until_next = g.until_next - 1
        FROM taken JOIN lanes s ON s.lane = taken.lane_id
        WHERE g.labeller_id = %(me)s AND g.project_id = s.project AND taken.stage = 'label'
          AND g.until_next > 0)"""

_MOVE_CURSORS = f"""
    moved AS (
        INSERT INTO desk_cursor AS d (labeller_id, lane_id, npri, task_id, generation)
        SELECT %(me)s, s.lane, coalesce(h.npri, {LAST}), coalesce(h.id, {LAST}), s.generation
        FROM lanes s LEFT JOIN open_head h ON h.lane = s.lane
        WHERE s.cursor_lost OR %(move)s
          AND (s.npri, s.task) <> (coalesce(h.npri, {LAST}), coalesce(h.id, {LAST}))
        ON CONFLICT (labeller_id, lane_id) DO UPDATE
        SET npri = excluded.npri, task_id = excluded.task_id, generation = excluded.generation)"""

# `head` tells "nothing there" (null) from "all of it locked just now".
_ANSWER = """
    SELECT {head} AS head, leased.id, leased.token, leased.task_id, leased.project_id,
           leased.expires_at, taken.lane_id, taken.asset_id, taken.stage
    FROM (VALUES (1)) one(row) LEFT JOIN taken ON true
    LEFT JOIN leased ON leased.task_id = taken.id"""

_FIRST_HEAD = """
    coalesce((SELECT id FROM returned_head LIMIT 1), (SELECT id FROM open_head LIMIT 1))"""


def _claim() -> str:
    came_back = f"t.returned AND {_ONWARD}"
    returned = _pick("picked_returned", "returned_head", came_back)
    none_yet = "NOT EXISTS (SELECT FROM picked_returned)"
    opened = _pick("picked_open", "open_head", _ONWARD, none_yet)
    picked = "picked AS (SELECT id FROM picked_returned UNION ALL SELECT id FROM picked_open)"
    return (
        f"WITH {_LANES},{_HEADS},{returned},{opened},{picked},{_TAKE},{_MOVE_CURSORS}"
        + _ANSWER.format(head=_FIRST_HEAD)
    )


CLAIM = _claim()

# For when every candidate was locked: wait for the first of them and take it, if it is still open.
CLAIM_THIS = f"""
    WITH {_LANES},
    picked AS MATERIALIZED (
        SELECT t.id FROM task t WHERE t.id = %(head)s AND t.open FOR NO KEY UPDATE),{_TAKE}
    {_ANSWER.format(head="%(head)s::bigint")}"""

# A lease that I lost may come back to me, when there is nothing else.
LOST = f"""
    SELECT t.id FROM task t
    WHERE t.open AND t.lane_id = ANY(%(lanes)s::bigint[])
      AND t.id IN (SELECT a.task_id FROM assignment a
                   WHERE a.labeller_id = %(me)s AND a.state IN ('released', 'expired'))
      AND NOT EXISTS (SELECT FROM assignment a
                      WHERE a.task_id = t.id AND a.labeller_id = %(me)s
                        AND a.state NOT IN ('released', 'expired'))
      AND {APART}
    ORDER BY t.npri, t.id LIMIT 1"""

# What is kept for me and open to me now goes out before anything else. It has its place in the task
# already, so the task stays as it is.
TAKE_RESERVED = f"""
    WITH {_LANES},
    picked AS MATERIALIZED (
        SELECT r.id, t.lane_id, t.asset_id, t.stage, s.batch, s.minutes
        FROM assignment r JOIN task t ON t.id = r.task_id JOIN lanes s ON s.lane = t.lane_id
        WHERE r.labeller_id = %(me)s AND r.state = 'reserved' AND r.expires_at > %(now)s AND {APART}
        ORDER BY r.id LIMIT 1),
    leased AS (
        UPDATE assignment a SET state = 'leased', leased_at = %(now)s,
               expires_at = %(now)s + make_interval(mins => picked.minutes::int)
        FROM picked WHERE a.id = picked.id AND a.state = 'reserved'
        RETURNING a.id, a.token, a.task_id, a.project_id, a.expires_at,
                  picked.lane_id, picked.asset_id, picked.stage, picked.batch),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT %(now)s, 'leased', %(me)s, project_id, batch, stage, task_id, id, '{{}}' FROM leased)
    SELECT id, token, task_id, project_id, expires_at, lane_id, asset_id, stage FROM leased"""

# What would be handed out next, without taking it: gold goes out only in place of work.
PEEK = f"""
    WITH {_LANES},{_HEADS}
    SELECT lane FROM (
        SELECT lane, 0 AS turn, npri, id FROM returned_head
        UNION ALL SELECT lane, 1, npri, id FROM open_head) head
    ORDER BY turn, npri, id LIMIT 1"""

# Gold: the same lease and event as any other, but on a task that wants no answers.
LEASE_GOLD = f"""
    WITH leased AS (
        INSERT INTO assignment (task_id, labeller_id, project_id, counts, leased_at, expires_at)
        SELECT %(task)s, %(me)s, %(project)s, false, %(now)s,
               %(now)s + make_interval(mins => %(minutes)s::int)
        RETURNING id, token, task_id, project_id, expires_at),
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT %(now)s, 'leased', %(me)s, l.project_id, l.batch_id, t.stage, t.id, leased.id, '{{}}'
        FROM leased JOIN task t ON t.id = leased.task_id JOIN lane l ON l.id = t.lane_id)
    SELECT leased.task_id AS head, leased.id, leased.token, leased.task_id, leased.project_id,
           leased.expires_at, t.lane_id, t.asset_id, t.stage
    FROM leased JOIN task t ON t.id = leased.task_id"""

SET_PACE = """
    INSERT INTO gold_pace (labeller_id, project_id, until_next)
    VALUES (%(me)s, %(project)s, %(until_next)s)
    ON CONFLICT (labeller_id, project_id) DO UPDATE SET until_next = excluded.until_next"""
