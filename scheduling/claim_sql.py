"""The claim: one call of one function that finds a task, locks it, changes it and writes the lease.

What it does, in this order:

- It locks the labeller's desk, which makes their claims follow one another. Every later statement
  sees what was committed while it waited.
- It says `held` when the browser asks for work and lacks something the labeller holds already:
  what then happens is decided outside, by `policy.lease_to_return`.
- It walks the lanes open to the labeller, in the order of `policy.in_order`. In each it looks for
  a task that came back first (a small index of their own), then among all that are open from the
  cursor on, and takes the first that is new to the labeller and whose lock is free. A lane whose
  rows are all locked just now is followed by the next.
- The task is locked and then changed: that, not a count of assignments, keeps live leases and
  answers within what the task wants. Checks on the table say the same once more.
- Where gold is due in the lane of the found task, and still new to the labeller, it is leased in
  its place and the task is left alone: only in place of work, and by the very same statements.
- The cursor is set to the first task new to the labeller, whoever may be holding its lock: a task
  that was locked by somebody else must not stay behind. It includes that task, and holds only while
  the lane's generation stands. It is moved at every eighth claim: looking past a few tasks again is
  cheaper than writing.

Rare cases are answered with a word, and `dispatch` calls again: `held`; `kept` where something is
reserved for the labeller; `unsettled` where gold is due and none was chosen; `nothing`.

FOR NO KEY UPDATE, unlike FOR UPDATE, leaves alone those who merely refer to the task.
"""

from ops import work_events
from ops.functions import Function, function
from quality.gold_choice import ASSISTING, DRAFTED, EXPOSURE, NEVER_MET
from scheduling import policy, sql
from scheduling.conditions import BATCH_OPEN, HELD_IN, Condition, all_of, setting
from scheduling.eligibility import APART, FOR_NEW_WORK, LANES, NEW_TO_ME

FIRST, LAST = -(2**63), 2**63 - 1
CURSOR_EVERY = 8
NOTHING_HERE = "TS001"  # how a search that came to nothing is undone; nobody outside sees it

# Statistics taken while `assignment` is empty make a scan of it look cheap, and planning these
# statements anew takes longer than running them. Both hold until the end of the transaction.
PLANNER = """
    concat(set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true),
           set_config('enable_bitmapscan', 'off', true),
           set_config('enable_memoize', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)) AS planner"""

# `policy.in_order` in SQL; a test holds the two together.
IN_ORDER = f"""
    b.priority DESC,
    CASE WHEN b.due_at <= %(now)s + interval '{policy.URGENT.total_seconds()} seconds'
         THEN b.due_at END,
    l.project_id IS DISTINCT FROM %(last)s::bigint, l.kind <> 'hard',
    md5(concat(%(turn)s::bigint, ':', l.id)) COLLATE "C\""""


def open_lanes(conditions: tuple[Condition, ...] = FOR_NEW_WORK, order: str = IN_ORDER) -> str:
    """The lanes of which the labeller may have new work, holding `holding` leases already.

    `npri` and `task` are the cursor: where the search may start. The lanes of their projects are
    put in order first, and each is judged when its turn comes: mostly the first is all it takes.
    """
    return f"""
    SELECT lane.* FROM (
        SELECT l.id FROM project_member m
        JOIN lane l ON l.project_id = m.project_id JOIN batch b ON b.id = l.batch_id
        WHERE m.user_id = %(me)s AND {BATCH_OPEN.sql}
          AND (%(project)s::bigint IS NULL OR m.project_id = %(project)s::bigint)
        ORDER BY {order} OFFSET 0) near
    CROSS JOIN LATERAL ({_judged(conditions)}) lane"""


def _judged(conditions: tuple[Condition, ...]) -> str:
    return f"""
    SELECT l.id, l.project_id AS project, l.batch_id AS batch, l.stage,
           {setting("lease_minutes")} AS minutes, l.generation, c.generation AS seen,
           CASE WHEN c.generation = l.generation THEN c.npri ELSE {FIRST} END AS npri,
           CASE WHEN c.generation = l.generation THEN c.task_id ELSE {FIRST} END AS task,
           g.until_next, g.gold_id
    {LANES}
    LEFT JOIN desk_cursor c ON c.labeller_id = u.id AND c.lane_id = l.id
    LEFT JOIN gold_pace g ON g.labeller_id = u.id AND g.project_id = p.id
    WHERE u.id = %(me)s AND l.id = near.id AND {all_of(conditions)}
      AND %(holding)s::bigint < {setting("max_leases")} OFFSET 0"""


