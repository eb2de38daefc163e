"""Handing out: the claim, gold in its place, and the reason when there is nothing."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time, projects
from ops.models import Lane, Project, User
from quality import gold, trust
from scheduling import claim_sql, eligibility, leases, policy, sql

# Not seeded: forked web workers must not draw the same gaps.
_RNG = random.SystemRandom()
CURSOR_EVERY = 8


@dataclass(frozen=True)
class Claimed:
    """A lease as the house knows it; the labeller learns nothing of it but `token`."""

    id: int
    token: str
    task_id: int
    project_id: int
    expires_at: datetime


@dataclass(frozen=True)
class _Desk:
    """A locked desk: whose, when, and whether its cursors are due to be moved."""

    me: int
    at: datetime
    move_cursors: bool


def claim(session: Session, labeller: User, *, project_id: int | None = None) -> Claimed | None:
    """Lease one more task to `labeller`, of one project or any; None when there is none for them.

    Takes the labeller's desk row lock, then the task's. Never more leases than a task wants answers
    or than the project lets a labeller hold.
    """
    desk = _lock_desk(session, labeller)
    return _claim(session, desk, project_id, _live(session, desk))


def next_work(
    session: Session,
    labeller: User,
    *,
    project_id: int | None = None,
    browser_has: Collection[str] | None = None,
) -> Claimed | None:
    """What the labeller should look at next: a lease they hold already, or else a new one.

    `browser_has` are the tokens their browser knows of; see `policy.lease_to_return`.
    """
    desk = _lock_desk(session, labeller)
    live = _live(session, desk)
    here = [h for h in live if project_id in (None, h.project_id)]
    again = policy.lease_to_return(here, browser_has, len(here) + 1)
    if again is None:
        new = _claim(session, desk, project_id, live)
        if new is not None:
            return new
        again = policy.lease_to_return(here, browser_has, len(here))
    return _as_claimed(again) if again else None


def _lock_desk(session: Session, labeller: User) -> _Desk:
    at = clock_time.now()
    found = sql.row(session, claim_sql.LOCK_DESK, me=labeller.id, now=at)
    assert found is not None
    return _Desk(labeller.id, at, found.claims % CURSOR_EVERY == 0)


def _live(session: Session, desk: _Desk) -> Sequence[Row[Any]]:
    found = leases.held(session, desk.me, desk.at)
    if any(h.lapsed for h in found):
        leases.expire_mine(session, desk.me, desk.at)
    return [h for h in found if not h.lapsed]


def _claim(
    session: Session, desk: _Desk, project_id: int | None, live: Sequence[Row[Any]]
) -> Claimed | None:
    lanes = [
        lane
        for lane in eligibility.open_lanes(session, desk.me, desk.at, project_id)
        if len(live) < lane.max_leases
    ]
    if not lanes:
        return None
    values = {"me": desk.me, "now": desk.at, "move": desk.move_cursors, **_arrays(lanes)}
    new = (
        _gold_instead(session, lanes, values)
        or sql.row(session, claim_sql.TAKE_RESERVED, **values)
        or _work(session, values)
    )
    if new is not None and new.stage == "label":
        lane = next(x for x in lanes if x.project_id == new.project_id)
        if lane.until_next is None:
            _draw_gap(session, desk.me, lane)
    return _as_claimed(new) if new else None


def _arrays(lanes: Sequence[Row[Any]]) -> dict[str, list[Any]]:
    """The lanes as columns; a cursor of another generation is no cursor."""
    stands = [lane.seen_generation == lane.generation for lane in lanes]
    return {
        "lanes": [lane.id for lane in lanes],
        "projects": [lane.project_id for lane in lanes],
        "batches": [lane.batch_id for lane in lanes],
        "minutes": [lane.lease_minutes for lane in lanes],
        "generations": [lane.generation for lane in lanes],
        "npris": [lane.npri if s else None for lane, s in zip(lanes, stands, strict=True)],
        "tasks": [lane.task_id if s else None for lane, s in zip(lanes, stands, strict=True)],
    }


def _work(session: Session, values: dict[str, Any]) -> Row[Any] | None:
    """The next task. None only if nothing was free, not if it was merely locked for the moment."""
    found = _answer(session, claim_sql.CLAIM, values)
    while found.id is None and found.head is not None:
        taken = _take(session, found.head, values)
        if taken is not None:
            return taken
        found = _answer(session, claim_sql.CLAIM, values)
    return found if found.id is not None else _lost(session, values)


def _lost(session: Session, values: dict[str, Any]) -> Row[Any] | None:
    while (head := sql.row(session, claim_sql.LOST, **values)) is not None:
        taken = _take(session, head.id, values)
        if taken is not None:
            return taken
    return None


def _take(session: Session, head: int, values: dict[str, Any]) -> Row[Any] | None:
    """Wait for one task and take it; None when it is full by then.

    Its lock is then given up with the savepoint: whoever waits for a task holds no other, so two
    who wait cannot wait for one another.
    """
    attempt = session.begin_nested()
    taken = _answer(session, claim_sql.CLAIM_THIS, {**values, "head": head})
    if taken.id is not None:
        attempt.commit()
        return taken
    attempt.rollback()
    return None


def _answer(session: Session, statement: str, values: dict[str, Any]) -> Row[Any]:
    found = sql.row(session, statement, **values)
    assert found is not None  # these statements answer with one row, of nulls if need be
    return found


def _gold_instead(
    session: Session, lanes: Sequence[Row[Any]], values: dict[str, Any]
) -> Row[Any] | None:
    """Gold in place of the work that is next, when it is due and there is some new to the labeller.

    Only in place of work: without it gold would go out when the desk should be empty, and show.
    """
    if not any(lane.until_next == 0 for lane in lanes):
        return None
    head = sql.row(session, claim_sql.PEEK, **values)
    lane = next((x for x in lanes if head is not None and x.id == head.lane), None)
    if lane is None or lane.stage != "label" or lane.until_next != 0:
        return None
    chosen = gold.pick(session, values["me"], session.get_one(Lane, lane.id))
    _draw_gap(session, values["me"], lane)
    if chosen is None:
        return None
    return sql.row(
        session,
        claim_sql.LEASE_GOLD,
        me=values["me"],
        now=values["now"],
        task=chosen.task_id,
        project=lane.project_id,
        minutes=lane.lease_minutes,
    )


def _draw_gap(session: Session, me: int, lane: Row[Any]) -> None:
    """Draw how many ordinary claims pass until the next gold."""
    terms = projects.settings_of(session.get_one(Project, lane.project_id)).gold
    believed = trust.standing(session, me, lane.skill_id)
    gap = policy.next_gap(policy.gold_rate(believed.low, believed.n, terms), _RNG)
    sql.run(session, claim_sql.SET_PACE, me=me, project=lane.project_id, until_next=gap - 1)


def _as_claimed(row: Row[Any]) -> Claimed:
    return Claimed(row.id, str(row.token), row.task_id, row.project_id, row.expires_at)
