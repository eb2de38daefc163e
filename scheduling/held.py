"""Who holds what right now: leases and reservations that live, as a lead looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from scheduling import sql


@dataclass(frozen=True)
class Filter:
    """What a lead looks at: of one labeller or all, of one batch or all, in one state or both."""

    labeller: int | None = None
    batch: int | None = None
    state: str | None = None


# Two arms, so that each state has its own small index.
_LIVE = """
    SELECT a.* FROM (
        SELECT * FROM assignment WHERE state = 'leased'
        UNION ALL SELECT * FROM assignment WHERE state = 'reserved') a
    WHERE a.project_id = %(project)s AND a.expires_at > %(now)s
      AND (%(labeller)s::bigint IS NULL OR a.labeller_id = %(labeller)s::bigint)
      AND (%(state)s::text IS NULL OR a.state = %(state)s::text)"""

_OF_BATCH = "(%(batch)s::bigint IS NULL OR l.batch_id = %(batch)s::bigint)"

_PER_LABELLER = f"""
    SELECT u.id, u.name, count(*) FILTER (WHERE a.state = 'leased') AS leased,
           count(*) FILTER (WHERE a.state = 'leased' AND a.shown_at IS NOT NULL) AS shown,
           count(*) FILTER (WHERE a.state = 'reserved') AS reserved,
           min(a.leased_at) AS since, min(a.expires_at) AS first_end
    FROM ({_LIVE}) a
    JOIN user_account u ON u.id = a.labeller_id
    JOIN task t ON t.id = a.task_id JOIN lane l ON l.id = t.lane_id
    WHERE {_OF_BATCH}
    GROUP BY u.id, u.name ORDER BY u.name, u.id"""

_ROWS = f"""
    SELECT a.id, a.state, a.leased_at AS since, a.expires_at AS until,
           a.shown_at IS NOT NULL AS shown, NOT a.counts AS gold, a.labeller_id,
           u.name AS labeller, t.stage, t.id AS task, s.id AS asset, s.external_id, b.name AS batch,
           l.batch_id
    FROM ({_LIVE}) a
    JOIN user_account u ON u.id = a.labeller_id
    JOIN task t ON t.id = a.task_id JOIN lane l ON l.id = t.lane_id
    JOIN batch b ON b.id = l.batch_id JOIN asset s ON s.id = t.asset_id
    WHERE {_OF_BATCH} AND a.id > %(after)s
    ORDER BY a.id LIMIT %(limit)s"""


def per_labeller(
    session: Session, project_id: int, chosen: Filter, at: datetime
) -> Sequence[Row[Any]]:
    """Per labeller: id, name, leased, of which shown, reserved, since, first_end; by name."""
    return sql.rows(session, _PER_LABELLER, project=project_id, now=at, **vars(chosen))


def rows(
    session: Session,
    project_id: int,
    chosen: Filter,
    at: datetime,
    *,
    after: int = 0,
    limit: int,
) -> Sequence[Row[Any]]:
    """Live leases and reservations by id after `after`, with their asset, batch and labeller."""
    values = {**vars(chosen), "after": after, "limit": limit}
    return sql.rows(session, _ROWS, project=project_id, now=at, **values)