def search(which: str, new_to_me: str = NEW_TO_ME) -> str:
    """The first task of `lane` that is open and new to the labeller, among `which`."""
    return f"""
    SELECT t.npri, t.id FROM task t
    WHERE t.lane_id = lane.id AND t.open AND {which} AND {new_to_me}
    ORDER BY t.npri, t.id LIMIT 1"""


RETURNED, ONWARD = "t.returned", "(t.npri, t.id) >= (lane.npri, lane.task)"
LOCK = "FOR NO KEY UPDATE OF t SKIP LOCKED"

_KEPT_FIRST = f"array_position(_kept_in, l.id), {IN_ORDER}"
# A cursor is read row by row; the query in a FOR is read ten at once.
_DECLARED = f"""
DECLARE
    _last bigint;  -- project of the newest claim
    _live int;  _lapsed boolean;  _lacking boolean;  _reserved boolean;  -- what is held
    _held_in bigint[];  -- batches of what is held
    _kept_in bigint[];  -- lanes of what is reserved
    _due bigint;  _kept bigint;  _npri bigint;  _task bigint;
    _golden bigint;  _golden_batch bigint;  -- the task of gold that goes out instead
    _lease record;  _until_next bigint;  _next_gold bigint;
    _lanes NO SCROLL CURSOR FOR {open_lanes(order=_KEPT_FIRST).replace(HELD_IN, "_held_in")};"""

_RESERVED = f"""
    r.labeller_id = _me AND r.state = 'reserved' AND r.expires_at > _now AND {APART}"""

_LOCK_DESK = """
    IF _turn IS NULL THEN
        UPDATE desk SET claims = claims + 1, claimed_at = _now WHERE labeller_id = _me
        RETURNING claims, project_id INTO _turn, _last;
        IF NOT FOUND THEN
            INSERT INTO desk AS d (labeller_id, claims, claimed_at) VALUES (_me, 1, _now)
            ON CONFLICT (labeller_id) DO UPDATE
            SET claims = d.claims + 1, claimed_at = excluded.claimed_at
            RETURNING claims, project_id INTO _turn, _last;
        END IF;
    ELSE
        SELECT project_id FROM desk WHERE labeller_id = _me INTO _last;
    END IF;"""


def _say(outcome: str, lane: str = "") -> str:
    return f"RETURN json_build_array('{outcome}', _turn, _last, _live, _lapsed{lane});"


# Reservations are only noticed here: they are looked for when the caller has set a savepoint.
_LOOK_AT_DESK = f"""
    SELECT count(*) FILTER (WHERE a.expires_at > _now),
           coalesce(bool_or(a.expires_at <= _now), false),
           coalesce(bool_or(a.expires_at > _now AND a.token::text <> ALL(_has)), false),
           EXISTS (SELECT FROM assignment r WHERE r.labeller_id = _me AND r.state = 'reserved'),
           array_agg(l.batch_id) FILTER (WHERE a.expires_at > _now)
    FROM assignment a JOIN task t ON t.id = a.task_id JOIN lane l ON l.id = t.lane_id
    WHERE a.labeller_id = _me AND a.state = 'leased'
    INTO _live, _lapsed, _lacking, _reserved, _held_in;
    _holding := coalesce(_holding, _live);
    IF _reserved THEN
        _held_in := {HELD_IN};
    END IF;
    IF _lacking THEN {_say("held")} END IF;
    IF _with_kept THEN
        SELECT array_agg(t.lane_id ORDER BY r.id) FROM assignment r JOIN task t ON t.id = r.task_id
        WHERE {_RESERVED} INTO _kept_in;
    ELSIF _reserved AND _this IS NULL THEN
        {_say("kept")}
    END IF;"""

