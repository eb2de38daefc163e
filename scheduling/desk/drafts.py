"""Unfinished work is kept as it is, so that a crash or another machine loses none of it.

A draft is nobody's answer: it is not checked against the ontology, nobody but its labeller ever
reads it, and handing in takes no notice of it.
"""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from ops.errors import InvalidInput, NotFound, Stale
from ops.models import User
from scheduling import sql

# Of what is said, as JSON. A label of 500 traced outlines takes about a tenth of it.
MOST_BYTES = 4 * 2**20
# Of arrays and objects within each other; labels need about eight.
MOST_DEPTH = 32
KEPT_FOR = timedelta(days=7)
SWEEP = 500
# Always as long: PostgreSQL's own form leaves out zeros at the end.
MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'

# Whoever saved last is not overwritten by who does not know of it, other than by themselves: a tab
# may have lost the answer to its last save. The row is locked while another one saves, and looked
# at anew then. No lock on the assignment: a draft beside an answer means nothing.
_SAVE = """
    INSERT INTO draft AS d (assignment_id, revision, value, remark, tab, saved_at)
    SELECT a.id, %(revision)s + 1, %(value)s::jsonb, %(remark)s, %(tab)s, %(now)s
    FROM assignment a
    WHERE a.token = %(token)s AND a.labeller_id = %(me)s AND a.state IN ('leased', 'expired')
    ON CONFLICT (assignment_id) DO UPDATE
    SET revision = d.revision + 1, value = excluded.value, remark = excluded.remark,
        tab = excluded.tab, saved_at = excluded.saved_at
    WHERE d.revision = %(revision)s OR d.tab = excluded.tab
    RETURNING d.value, d.remark, d.revision, d.tab, d.saved_at"""

# The draft of assignment `a`: of this very lease, or else of one that was lost, and then nothing is
# saved under this one yet.
NEWEST = f"""
    SELECT jsonb_build_object('value', d.value, 'remark', d.remark, 'tab', d.tab,
               'revision', CASE WHEN x.id = a.id THEN d.revision ELSE 0 END,
               'saved_at', to_char(d.saved_at AT TIME ZONE 'UTC', '{MOMENT}'))
    FROM assignment x JOIN draft d ON d.assignment_id = x.id
    WHERE x.task_id = a.task_id AND x.labeller_id = a.labeller_id
      AND (x.id = a.id OR x.state IN ('released', 'expired'))
    ORDER BY (x.id = a.id) DESC, d.saved_at DESC LIMIT 1"""

_MINE = f"""
    SELECT ({NEWEST}) AS draft FROM assignment a
    WHERE a.token = %(token)s AND a.labeller_id = %(me)s AND a.state IN ('leased', 'expired')"""

_FORGET = """
    DELETE FROM draft WHERE assignment_id IN (
        SELECT d.assignment_id FROM draft d JOIN assignment a ON a.id = d.assignment_id
        WHERE d.saved_at < %(before)s AND a.ended_at < %(before)s
        ORDER BY d.saved_at LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED)"""


class Kept(NamedTuple):
    """A draft as its labeller left it; `revision` is what the next save is based on."""

    value: dict[str, Any] | None
    remark: str
    revision: int
    tab: str
    saved_at: datetime


def save(
    session: Session,
    labeller: User,
    token: uuid.UUID,
    *,
    value: dict[str, Any] | None,
    remark: str,
    revision: int,
    tab: str,
) -> Kept:
    """Keep what was done so far of work on one's own desk, also when its time has run out.

    `revision` is that of the draft it is based on, 0 where there was none. Raises NotFound,
    InvalidInput where it is larger than any label, and Stale with the `draft` that is there when
    another tab or machine saved in between.
    """
    written = _written(value)
    found = sql.row(
        session,
        _SAVE,
        me=labeller.id,
        token=token,
        revision=revision,
        value=written,
        remark=remark,
        tab=tab,
        now=clock_time.now(),
    )
    if found is not None:
        return Kept._make(found)
    there = of(session, labeller, token)
    raise Stale("This work was changed elsewhere in the meantime.", draft=there)


def of(session: Session, labeller: User, token: uuid.UUID) -> dict[str, Any] | None:
    """The draft to go on with, as JSON: {value, remark, revision, tab, saved_at}; None: no draft.

    Where none was saved under this lease, it is the one of a lease on the same task that was lost.
    Raises NotFound where there is no such work on the labeller's desk.
    """
    found = sql.row(session, _MINE, me=labeller.id, token=token)
    if found is None:
        raise NotFound("There is no such work on your desk.")
    draft: dict[str, Any] | None = found.draft
    return draft


def forget(sessions: sessionmaker[Session]) -> int:
    """Delete the drafts of work that ended more than a week ago; returns how many."""
    total = 0
    while True:
        before = clock_time.now() - KEPT_FOR
        with transaction(sessions) as session:
            gone = sql.run(session, _FORGET, before=before, most=SWEEP)
        total += gone
        if gone < SWEEP:
            return total


def _written(value: dict[str, Any] | None) -> str | None:
    if value is None:
        return None
    if _depth(value) > MOST_DEPTH:
        raise InvalidInput(f"value nests deeper than {MOST_DEPTH} levels", field="value")
    try:
        written = json.dumps(value, allow_nan=False)
    except ValueError:
        raise InvalidInput("value holds a number that is none", field="value") from None
    if len(written) > MOST_BYTES:
        raise InvalidInput(f"value is longer than {MOST_BYTES // 2**20} MB", field="value")
    return written


def _depth(value: Any) -> int:
    """How many arrays and objects lie within each other, counted level by level."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [v for one in level for v in (one.values() if isinstance(one, dict) else one)]
        if depth > MOST_DEPTH:
            break
    return depth
