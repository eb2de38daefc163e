"""What a labeller may see of an assignment: enough to answer it, nothing to tell gold by.

Never an id of task, asset or batch, a file name or a date; `token` is random and theirs alone.
"""

import hashlib
import uuid
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ops import pictures
from ops.db import transaction
from ops.errors import NotFound, TouchstoneError
from ops.models import User
from quality import assistance
from scheduling import eligibility, sql
from scheduling.desk import drafts, opinions

log = structlog.get_logger()

SKIP_WORDS = {
    "unclear": "I cannot tell which class it is",
    "broken": "It does not load or cannot be read",
    "not_in_classes": "None of the classes fits",
    "offensive": "I do not want to look at this",
    "other": "Another reason",
}

_WORK = (
    """
    SELECT a.token::text AS token, a.expires_at, a.labeller_id, t.id AS task_id, t.stage,
           t.asset_id, p.medium, p.label_type, s.text,
           p.id AS project,
           -- Of the metadata nothing else is shown: it may tell the answer.
           CASE WHEN p.label_type = 'preference' AND jsonb_typeof(s.meta -> 'a') = 'string'
                 AND jsonb_typeof(s.meta -> 'b') = 'string'
                THEN jsonb_build_object('a', s.meta -> 'a', 'b', s.meta -> 'b') END AS pair,
           p.settings #>> '{assist, model}' AS assisting,
           (SELECT max(id) FROM ontology_version WHERE project_id = p.id) AS ontology,
           (SELECT max(id) FROM guideline_version WHERE project_id = p.id) AS guideline,
           ("""
    + drafts.NEWEST
    + """) AS draft
    FROM assignment a JOIN task t ON t.id = a.task_id JOIN asset s ON s.id = t.asset_id
    JOIN project p ON p.id = a.project_id
    WHERE a.id = %(id)s"""
)

# Only for members, and only while there is something to do.
_OPEN = """
    SELECT a.id, a.project_id, a.state, t.lane_id, s.uri, s.text
    FROM assignment a JOIN project p ON p.id = a.project_id
    JOIN project_member m ON m.project_id = a.project_id AND m.user_id = a.labeller_id
    JOIN task t ON t.id = a.task_id JOIN asset s ON s.id = t.asset_id
    WHERE a.token = %(token)s AND a.labeller_id = %(me)s AND a.state = ANY(%(states)s)"""

_UNMEASURED = """
    SELECT s.id FROM assignment a JOIN task t ON t.id = a.task_id JOIN asset s ON s.id = t.asset_id
    WHERE a.id = %(id)s AND s.width IS NULL AND s.uri IS NOT NULL"""
OPEN = ("leased", "expired")
# One's own answers may be looked at again, as feedback does.
SEEN = (*OPEN, "submitted")


def brief_key(project: int, ontology: int | None, guideline: int | None) -> str:
    """A key under which a browser keeps the brief: another one as soon as the brief changes."""
    return hashlib.sha256(f"{project}.{ontology}.{guideline}".encode()).hexdigest()[:16]


def view(session: Session, assignment_id: int) -> dict[str, Any]:
    """The work behind an assignment as the desk shows it; `image` is left to the caller."""
    row = sql.row(session, _WORK, id=assignment_id)
    assert row is not None
    return {
        "token": row.token,
        "stage": row.stage,
        "brief": brief_key(row.project, row.ontology, row.guideline),
        "medium": row.medium,
        "label_type": row.label_type,
        "image": None,
        "text": row.text,
        "pair": row.pair,
        **opinions.before(
            session, row.stage, row.asset_id, row.task_id, row.labeller_id, row.label_type
        ),
        "proposal": _proposal(session, assignment_id, row),
        "expires_at": row.expires_at,
        "revision": 0,
        "draft": row.draft,
    }


def _proposal(session: Session, assignment_id: int, row: Row[Any]) -> dict[str, Any] | None:
    """A model's draft, where one assists; written down as shown."""
    if row.stage != "label" or row.assisting is None:
        return None
    found = assistance.proposal(session, assignment_id)
    return found._asdict() if found else None


def open_work(
    session: Session, labeller: User, token: uuid.UUID, states: tuple[str, ...] = OPEN
) -> Row[Any]:
    """The project and the medium's place behind a token of one's own.

    Raises NotFound, and Forbidden with the reason when one may not do this work any more.
    """
    found = sql.row(session, _OPEN, me=labeller.id, token=token, states=list(states))
    if found is None:
        raise NotFound("There is no such work on your desk.")
    if found.state in OPEN:
        eligibility.refuse_looking(session, labeller.id, found.lane_id)
    return found


def measure(sessions: sessionmaker[Session], assignment_id: int) -> None:
    """Write down the size of the picture of this work, unless it is known; a failure is logged.

    In a transaction of its own: the first answer within the picture needs it.
    """
    try:
        with transaction(sessions) as session:
            asset = sql.row(session, _UNMEASURED, id=assignment_id)
            if asset is not None:
                pictures.size(session, asset.id)
    except (TouchstoneError, OSError, SQLAlchemyError) as error:
        log.warning("a picture was not measured", error=type(error).__name__)
