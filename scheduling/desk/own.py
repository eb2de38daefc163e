"""What a labeller may know of their own work: the day, standing as shown, certificates, feedback.

Own figures include gold. Standing and feedback change once a day only: a change must betray none.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time
from ops.local_time import zone_named
from ops.models import User
from scheduling import sql
from scheduling.desk import feedback

# Answers without active time (no heartbeat came) have no time to speak of.
TIMES = """
    count(*) FILTER (WHERE state = 'submitted') AS submitted,
    count(*) FILTER (WHERE state = 'skipped') AS skipped,
    (coalesce(sum(active_ms), 0) / 1000.0)::float8 AS active_seconds,
    count(*) FILTER (WHERE state = 'submitted' AND active_ms > 0) AS timed_n,
    percentile_cont(0.25) WITHIN GROUP (ORDER BY active_ms)
        FILTER (WHERE state = 'submitted' AND active_ms > 0) / 1000.0 AS low_seconds,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY active_ms)
        FILTER (WHERE state = 'submitted' AND active_ms > 0) / 1000.0 AS median_seconds,
    percentile_cont(0.75) WITHIN GROUP (ORDER BY active_ms)
        FILTER (WHERE state = 'submitted' AND active_ms > 0) / 1000.0 AS high_seconds"""

_TODAY = f"""
    SELECT {TIMES} FROM assignment
    WHERE labeller_id = %(me)s AND ended_at >= %(since)s AND state IN ('submitted', 'skipped')"""

_STANDING = """
    SELECT k.name AS skill, s.shown_mean AS mean, s.shown_low AS low, s.shown_high AS high,
           s.shown_n AS n, s.shown_at AS as_of
    FROM standing s JOIN skill k ON k.id = s.skill_id
    WHERE s.labeller_id = %(me)s AND s.shown_mean IS NOT NULL ORDER BY k.name"""

_PROJECTS = """
    SELECT p.id, p.name, p.purpose FROM project p JOIN project_member m ON m.project_id = p.id
    WHERE m.user_id = %(me)s AND p.state IN ('running', 'paused') ORDER BY p.name, p.id"""

_CERTIFICATES = """
    SELECT DISTINCT ON (k.name, c.level) k.name AS skill, c.level, c.valid_until
    FROM certificate c JOIN skill k ON k.id = c.skill_id
    WHERE c.user_id = %(me)s AND c.granted_at <= %(now)s AND c.valid_until > %(now)s
      AND (c.revoked_at IS NULL OR c.revoked_at > %(now)s)
    ORDER BY k.name, c.level, c.valid_until DESC"""


def about(session: Session, labeller: User) -> dict[str, Any]:
    """A labeller's own day, standing as shown to them, projects, certificates and feedback."""
    me = labeller.id
    return {
        "today": today(session, labeller),
        "standing": standing(session, me),
        "projects": [_plain(r) for r in sql.rows(session, _PROJECTS, me=me)],
        "certificates": certificates(session, me),
        "feedback": feedback.newest(session, me),
    }


def today(session: Session, labeller: User) -> dict[str, Any]:
    """Answers and skips of the labeller's own day, active time, median and quartiles (seconds).

    Undefined is None.
    """
    since = midnight(labeller, clock_time.now())
    found = sql.row(session, _TODAY, me=labeller.id, since=since)
    assert found is not None
    return _plain(found)


def standing(session: Session, me: int) -> list[dict[str, Any]]:
    """Posterior accuracy by skill with its 95 % interval and support, as shown once a day."""
    return [_plain(r) for r in sql.rows(session, _STANDING, me=me)]


def certificates(session: Session, me: int) -> list[dict[str, Any]]:
    """The valid certificates: skill, level, valid_until."""
    return [_plain(r) for r in sql.rows(session, _CERTIFICATES, me=me, now=clock_time.now())]


def midnight(user: User, at: datetime) -> datetime:
    """When the day of `at` began where `user` lives."""
    return at.astimezone(zone(user)).replace(hour=0, minute=0, second=0, microsecond=0)


def zone(user: User) -> ZoneInfo:
    """The time zone of a person; UTC for one that nobody knows."""
    return zone_named(user.timezone)


def _plain(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)
