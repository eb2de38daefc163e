"""What a firing does to somebody's place in a project, and how that is undone.

Places are recomputed from the firings that stand, so that one may go while another stays, and what
a lead set by hand meanwhile is left alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops.models import Assignment, ProjectMember, Task
from scheduling import leases
from scheduling.models import STANDING_FIRINGS, Desk, RuleFiring

# Which column of the membership an action sets to the moment it was applied.
COLUMN = {"train": "training_since", "restrict": "restricted_at", "suspend": "suspended_at"}
SHUTS_OUT = ("train", "pause", "suspend")


def ends_at(action: str, measure: dict[str, Any], at: datetime) -> datetime | None:
    """When an action taken at `at` is over by itself; None: when somebody or something ends it."""
    if action in ("pause", "warn"):
        return at + timedelta(hours=float(measure["hours"]))
    return None


def take(session: Session, firing: RuleFiring, member: ProjectMember, at: datetime) -> list[int]:
    """Change the membership as the firing says; returns the assignments recalled.

    The labeller's desk is locked first: a claim that is under way ends before, and is recalled.
    """
    action = firing.evidence["action"]
    _lock_desk(session, firing.labeller_id)
    firing.state, firing.applied_at = "applied", at
    firing.ends_at = ends_at(action, firing.evidence["measure"], at)
    if action == "pause" and firing.ends_at is not None:
        member.paused_until = max(member.paused_until or at, firing.ends_at)
        member.pause_reason = firing.told
    elif action in COLUMN:
        setattr(member, COLUMN[action], at)
    session.flush()
    return leases.recall(session, _held(session, firing, action), at)


def _lock_desk(session: Session, labeller_id: int) -> None:
    """Lock the desk, made when it is missing: their very first claim may be under way."""
    desk = insert(Desk).values(labeller_id=labeller_id, claims=0)
    session.execute(desk.on_conflict_do_nothing())
    leases.lock_desk(session, labeller_id)


def _held(session: Session, firing: RuleFiring, action: str) -> Sequence[int]:
    """What the labeller has on the desk, or kept for them, and may not go on with."""
    mine = (
        select(Assignment.id)
        .join(Task, Task.id == Assignment.task_id)
        .where(
            Assignment.labeller_id == firing.labeller_id,
            Assignment.project_id == firing.project_id,
            Assignment.state.in_(("leased", "reserved")),
        )
    )
    if action == "restrict":
        mine = mine.where(Task.stage.not_in(("label", "rework")))
    elif action not in SHUTS_OUT:
        return []
    return session.scalars(mine).all()


def undo(session: Session, firing: RuleFiring) -> None:
    """Give back what an applied firing took, as far as no other firing holds it.

    `firing` must not stand any more. Leases are not given back.
    """
    member = session.get(
        ProjectMember, (firing.project_id, firing.labeller_id), populate_existing=True
    )
    if member is None or firing.applied_at is None:
        return
    action = firing.evidence["action"]
    others = [one for one in _standing(session, firing) if one.evidence["action"] == action]
    if action == "pause" and member.paused_until == firing.ends_at:
        until = [one.ends_at for one in others if one.ends_at is not None]
        member.paused_until = max(until, default=None)
        member.pause_reason = others[-1].told if until else ""
    elif action in COLUMN and getattr(member, COLUMN[action]) == firing.applied_at:
        since = [one.applied_at for one in others if one.applied_at is not None]
        setattr(member, COLUMN[action], max(since, default=None))
    session.flush()


def _standing(session: Session, firing: RuleFiring) -> Sequence[RuleFiring]:
    """The other applied firings of this labeller in this project."""
    found = select(RuleFiring).where(
        RuleFiring.labeller_id == firing.labeller_id,
        RuleFiring.project_id == firing.project_id,
        RuleFiring.id != firing.id,
        RuleFiring.state.in_(STANDING_FIRINGS),
        RuleFiring.applied_at.is_not(None),
    )
    return session.scalars(found.order_by(RuleFiring.applied_at)).all()
