"""Batches: what a client sends and gets back."""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, lanes, scope
from ops.errors import Conflict, Frozen, InvalidInput, NotFound
from ops.models import Asset, Batch, Consensus, Lane, Project, Task, User
from ops.projects import clean_name
from ops.webhooks import facts


def create(
    session: Session,
    project: Project,
    *,
    name: str,
    by: User,
    priority: int = 0,
    due_at: datetime | None = None,
) -> Batch:
    """A new open batch without assets. Raises InvalidInput, Conflict when the name is taken."""
    name = clean_name(name)
    _check_priority(priority)
    if due_at is not None and due_at.tzinfo is None:
        raise InvalidInput("give a moment with its time zone", field="due_at")
    same = (Batch.project_id == project.id) & (func.lower(Batch.name) == name.lower())
    if session.scalar(select(Batch.id).where(same)):
        raise Conflict(f"{project.name} has a batch called {name} already.", field="name")
    batch = Batch(
        project_id=project.id,
        name=name,
        priority=priority,
        due_at=due_at,
        created_at=clock_time.now(),
    )
    session.add(batch)
    session.flush()
    _record(session, batch, by, "batch.created", priority=priority)
    return batch


def _check_priority(priority: int) -> None:
    if priority not in lanes.PRIORITIES:
        low, high = lanes.PRIORITIES[0], lanes.PRIORITIES[-1]
        raise InvalidInput(f"priority must lie between {low} and {high}", field="priority")


def find(session: Session, user: User, batch_id: int) -> Batch:
    """The batch, if `user` may see its project. Raises NotFound."""
    batch = session.scalar(
        select(Batch).where(Batch.id == batch_id, Batch.project_id.in_(scope.projects(user)))
    )
    if batch is None:
        raise NotFound("There is no such batch, or you are not a member of its project.")
    return batch


def set_priority(session: Session, batch: Batch, priority: int, *, by: User) -> None:
    """Move the open work of a batch before or behind that of others; larger goes first.

    Lanes are looked at in the order of their batches. Raises InvalidInput, Frozen.
    """
    _check_priority(priority)
    _refuse_delivered(batch)
    batch.priority = priority
    session.flush()
    _record(session, batch, by, "batch.priority_set", priority=priority)


def pause(session: Session, batch: Batch, *, by: User) -> None:
    """No new leases from this batch. Raises Frozen."""
    _refuse_delivered(batch)
    _set_paused(session, batch, True, by)


def resume(session: Session, batch: Batch, *, by: User) -> None:
    """Leases from this batch again. Raises Frozen."""
    _refuse_delivered(batch)
    _set_paused(session, batch, False, by)


def _set_paused(session: Session, batch: Batch, paused: bool, by: User) -> None:
    if batch.paused != paused:
        batch.paused = paused
        session.flush()
        _record(session, batch, by, "batch.paused" if paused else "batch.resumed")


def _refuse_delivered(batch: Batch) -> None:
    if batch.state == "delivered":
        raise Frozen


def note_completion(session: Session, batch_id: int) -> bool:
    """Turn an open batch complete when nothing is left to do in it; says whether it did.

    Complete: it has assets, each has a consensus, and no ordinary task of any stage is open or
    leased (gold wants no answers, so it is never open).
    """
    batch = lanes.lock_batch(session, batch_id)
    if batch.state != "open":
        return False
    # A statement of its own after the lock: it sees what whoever held the lock has committed.
    if not session.scalar(select(exists().where(Asset.batch_id == batch_id))):
        return False
    unfinished = exists().where(
        Task.lane_id == Lane.id, Lane.batch_id == batch_id, or_(Task.open, Task.n_leased > 0)
    )
    undecided = exists().where(
        Asset.batch_id == batch_id, ~exists().where(Consensus.asset_id == Asset.id)
    )
    if session.scalar(select(or_(unfinished, undecided))):
        return False
    batch.state, batch.completed_at = "complete", clock_time.now()
    session.flush()
    _record(session, batch, None, "batch.completed")
    facts.batch_completed(session, batch)
    return True


def _record(session: Session, batch: Batch, by: User | None, action: str, **data: Any) -> None:
    organisation = select(Project.organisation_id).where(Project.id == batch.project_id)
    audit_log.record(
        session,
        by,
        action,
        f"batch:{batch.id}",
        organisation_id=session.scalars(organisation).one(),
        **data,
    )
