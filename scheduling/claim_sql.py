"""The claim: one statement that finds a task, locks its row, changes that row and writes the lease.

How it works, from the inside out:

- `lanes` are the lanes open to me (see `desk_sql`) in the order of `policy.in_order`, each with the
  cursor at which my search in it may start.
- The pick walks them in that order: in each, tasks that came back first (a small index of their
  own), then all open ones, and takes the first that is new to me and whose lock is free. It is
  lateral, so that a lane whose rows are all locked just now is followed by the next.
- The picked row is locked and then changed: that, not a count of assignments, is what keeps live
  leases and answers within what the task wants. Checks on the table say the same once more.
- Where gold is due in the lane of the picked task, and still new to me, it is leased in its place
  and the task is left alone: only in place of work, and through the very same statement.
- What is kept for me goes out before anything is searched for; it has its place in its task.
- Cursors are set to the first task new to me, whoever may be holding its lock: a task that was
  locked by somebody else must not stay behind. They include that task, and hold only while the
  lane's generation stands. They are moved at every eighth claim: looking past a few tasks again is
  cheaper than writing.

FOR NO KEY UPDATE, unlike FOR UPDATE, leaves alone those who merely refer to the task.
"""

from ops import work_events
from quality.gold_choice import NEVER_MET
from scheduling import sql
from scheduling.eligibility import APART, NEW_TO_ME

FIRST, LAST = -(2**63), 2**63 - 1

# Statistics taken while `assignment` is empty make a scan of it look cheap, and planning these
# statements anew takes longer than running them. Both hold until the end of the transaction.
PLANNER = """
    concat(set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true),
           set_config('enable_bitmapscan', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)) AS planner"""

# The first statement of a claim makes a labeller's claims follow one another. It reads nothing
# else: what it waited for is seen by the next statement only.
LOCK_DESK = f"""
    UPDATE desk SET claims = claims + 1, claimed_at = %(now)s WHERE labeller_id = %(me)s
    RETURNING claims, project_id, {PLANNER}"""
NEW_DESK = f"""
    INSERT INTO desk AS d (labeller_id, claims, claimed_at) VALUES (%(me)s, 1, %(now)s)
    ON CONFLICT (labeller_id) DO UPDATE SET claims = d.claims + 1, claimed_at = excluded.claimed_at
    RETURNING claims, project_id, {PLANNER}"""
STAY_ON = "UPDATE desk SET project_id = %(project)s WHERE labeller_id = %(me)s"

LANES = f"""
    lanes AS MATERIALIZED (
        SELECT s.lane, s.project, s.batch, s.stage, s.minutes, s.generation, s.gold,
               coalesce(s.npri, {FIRST}) AS npri, coalesce(s.task, {FIRST}) AS task
        FROM unnest(%(lanes)s::bigint[], %(projects)s::bigint[], %(batches)s::bigint[],
                    %(stages)s::text[], %(minutes)s::bigint[], %(generations)s::bigint[],
                    %(golds)s::bigint[], %(npris)s::bigint[], %(tasks)s::bigint[])
             AS s(lane, project, batch, stage, minutes, generation, gold, npri, task))"""


def _search(which: str, new_to_me: str) -> str:
    """The first task of lane `s.lane` that is open and new to me, among `which`."""
    return f"""
        SELECT t.npri, t.id FROM task t
        WHERE t.lane_id = s.lane AND t.open AND {which} AND {new_to_me}
        ORDER BY t.npri, t.id LIMIT 1"""


_ONWARD = "(t.npri, t.id) >= (s.npri, s.task)"


def _picked(new_to_me: str, when: str) -> str:
    lock = "FOR NO KEY UPDATE OF t SKIP LOCKED"
    return f"""
    picked AS MATERIALIZED (
        SELECT c.id, s.lane, s.project, s.batch, s.stage, s.minutes, s.gold FROM lanes s
        CROSS JOIN LATERAL (
            SELECT id FROM ({_search("t.returned", new_to_me)} {lock}) returned
            UNION ALL
            SELECT id FROM ({_search(_ONWARD, new_to_me)} {lock}) onward) c
        WHERE {when} LIMIT 1)"""


