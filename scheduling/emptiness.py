"""Why there is no work: an empty answer that says what would have to change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import User
from scheduling import eligibility, leases, sql
from scheduling.eligibility import APART

# The first moment at which what somebody else holds or has reserved could give back a task I have
# not had. Each state has an index of its own.
_NEXT_FREE_OF = f"""
    SELECT min(h.expires_at) AS at
    FROM assignment h JOIN task t ON t.id = h.task_id
    WHERE h.state = '{{state}}' AND h.counts AND h.labeller_id <> %(me)s
      AND t.lane_id = ANY(%(lanes)s)
      AND NOT EXISTS (SELECT FROM assignment a WHERE a.task_id = t.id AND a.labeller_id = %(me)s
                        AND a.state NOT IN ('released', 'expired'))
      AND {APART}"""
_NEXT_FREE = f"""
    SELECT min(at) AS at FROM ({_NEXT_FREE_OF.format(state="leased")}
                               UNION ALL {_NEXT_FREE_OF.format(state="reserved")}) either"""

# What somebody or a rule decided about the labeller.
_DECIDED = ("not_suspended", "not_paused", "trained", "unrestricted")
# What a course may come before: reading, and an assessment for which it prepares.
_FIRST = {"courses_done", "guideline_read", "certified"}
_WHY = "Why, and how to object: see “About your work” in your menu."


@dataclass(frozen=True)
class ToRead:
    """The guideline of a project that a labeller has to read first, and its newest version."""

    project: int
    version: int


@dataclass(frozen=True)
class ToLearn:
    """The course that a labeller has to do before their first task of a project; without an id
    where they did it and it does not count yet, which their page Training sees to."""

    id: int | None = None
    title: str = ""


@dataclass(frozen=True)
class Empty:
    """Nothing to do: the reason in words, and when somebody's lease would run out.

    `guideline` is there when reading it is all that it takes, `course` where doing one comes next.
    """

    reason: str
    next_free_at: datetime | None = None
    guideline: ToRead | None = None
    course: ToLearn | None = None


def why_empty(session: Session, labeller: User, *, project_id: int | None = None) -> Empty:
    """The reason why `claim` found nothing, the most hopeful one first."""
    at = clock_time.now()
    lanes = eligibility.lanes_and_why(session, labeller.id, at, project_id)
    unread = [x for x in lanes if _fails(x) == ["guideline_read"]]
    if unread:
        return _unread(min(unread, key=lambda x: (x.project_id, x.lane)))
    untaught = [x for x in lanes if "courses_done" in _fails(x) and _FIRST.issuperset(_fails(x))]
    if untaught:
        return _untaught(min(untaught, key=lambda x: (len(_fails(x)), x.project_id, x.lane)))
    open_to_me = [x for x in lanes if not _fails(x)]
    if open_to_me:
        return _nothing_left(session, labeller, open_to_me, at)
    return Empty(_shut_out(lanes))


def _untaught(lane: Row[Any]) -> Empty:
    words = eligibility.in_words(lane, "courses_done")
    return Empty(words, course=ToLearn(*(lane.course or ())))


def _unread(lane: Row[Any]) -> Empty:
    words = eligibility.in_words(lane, "guideline_read")
    return Empty(words, guideline=ToRead(lane.project_id, lane.guideline))


def _fails(lane: Row[Any]) -> list[str]:
    return [c.name for c in eligibility.FOR_NEW_WORK if not getattr(lane, c.name)]


def _nothing_left(
    session: Session, labeller: User, lanes: Sequence[Row[Any]], at: datetime
) -> Empty:
    held = [h.lane_id for h in leases.held(session, labeller.id, at) if not h.lapsed]
    workable = eligibility.may_hold(session, labeller.id, held, at)
    if sum(one in workable for one in held) >= max(x.max_leases for x in lanes):
        return Empty("You hold as many tasks as you may at once. Submit or release one first.")
    ids = [x.lane for x in lanes]
    free = sql.row(session, _NEXT_FREE, me=labeller.id, lanes=ids)
    if free is not None and free.at is not None:
        return Empty("The rest is being worked on by others.", free.at)
    return Empty("All done: there is nothing left for you to label.")


def _shut_out(lanes: Sequence[Row[Any]]) -> str:
    """What keeps the labeller from the lane that is nearest to being open to them."""
    if not lanes:
        return "You are in no project with work yet. Ask your lead to add you to one."
    nearest = min(lanes, key=lambda x: len(_fails(x)))
    failed = _fails(nearest)[0] if "running" not in _fails(nearest) else "running"
    why = f" {_WHY}" if failed in _DECIDED else ""
    return eligibility.in_words(nearest, failed) + why
