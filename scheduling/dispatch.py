"""Handing out: the claim, gold in its place, and what is held already."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import User
from scheduling import claim_sql, desk_sql, eligibility, gold_pace, leases, policy, sql
from scheduling.desk_sql import Lease, OpenLane

CURSOR_EVERY = 8


@dataclass(frozen=True)
class Claimed:
    """A lease as the house knows it; the labeller learns nothing of it but `token`."""

    id: int
    token: str
    task_id: int
    project_id: int
    expires_at: datetime
    # Where the next gold is to be settled when the labeller has been answered.
    owes_gold: OpenLane | None = None


@dataclass(frozen=True)
class Desk:
    """A locked desk: whose and when, how many claims so far, what is held and what is open."""

    me: int
    at: datetime
    claims: int
    last_project: int | None
    live: Sequence[Lease]
    lapsed: bool
    reserved: bool
    lanes: Sequence[OpenLane]


def claim(session: Session, labeller: User, *, project_id: int | None = None) -> Claimed | None:
    """Lease one more task to `labeller`, of one project or any; None when there is none for them.

    Takes the labeller's desk row lock, then the task's. Never more leases than a task wants answers
    or than the project lets a labeller hold.
    """
    desk = _open_desk(session, labeller, project_id)
    claimed = _claim(session, desk, desk.live)
    _end_lapsed(session, desk)
    return claimed


def next_work(
    session: Session,
    labeller: User,
    *,
    project_id: int | None = None,
    browser_has: Collection[str] | None = None,
    settle: bool = True,
) -> Claimed | None:
    """What the labeller should look at next: a lease they hold already, or else a new one.

    Without `settle` the next gold is left to the caller, who settles what is owed afterwards.
    `browser_has` are the tokens their browser knows of; see `policy.lease_to_return`. A lease on
    what they may not do any more, as after a pause, is neither returned nor in the way.
    """
    desk = _open_desk(session, labeller, project_id)
    found = _next(session, desk, project_id, browser_has, settle)
    _end_lapsed(session, desk)
    return found


def _next(
    session: Session,
    desk: Desk,
    project_id: int | None,
    browser_has: Collection[str] | None,
    settle: bool,
) -> Claimed | None:
    live = _workable(session, desk)
    here = [h for h in live if project_id in (None, h.project_id)]
    again = policy.lease_to_return(here, browser_has, len(here) + 1)
    if again is None:
        new = _claim(session, desk, live, settle=settle)
        if new is not None:
            return new
        again = policy.lease_to_return(here, browser_has, len(here))
    if again is None:
        return None
    expires_at = datetime.fromisoformat(again.expires)
    return Claimed(again.id, again.token, again.task_id, again.project_id, expires_at)


def _open_desk(session: Session, labeller: User, project_id: int | None) -> Desk:
    """Lock the desk, then see what is on it."""
    me, at = labeller.id, clock_time.now()
    mine = sql.row(session, claim_sql.LOCK_DESK, me=me, now=at)
    mine = mine or sql.row(session, claim_sql.NEW_DESK, me=me, now=at)
    assert mine is not None
    day = eligibility.own_day(labeller.timezone, at)
    seen = sql.row(session, desk_sql.READ_DESK, me=me, now=at, day=day, project=project_id)
    assert seen is not None
    held = [Lease(*one) for one in json.loads(seen.held or "[]")]
    live = [one for one in held if not one.lapsed]
    lanes = [OpenLane(*one) for one in json.loads(seen.lanes or "[]")]
    lapsed = len(live) < len(held)
    return Desk(me, at, mine.claims, mine.project_id, live, lapsed, seen.reserved, lanes)


def _end_lapsed(session: Session, desk: Desk) -> None:
    """What has run out meanwhile ends last: whoever ends it keeps the locks of its tasks.

    A claim that held them while it waits for another task could be waited for in turn.
    """
    if desk.lapsed:
        leases.expire_mine(session, desk.me, desk.at)


def _workable(session: Session, desk: Desk) -> list[Lease]:
    """The live leases on which the labeller may go on working."""
    unknown = {h.lane_id for h in desk.live} - {lane.id for lane in desk.lanes}
    barred = unknown - eligibility.may_hold(session, desk.me, unknown, desk.at)
    return [h for h in desk.live if h.lane_id not in barred]


def _claim(
    session: Session, desk: Desk, live: Sequence[Lease], *, settle: bool = True
) -> Claimed | None:
    lanes = [lane for lane in desk.lanes if len(live) < lane.max_leases]
    if not lanes:
        return None
    lanes = policy.in_order(lanes, desk.at, desk.last_project, desk.claims)
    due = gold_pace.due(lanes)
    if settle:
        due = gold_pace.settle_what_is_due(session, desk.me, lanes)
    values = {"me": desk.me, "now": desk.at, **_columns(lanes, due)}
    new = _work(session, desk, _statement(desk, lanes, bool(due)), values)
    if new is None:
        return None
    if new.project_id != desk.last_project:
        sql.run(session, claim_sql.STAY_ON, me=desk.me, project=new.project_id)
    if new.counts and new.stage == "label" and new.project_id in due:
        gold_pace.give_back(session, desk.me, new.project_id, due[new.project_id])
    owes = None
    if new.stage == "label" and settle:
        gold_pace.settle_next(session, desk.me, lanes, new)
    elif new.stage == "label":
        owes = gold_pace.owed(lanes, due, new)
    return Claimed(new.id, str(new.token), new.task_id, new.project_id, new.expires_at, owes)


def _columns(lanes: Sequence[OpenLane], due: dict[int, int]) -> dict[str, str]:
    """The lanes as array literals, a column each: strings travel faster than lists."""
    golds = [due.get(x.project_id) if x.stage == "label" else None for x in lanes] if due else ()
    return {
        "lanes": _literal([x.id for x in lanes]),
        "projects": _literal([x.project_id for x in lanes]),
        "batches": _literal([x.batch_id for x in lanes]),
        "stages": _literal([x.stage for x in lanes]),
        "minutes": _literal([x.lease_minutes for x in lanes]),
        "generations": _literal([x.generation for x in lanes]),
        "golds": _literal(golds),
        "npris": _literal([x.npri if x.stands else None for x in lanes]),
        "tasks": _literal([x.task_id if x.stands else None for x in lanes]),
    }


def _literal(values: Iterable[int | str | None]) -> str:
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"


def _statement(desk: Desk, lanes: Sequence[OpenLane], gold: bool) -> str:
    # Whoever never had a cursor has little behind them; after a change of generation it is known
    # what is to be looked past.
    lost = any(lane.seen is not None and not lane.stands for lane in lanes)
    move = lost or desk.claims % CURSOR_EVERY == 0
    return claim_sql.CLAIM[move, desk.reserved, gold]


def _work(session: Session, desk: Desk, statement: str, values: dict[str, Any]) -> Row[Any] | None:
    """The next task. None only if nothing was free, not if it was merely locked for the moment."""
    # A reservation that ended just now stays locked by the look at it: that must be given up again.
    attempt = _attempt if desk.reserved else sql.row
    while True:
        found = attempt(session, statement, **values)
        if found is not None:
            return found
        head = sql.row(session, claim_sql.HEAD, **values)
        if head is None:
            return _lost(session, values) or _lapsed(session, desk, values)
        taken = _take(session, head.id, values)
        if taken is not None:
            return taken


def _lost(session: Session, values: dict[str, Any]) -> Row[Any] | None:
    while (head := sql.row(session, claim_sql.LOST, **values, among=None)) is not None:
        taken = _take(session, head.id, values)
        if taken is not None:
            return taken
    return None


def _lapsed(session: Session, desk: Desk, values: dict[str, Any]) -> Row[Any] | None:
    """What has just run out may come back: its tasks are locked, and no other is waited for."""
    if not desk.lapsed:
        return None
    ended = leases.expire_mine(session, desk.me, desk.at)
    head = sql.row(session, claim_sql.LOST, **values, among=ended) if ended else None
    return _take(session, head.id, values) if head is not None else None


def _take(session: Session, head: int, values: dict[str, Any]) -> Row[Any] | None:
    """Wait for one task and take it; None when it is full by then."""
    return _attempt(session, claim_sql.CLAIM_THIS, **{**values, "head": head})


def _attempt(session: Session, statement: str, **values: Any) -> Row[Any] | None:
    """Take a task; the locks of an attempt that came to nothing are given up with its savepoint.

    Whoever waits for a task holds no other and no assignment, so two who wait cannot wait for one
    another.
    """
    attempt = session.begin_nested()
    taken = sql.row(session, statement, **values)
    if taken is not None:
        attempt.commit()
        return taken
    attempt.rollback()
    return None