_KEPT = f"""
    kept AS MATERIALIZED (
        SELECT r.task_id AS id, s.lane, s.project, s.batch, s.stage, s.minutes, s.gold,
               r.id AS assignment
        FROM assignment r JOIN task t ON t.id = r.task_id JOIN lanes s ON s.lane = t.lane_id
        WHERE r.labeller_id = %(me)s AND r.state = 'reserved' AND r.expires_at > %(now)s AND {APART}
        ORDER BY r.id LIMIT 1)"""

# It is looked at again here, under the lock that assessments take as well: since it was settled it
# may have been retired, or asked there.
_GOLD = f"""
    golden AS MATERIALIZED (
        SELECT gold.task_id AS id, s.project, l.batch_id AS batch, s.stage, s.minutes
        FROM (SELECT project, stage, minutes, gold FROM head WHERE gold IS NOT NULL) s
        JOIN gold ON gold.id = s.gold
        JOIN task t ON t.id = gold.task_id JOIN lane l ON l.id = t.lane_id
        WHERE gold.state = 'active' AND NOT gold.for_assessment
          AND {NEVER_MET.replace(":labeller", "%(me)s").replace(":project", "gold.project_id")})"""

_LEASED = """
    leased AS (
        INSERT INTO assignment (task_id, labeller_id, project_id, counts, leased_at, expires_at)
        SELECT id, %(me)s, project, counts, %(now)s,
               %(now)s + make_interval(mins => minutes::int) FROM given
        RETURNING id, token, task_id, project_id, expires_at, counts)"""

# `leases` has the one that was given out, `given` what it is on.
_AFTERWARDS = f"""
    noted AS (
        INSERT INTO work_event ({work_events.COLUMNS})
        SELECT %(now)s, 'leased', %(me)s, g.project, g.batch, g.stage, g.id, x.id, '{{{{}}}}'
        FROM {{leases}} x JOIN {{given}} g ON g.id = x.task_id),
    paced AS (
        UPDATE gold_pace p SET
            until_next = CASE WHEN x.counts THEN greatest(p.until_next - 1, 0)
                              ELSE coalesce(p.gap_after, 1) - 1 END,
            gap_after = CASE WHEN x.counts THEN p.gap_after END,
            gold_id = CASE WHEN p.until_next > 0 THEN p.gold_id END
        FROM {{leases}} x JOIN {{given}} g ON g.id = x.task_id
        WHERE p.labeller_id = %(me)s AND p.project_id = x.project_id AND g.stage = 'label'
        RETURNING p.until_next, p.gold_id)
    SELECT x.id, x.token, x.task_id, x.project_id, x.expires_at, g.stage, p.until_next, p.gold_id,
           x.counts
    FROM {{leases}} x JOIN {{given}} g ON g.id = x.task_id LEFT JOIN paced p ON true"""


def _taken(picked: str, unless: str = "true") -> str:
    """What a picked task becomes: one more lease on its row."""
    return f"""
    taken AS (
        UPDATE task t SET n_leased = t.n_leased + 1,
               returned = t.returned AND t.n_done + t.n_leased + 1 < t.wanted
        FROM {picked} s WHERE t.id = s.id AND {unless}
        RETURNING t.id, s.project, s.batch, s.stage, s.minutes, true AS counts)"""


_NO_GOLD = "NOT EXISTS (SELECT FROM golden)"
_GIVEN = """
    given AS (SELECT id, project, batch, stage, minutes, counts FROM taken
              UNION ALL SELECT id, project, batch, stage, minutes, false FROM golden)"""
_TAKEN_IS_GIVEN = "given AS (SELECT * FROM taken)"
_LEASED_KEPT = """
    leased_kept AS (
        UPDATE assignment a SET state = 'leased', leased_at = %(now)s,
               expires_at = %(now)s + make_interval(mins => s.minutes::int)
        FROM kept s WHERE a.id = s.assignment AND a.state = 'reserved' AND {unless}
        RETURNING a.id, a.token, a.task_id, a.project_id, a.expires_at, a.counts),
    all_leased AS (SELECT * FROM leased UNION ALL SELECT * FROM leased_kept),
    all_given AS (SELECT id, project, batch, stage FROM given
                  UNION ALL SELECT id, project, batch, stage FROM kept)"""