# Gold takes no place of a task that was waited for: it stays due. The lock is that of
# `gold_choice.lock_exposure`: an assessment must not ask the same just now.
_GOLD_DUE = f"""
    _due := CASE WHEN lane.stage = 'label' AND lane.until_next = 0 AND _this IS NULL
                 THEN lane.gold_id END;
    IF _due IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('{EXPOSURE}' || _me, 0));
    ELSIF _settle AND lane.stage = 'label' AND lane.until_next = 0 AND _this IS NULL THEN
        {_say("unsettled", ", lane.id, lane.project, lane.batch")}
    END IF;"""

# Whoever never had a cursor has little behind them; after a change of generation it is known what
# is to be looked past.
_MOVE_CURSOR = f"""
    IF mod(_turn, {CURSOR_EVERY}) = 0 OR lane.seen <> lane.generation THEN
        INSERT INTO desk_cursor AS d (labeller_id, lane_id, npri, task_id, generation)
        SELECT _me, lane.id, coalesce(h.npri, {LAST}), coalesce(h.id, {LAST}), lane.generation
        FROM (SELECT) s LEFT JOIN LATERAL ({search(ONWARD)}) h ON true
        WHERE (lane.npri, lane.task) <> (coalesce(h.npri, {LAST}), coalesce(h.id, {LAST}))
        ON CONFLICT (labeller_id, lane_id) DO UPDATE
        SET npri = excluded.npri, task_id = excluded.task_id, generation = excluded.generation;
    END IF;"""

# A row that somebody filled between the look at it and its lock is passed over, but stays locked.
# Nobody may wait for a task holding such a lock: it goes when the block that found nothing fails.
_PICK = f"""
    IF _this IS NOT NULL THEN
        SELECT t.id FROM task t WHERE t.id = _this AND t.lane_id = lane.id AND t.open
        FOR NO KEY UPDATE INTO _task;
    ELSIF lane.id = ANY(_kept_in) THEN
        SELECT r.id, t.id FROM assignment r JOIN task t ON t.id = r.task_id
        WHERE {_RESERVED} AND t.lane_id = lane.id ORDER BY r.id LIMIT 1 INTO _kept, _task;
    ELSE
        {_MOVE_CURSOR}
        BEGIN
            IF EXISTS (SELECT FROM task t WHERE t.lane_id = lane.id AND t.open AND {RETURNED}) THEN
                {search(RETURNED)} {LOCK} INTO _npri, _task;
            END IF;
            IF _task IS NULL THEN
                {search(ONWARD)} {LOCK} INTO _npri, _task;
            END IF;
            IF _task IS NULL THEN RAISE SQLSTATE '{NOTHING_HERE}'; END IF;
        EXCEPTION WHEN SQLSTATE '{NOTHING_HERE}' THEN NULL;
        END;
    END IF;
    CONTINUE WHEN _task IS NULL;"""

# Looked at again, under the lock that assessments take as well: it may have been retired or asked,
# and a model of whose drafts it has none may have come since it was chosen.
_GOLD = f"""
    IF _due IS NOT NULL THEN
        WITH assisting AS MATERIALIZED ({ASSISTING.replace(":project", "lane.project")})
        SELECT gold.task_id, l.batch_id
        FROM gold JOIN task t ON t.id = gold.task_id JOIN lane l ON l.id = t.lane_id
        WHERE gold.id = _due AND gold.state = 'active' AND NOT gold.for_assessment
          AND {NEVER_MET.replace(":labeller", "_me").replace(":project", "gold.project_id")}
          AND {DRAFTED}
        INTO _golden, _golden_batch;
    END IF;"""

# What a found task becomes: one more lease on its row. What was reserved has its place already.
_GIVE = f"""
    IF _golden IS NULL AND _kept IS NULL THEN
        UPDATE task t SET n_leased = t.n_leased + 1,
               returned = t.returned AND t.n_done + t.n_leased + 1 < t.wanted
        WHERE t.id = _task;
    END IF;
    IF _golden IS NULL AND _kept IS NOT NULL THEN
        UPDATE assignment a SET state = 'leased', leased_at = _now,
               expires_at = _now + make_interval(mins => lane.minutes::int)
        WHERE a.id = _kept AND a.state = 'reserved'
        RETURNING a.id, a.token, a.expires_at, a.counts INTO _lease;
        IF NOT FOUND THEN {_say("kept")} END IF;
    ELSE
        INSERT INTO assignment (task_id, labeller_id, project_id, counts, leased_at, expires_at)
        VALUES (coalesce(_golden, _task), _me, lane.project, _golden IS NULL, _now,
                _now + make_interval(mins => lane.minutes::int))
        RETURNING id, token, expires_at, counts INTO _lease;
    END IF;
    INSERT INTO work_event ({work_events.COLUMNS})
    VALUES (_now, 'leased', _me, lane.project, coalesce(_golden_batch, lane.batch), lane.stage,
            coalesce(_golden, _task), _lease.id, '{{}}');"""

