"""The conditions under which a labeller may have work: each in SQL, with its words.

SQL reaches the labeller `u`, the lane `l`, its batch `b`, its project `p`, the membership `m` and,
for a single task, `t`; and takes the parameters `me`, `now` and `day` (the labeller's own).
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any

from ops.access import STAGE_ROLES
from ops.project_settings import ProjectSettings

# Assessments and training have their own pages; these stages go over the desk.
DESK_STAGES = ("label", "review", "rework", "adjudicate")


@dataclass(frozen=True)
class Condition:
    """Something that must hold between a labeller and a lane or a task.

    `words` tell the labeller when it fails, `of_them` a lead; `met` tells a lead that it holds.
    """

    name: str
    sql: str
    words: str
    of_them: str
    met: str


def setting(name: str) -> str:
    """SQL for a number among the settings of project p, with its default where it was never set.

    `name` leads into nested settings by dots; without a default an unset one is null.
    """
    path = name.split(".")
    default: Any = reduce(getattr, path, ProjectSettings())
    kind = "bigint" if isinstance(default, int) else "float8"
    found = f"(p.settings #>> '{{{','.join(path)}}}')::{kind}"
    return found if default is None else f"coalesce({found}, {default})"


def all_of(conditions: tuple[Condition, ...]) -> str:
    """SQL for all of them together."""
    return " AND ".join(c.sql for c in conditions)


def _roles() -> str:
    pairs = ",".join(
        f"{stage}:{role}" for stage in DESK_STAGES for role in sorted(STAGE_ROLES[stage])
    )
    # One comparison: a list of pairs becomes a long row of them.
    return f"l.stage || ':' || u.role = ANY('{{{pairs}}}')"


# The requirements that no valid certificate of u covers, as {skill: level}.
_UNCOVERED = """
    l.requirements - ARRAY(
        SELECT c.skill_id::text FROM certificate c
        WHERE c.user_id = u.id AND c.level >= (l.requirements ->> c.skill_id::text)::int
          AND c.granted_at <= %(now)s AND c.valid_until > %(now)s
          AND (c.revoked_at IS NULL OR c.revoked_at > %(now)s))"""
UNCOVERED = f"""
    SELECT r.skill::bigint AS skill_id, r.level::int AS level
    FROM jsonb_each_text({_UNCOVERED}) AS r(skill, level)"""

# An attribute asked for, for which u has none of the values allowed (one value, or a list).
LACKING = """
    SELECT asked.name
    FROM jsonb_each(coalesce(p.settings -> 'attributes', '{}')) AS asked(name, allowed)
    WHERE NOT CASE jsonb_typeof(u.attributes -> asked.name)
        WHEN 'array' THEN EXISTS (
            SELECT FROM jsonb_array_elements_text(u.attributes -> asked.name) AS own(value)
            WHERE asked.allowed ? own.value)
        ELSE coalesce(asked.allowed ? (u.attributes ->> asked.name), false) END"""

# The first course that u must still do before work of p, as [id, title].
COURSE = """
    SELECT jsonb_build_array(o.id, o.title) FROM course o
    WHERE o.project_id = p.id AND o.required_of IS NOT NULL
      AND (o.required_of = 'everybody' OR m.since >= o.required_at)
      AND NOT EXISTS (SELECT FROM course_progress d WHERE d.course_id = o.id
                        AND d.user_id = u.id AND d.finished_at IS NOT NULL)
    ORDER BY o.id LIMIT 1"""

_TRAINED = """
    (m.training_since IS NULL OR EXISTS (
        SELECT FROM certificate c
        WHERE c.user_id = u.id AND c.skill_id = p.skill_id AND c.source = 'assessment'
          AND c.granted_at > m.training_since AND c.granted_at <= %(now)s
          AND (c.revoked_at IS NULL OR c.revoked_at > %(now)s)))"""

BATCH_OPEN = Condition(
    "batch_open",
    "b.state = 'open'",
    "This batch is complete.",
    "The batch is complete.",
    "The batch is open.",
)

LANE_CONDITIONS = (
    Condition(
        "member",
        "m.user_id IS NOT NULL",
        "You are not a member of this project.",
        "Not a member of the project.",
        "Member of the project.",
    ),
    Condition(
        "active",
        "u.active",
        "Your account is closed.",
        "The account is closed.",
        "The account is open.",
    ),
    Condition(
        "role",
        _roles(),
        "Your role does not do this kind of work.",
        "Their role does not do this kind of work.",
        "Their role does this kind of work.",
    ),
    Condition(
        "not_suspended",
        "m.suspended_at IS NULL",
        "You are suspended from this project.",
        "Suspended from the project.",
        "Not suspended.",
    ),
    Condition(
        "not_paused",
        "(m.paused_until IS NULL OR m.paused_until <= %(now)s)",
        "Your work in this project is paused.",
        "Paused in the project.",
        "Not paused.",
    ),
    Condition(
        "trained",
        _TRAINED,
        "You have been sent to training: pass an assessment of this project's skill first.",
        "Sent to training, and no assessment passed since.",
        "Not in training.",
    ),
    Condition(
        "unrestricted",
        "(m.restricted_at IS NULL OR l.stage IN ('label', 'rework') AND l.kind = 'ordinary')",
        "You are restricted to first labels in this project.",
        "Restricted to first labels.",
        "Not restricted, or restricted to work like this.",
    ),
    Condition(
        "running",
        "p.state = 'running'",
        "This project is not running.",
        "The project is not running.",
        "The project is running.",
    ),
    BATCH_OPEN,
    Condition(
        "batch_not_paused",
        "NOT b.paused",
        "This batch is paused.",
        "The batch is paused.",
        "The batch is not paused.",
    ),
    Condition(
        "certified",
        f"{_UNCOVERED} = '{{}}'",
        "You hold no valid certificate for this work.",
        "They hold no valid certificate for this work.",
        "Every certificate asked for is held and valid.",
    ),
    Condition(
        "attributes",
        f"NOT EXISTS ({LACKING})",
        "This project asks for something your profile does not show.",
        "The project asks for attributes that their profile does not show.",
        "Their profile shows the attributes asked for.",
    ),
)

# A batch with work of mine on the desk is open, except where it was completed beside gold: that
# must not show, so it is no condition on what is held.
HOLDING_CONDITIONS = tuple(c for c in LANE_CONDITIONS if c is not BATCH_OPEN)

_SHARE = setting("limits.batch_share")
_HOURS = setting("limits.hours_per_day")

# The batches of what is held, looked up once for all lanes; a claim knows them already and puts
# them in its place. Each state has an index of its own.
_OF_STATE = """
    SELECT task_id FROM assignment
    WHERE labeller_id = %(me)s AND state = '{state}' AND expires_at > %(now)s"""
HELD_IN = f"""
    (SELECT array_agg(hl.batch_id)
     FROM ({_OF_STATE.format(state="leased")} UNION ALL {_OF_STATE.format(state="reserved")}) h
     JOIN task ht ON ht.id = h.task_id JOIN lane hl ON hl.id = ht.lane_id)"""
# Answered of the batch, gold and surplus included, and held of it.
_TAKEN = f"""
    (SELECT coalesce(sum(d.answers), 0)::bigint FROM desk_tally d
     WHERE d.labeller_id = u.id AND d.batch_id = b.id)
    + coalesce(cardinality(array_positions({HELD_IN}, b.id)), 0)"""
# How many more of the batch u may have; null where there is no limit. Only first labels are shared
# out: whoever did their part still mends what is sent back, and few may be there to review it all.
ROOM_IN_SHARE = f"""
    CASE WHEN {_SHARE} IS NOT NULL AND l.stage = 'label'
         THEN ceil({_SHARE} * b.n_assets)::bigint - ({_TAKEN}) END"""

# What bars new work only. Comparisons of rows that are read anyway come first.
LIMITS = (
    Condition(
        "guideline_read",
        "coalesce(m.guideline_read, 0) >= p.guideline_due",
        "The guideline changed: read it to go on.",
        "Has not read the guideline as far as it must be read before the next task.",
        "Has read the guideline as far as it must be read.",
    ),
    Condition(
        "courses_done",
        "coalesce(m.courses_done, 0) >= p.courses_due",
        "A course comes before your first task.",
        "Has not done every course that comes before the first task.",
        "Has done every course that must be done, or need not do it.",
    ),
    Condition(
        "batch_share",
        f"coalesce({ROOM_IN_SHARE} > 0, true)",
        "You have done as much of this batch as one labeller may.",
        "Has done as much of the batch as one labeller may.",
        "Below the share of the batch that one labeller may do.",
    ),
    Condition(
        "hours_per_day",
        f"""
        CASE WHEN {_HOURS} IS NULL THEN true ELSE
            (SELECT coalesce(sum(d.active_ms), 0) FROM desk_tally d
             WHERE d.labeller_id = u.id AND d.day = %(day)s::date) < {_HOURS} * 3600000 END""",
        "You have worked as many hours today as this project allows.",
        "Has worked as many hours today as the project allows.",
        "Below the hours a day that the project allows.",
    ),
)

# Gold is a task of round 0: whoever met an asset as gold gets it as work no more, and the reverse
# is seen to when gold is picked. Nobody does a stage of an asset twice, except to mend their own
# label again; reviewing asks for an asset one has not worked on at all, except that whoever sent a
# label back may look at its rework, in the same layer.
# OFFSET 0 keeps the planner from turning these into joins, for which it would fetch everything that
# the labeller ever did: each is to be one look into an index, for the few tasks that are looked at.
TASK_CONDITIONS = (
    Condition(
        "not_mine",
        """NOT EXISTS (
            SELECT FROM assignment a
            WHERE a.task_id = t.id AND a.labeller_id = %(me)s OFFSET 0)""",
        "You have had this task already.",
        "Has had this task already.",
        "Has not had this task yet.",
    ),
    Condition(
        "apart",
        """NOT EXISTS (
            SELECT FROM task o CROSS JOIN LATERAL (
                SELECT FROM assignment a
                WHERE a.task_id = o.id AND a.labeller_id = %(me)s OFFSET 0) met
            WHERE o.asset_id = t.asset_id AND o.id <> t.id
              AND (o.round = 0 OR t.stage = 'label' AND o.stage = 'label'
                   OR t.stage = 'rework' AND o.stage = 'review'
                   OR t.stage IN ('review', 'adjudicate')
                      AND NOT (o.stage = 'review' AND o.lane_id = t.lane_id AND EXISTS (
                          SELECT FROM task w WHERE w.asset_id = t.asset_id
                            AND w.stage = 'rework' AND w.id > o.id))) OFFSET 0)""",
        "You have worked on this asset already.",
        "Has worked on this asset already.",
        "Has not worked on this asset in a way that would matter.",
    ),
)

ROOM = Condition(
    "has_room",
    "t.open",
    "All the answers this task wants are given or being given.",
    "All the answers this task wants are given or being given.",
    "The task wants another answer.",
)
HANDS = Condition(
    "hands_free",
    f"""
    (SELECT count(*) FROM assignment h WHERE h.labeller_id = u.id AND h.state = 'leased'
       AND h.expires_at > %(now)s) < {setting("max_leases")}""",
    "You hold as many tasks as you may at once.",
    "Holds as many tasks as they may at once.",
    "May hold one more task.",
)