def _moved(new_to_me: str) -> str:
    return f"""
    moved AS (
        INSERT INTO desk_cursor AS d (labeller_id, lane_id, npri, task_id, generation)
        SELECT %(me)s, s.lane, coalesce(h.npri, {LAST}), coalesce(h.id, {LAST}), s.generation
        FROM lanes s LEFT JOIN LATERAL ({_search(_ONWARD, new_to_me)}) h ON true
        WHERE (s.npri, s.task) <> (coalesce(h.npri, {LAST}), coalesce(h.id, {LAST}))
        ON CONFLICT (labeller_id, lane_id) DO UPDATE
        SET npri = excluded.npri, task_id = excluded.task_id, generation = excluded.generation)"""


def claim(
    *, move: bool = False, kept: bool = False, gold: bool = False, new_to_me: str = NEW_TO_ME
) -> str:
    """The statement; `move` cursors as well, give out first what is `kept`, or `gold` where due.

    No row: nothing was free, or all of it was locked just now.
    """
    same = "id, lane, project, batch, stage, minutes, gold"
    none_kept = "NOT EXISTS (SELECT FROM kept)" if kept else "true"
    both = f"SELECT {same} FROM kept UNION ALL SELECT {same} FROM picked"
    head = f"head AS ({both if kept else 'SELECT * FROM picked'})"
    parts = [_moved(new_to_me)] if move else []
    parts += [_KEPT] if kept else []
    parts += [_picked(new_to_me, none_kept)]
    parts += [head, _GOLD] if gold else []
    parts += [_taken("picked", _NO_GOLD if gold else "true"), _GIVEN if gold else _TAKEN_IS_GIVEN]
    parts += [_LEASED]
    parts += [_LEASED_KEPT.format(unless=_NO_GOLD if gold else "true")] if kept else []
    leases, given = ("all_leased", "all_given") if kept else ("leased", "given")
    after = _AFTERWARDS.format(leases=leases, given=given)
    return sql.short(f"WITH {LANES},{','.join(parts)},{after}")


_EITHER = (False, True)
CLAIM = {
    (move, kept, gold): claim(move=move, kept=kept, gold=gold)
    for move in _EITHER
    for kept in _EITHER
    for gold in _EITHER
}

# For when nothing was picked: the first task that is open and new to me, whoever holds its lock.
HEAD = f"""
    WITH {LANES}
    SELECT c.id FROM lanes s CROSS JOIN LATERAL (
        ({_search("t.returned", NEW_TO_ME)}) UNION ALL ({_search(_ONWARD, NEW_TO_ME)})) c LIMIT 1"""

# Then: wait for it and take it, if it is still open.
CLAIM_THIS = f"""
    WITH {LANES},
    picked AS MATERIALIZED (
        SELECT t.id, t.lane_id FROM task t WHERE t.id = %(head)s AND t.open FOR NO KEY UPDATE),
    this AS (SELECT picked.id, s.project, s.batch, s.stage, s.minutes
             FROM picked JOIN lanes s ON s.lane = picked.lane_id),
    {_taken("this")},{_TAKEN_IS_GIVEN},{_LEASED},
    {_AFTERWARDS.format(leases="leased", given="given")}"""

# A lease that I lost may come back to me, when there is nothing else; one `among` these, if given.
LOST = f"""
    SELECT t.id FROM task t
    WHERE t.open AND t.lane_id = ANY(%(lanes)s::bigint[])
      AND (%(among)s::bigint[] IS NULL OR t.id = ANY(%(among)s::bigint[]))
      AND t.id IN (SELECT a.task_id FROM assignment a
                   WHERE a.labeller_id = %(me)s AND a.state IN ('released', 'expired'))
      AND NOT EXISTS (SELECT FROM assignment a
                      WHERE a.task_id = t.id AND a.labeller_id = %(me)s
                        AND a.state NOT IN ('released', 'expired'))
      AND {APART}
    ORDER BY t.npri, t.id LIMIT 1"""