_PACE = """
    IF lane.stage = 'label' THEN
        UPDATE gold_pace p SET
            until_next = CASE WHEN _lease.counts THEN greatest(p.until_next - 1, 0)
                              ELSE coalesce(p.gap_after, 1) - 1 END,
            gap_after = CASE WHEN _lease.counts THEN p.gap_after END,
            gold_id = CASE WHEN p.until_next > 0 OR _this IS NOT NULL THEN p.gold_id END
        WHERE p.labeller_id = _me AND p.project_id = lane.project
        RETURNING p.until_next, p.gold_id INTO _until_next, _next_gold;
    END IF;
    IF lane.project IS DISTINCT FROM _last THEN
        UPDATE desk SET project_id = lane.project WHERE labeller_id = _me;
    END IF;"""

_GIVEN = """, lane.id, lane.project, lane.batch, _lease.id, _lease.token, coalesce(_golden, _task),
    lane.stage, _lease.counts, _lease.expires_at, _until_next, _next_gold, _due"""

CLAIM: Function = function(
    "claim",
    {
        "me": "bigint",
        "now": "timestamptz",
        "day": "date",
        "project": "bigint",  # NULL: any
        "has": "text[]",  # tokens that the browser knows of; NULL: what is held is no matter
        "settle": "boolean",  # whether `unsettled` is asked for
        "turn": "bigint = NULL",  # of the first call, in a second one
        "holding": "bigint = NULL",  # how many leases are held; NULL: count them
        "with_kept": "boolean = false",  # take what is reserved, in a savepoint
        "this": "bigint = NULL",  # wait for this task
    },
    "json",
    f"""
{_DECLARED}
BEGIN
    PERFORM {PLANNER};
    {_LOCK_DESK}
    {_LOOK_AT_DESK}
    FOR lane IN _lanes
    LOOP
        {_GOLD_DUE}
        {_PICK}
        {_GOLD}
        {_GIVE}
        {_PACE}
        {_say("given", _GIVEN)}
    END LOOP;
    {_say("nothing")}
END""",
)

ASK = sql.short(f"""
    SELECT {CLAIM.name}(%(me)s, %(now)s, %(day)s, %(project)s, %(has)s, %(settle)s)""")
ASK_AGAIN = sql.short(f"""
    SELECT {CLAIM.name}(%(me)s, %(now)s, %(day)s, %(project)s, NULL, %(settle)s, %(turn)s,
                        %(holding)s, %(kept)s, %(this)s)""")


def head(new_to_me: str = NEW_TO_ME) -> str:
    """When nothing was found: the first task that is open and new to me, whoever holds its lock."""
    return f"""
    WITH lane AS MATERIALIZED ({open_lanes()})
    SELECT c.id FROM lane CROSS JOIN LATERAL (
        ({search(RETURNED, new_to_me)}) UNION ALL ({search(ONWARD, new_to_me)})) c LIMIT 1"""


HEAD = head()

# A lease that I lost may come back to me, when there is nothing else; one `among` these, if given.
LOST = f"""
    WITH lane AS MATERIALIZED ({open_lanes()})
    SELECT t.id FROM task t
    WHERE t.open AND t.lane_id IN (SELECT id FROM lane)
      AND (%(among)s::bigint[] IS NULL OR t.id = ANY(%(among)s::bigint[]))
      AND t.id IN (SELECT a.task_id FROM assignment a
                   WHERE a.labeller_id = %(me)s AND a.state IN ('released', 'expired'))
      AND NOT EXISTS (SELECT FROM assignment a
                      WHERE a.task_id = t.id AND a.labeller_id = %(me)s
                        AND a.state NOT IN ('released', 'expired'))
      AND {APART}
    ORDER BY t.npri, t.id LIMIT 1"""
