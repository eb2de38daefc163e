"""What a labeller sees of themselves: lists without pandas, for one person, who is the one to ask.

Days are those of their own time zone, and own figures include gold. Standing and feedback are as
shown once a day, see `scheduling.desk.own`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ops import clock_time, talk_reads
from ops.access import STAGE_ROLES
from ops.models import Issue, User
from quality.models import Course
from quality.onboarding import course_way, results
from scheduling import sql
from scheduling.conditions import DESK_STAGES
from scheduling.desk import feedback as told
from scheduling.desk.own import TIMES, certificates, midnight, standing, today, zone

__all__ = [
    "Day", "Locked", "Missing", "certificates", "courses", "days", "feedback", "guidelines",
    "locked", "questions", "standing", "today", "zone",
]  # fmt: skip

_DAYS = f"""
    SELECT (ended_at AT TIME ZONE %(zone)s)::date AS day, {TIMES} FROM assignment
    WHERE labeller_id = %(me)s AND ended_at >= %(since)s AND ended_at < %(until)s
      AND state IN ('submitted', 'skipped')
    GROUP BY 1 ORDER BY 1"""

_REQUIRED = """
    SELECT p.name AS project, r.stage, k.id AS skill_id, k.name AS skill, r.level,
           (SELECT max(c.level) FROM certificate c
            WHERE c.user_id = %(me)s AND c.skill_id = k.id AND c.granted_at <= %(now)s
              AND c.valid_until > %(now)s
              AND (c.revoked_at IS NULL OR c.revoked_at > %(now)s)) AS held
    FROM project_requirement r JOIN project p ON p.id = r.project_id
    JOIN project_member m ON m.project_id = p.id AND m.user_id = %(me)s
    JOIN skill k ON k.id = r.skill_id
    WHERE p.state IN ('running', 'paused') AND r.stage = ANY(%(stages)s)
    ORDER BY p.name, p.id, array_position(%(stages)s, r.stage), k.name"""

# A class is told by its key: the page shows what the class is called.
_NAMES = """
    SELECT a.token::text AS token, p.name AS project, entry ->> 'key' AS key,
           entry ->> 'name' AS name
    FROM assignment a JOIN project p ON p.id = a.project_id
    LEFT JOIN LATERAL (
        SELECT classes FROM ontology_version o WHERE o.project_id = p.id
        ORDER BY o.version DESC LIMIT 1) newest ON true
    LEFT JOIN LATERAL jsonb_array_elements(
        CASE WHEN p.label_type = 'class' THEN newest.classes ELSE '[]' END) entry ON true
    WHERE a.token = ANY(%(tokens)s)"""

_GUIDELINES = """
    SELECT p.id AS project_id, p.name AS project, newest.version, m.guideline_read AS read,
           m.guideline_read < p.guideline_due AS must_read
    FROM project p JOIN project_member m ON m.project_id = p.id AND m.user_id = %(me)s
    CROSS JOIN LATERAL (
        SELECT max(version) AS version FROM guideline_version g WHERE g.project_id = p.id) newest
    WHERE p.state IN ('running', 'paused') AND newest.version > m.guideline_read
    ORDER BY must_read DESC, p.name, p.id"""


@dataclass(frozen=True)
class Day:
    """One own day: answers, skips, active seconds; median and quartiles of `timed_n` answers.

    Undefined is None, never 0.
    """

    day: date
    submitted: int = 0
    skipped: int = 0
    active_seconds: float = 0.0
    timed_n: int = 0
    low_seconds: float | None = None
    median_seconds: float | None = None
    high_seconds: float | None = None


@dataclass(frozen=True)
class Missing:
    """A skill that is missing for a stage: the level asked for, the one held, where to earn it."""

    skill: str
    level: int
    held: int | None
    offers: tuple[str, ...]


@dataclass(frozen=True)
class Locked:
    """A stage of a project that asks for more certificates than the labeller holds."""

    project: str
    stage: str
    missing: tuple[Missing, ...]
    held: int


def days(session: Session, me: User, n: int) -> list[Day]:
    """The last `n` own days, today among them and last; a day without work is there too."""
    until = midnight(me, clock_time.now()) + timedelta(days=1)
    # By the calendar: a day on which the clock is changed has 23 or 25 hours.
    last = until.date() - timedelta(days=1)
    listed = [last - timedelta(days=back) for back in range(n - 1, -1, -1)]
    since = until - timedelta(days=n)
    values = {"me": me.id, "zone": zone(me).key, "since": since, "until": until}
    found = {row.day: Day(**row._mapping) for row in sql.rows(session, _DAYS, **values)}
    return [found.get(day, Day(day)) for day in listed]


def locked(session: Session, me: User) -> list[Locked]:
    """What the labeller's role may do in their projects once they earn what is missing.

    The nearest first: those for which the fewest certificates are missing.
    """
    stages = [stage for stage in DESK_STAGES if me.role in STAGE_ROLES[stage]]
    values = {"me": me.id, "now": clock_time.now(), "stages": stages}
    by_stage: dict[tuple[str, str], list[Any]] = {}
    for row in sql.rows(session, _REQUIRED, **values):
        by_stage.setdefault((row.project, row.stage), []).append(row)
    offers = [one for one in results.offers(session, me) if not one.closed_to_me]
    found = []
    for (project, stage), rows in by_stage.items():
        missing = tuple(_missing(row, offers) for row in rows if (row.held or 0) < row.level)
        if missing:
            found.append(Locked(project, stage, missing, len(rows) - len(missing)))
    return sorted(found, key=lambda one: len(one.missing))


def _missing(row: Any, offers: Sequence[results.Offer]) -> Missing:
    assessments = [one.assessment for one in offers]
    titles = tuple(
        a.title for a in assessments if a.skill_id == row.skill_id and a.level >= row.level
    )
    return Missing(row.skill, row.level, row.held, titles)


def feedback(session: Session, me: User) -> list[dict[str, Any]]:
    """Own answers that a check decided otherwise, with the project and the names of classes.

    As `scheduling.desk.feedback` tells them: the day after, gold and reviewed answers alike.
    """
    newest = told.newest(session, me.id)
    projects: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    for row in sql.rows(session, _NAMES, tokens=[one["token"] for one in newest]):
        projects[row.token] = row.project
        names[row.token, row.key] = row.name
    return [
        {
            **one,
            "project": projects[str(one["token"])],
            "given": names.get((str(one["token"]), one["given"]), one["given"]),
            "decided": names.get((str(one["token"]), one["decided"]), one["decided"]),
        }
        for one in newest
    ]


def guidelines(session: Session, me: User) -> list[dict[str, Any]]:
    """Guidelines with a version that the labeller has not said they read; due ones first."""
    return [dict(row._mapping) for row in sql.rows(session, _GUIDELINES, me=me.id)]


def courses(session: Session, me: User) -> list[Course]:
    """Courses for which the labeller's next task of a project waits."""
    mine = [way.course for way in course_way.mine(session, me)]
    return [course for course in mine if course_way.due(session, me, course)]


def questions(session: Session, me: User) -> list[Issue]:
    """Own questions that were answered or resolved, the newest first."""
    mine = talk_reads.mine(session, me)
    return [one for one in mine if one.opened_by == me.id and one.answered_at is not None]
