"""What was decided takes effect, comes to its end, and has unreviewed work done again.

Each step is a transaction of its own about one firing, found again by its state: killed in between,
the next sweep goes on from there.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, erasure, reopening
from ops.db import transaction
from ops.models import Certificate, Project, ProjectMember, User
from scheduling.models import STANDING_FIRINGS, Rule, RuleFiring
from scheduling.rules import effects, told, words

# What stands in the place of an appeal whose author was erased.
FORGOTTEN = "(erased)"
_erased = exists().where(
    User.id == RuleFiring.labeller_id, User.email.is_(None), User.name == erasure.ERASED
)
_IN_FORCE = RuleFiring.state.in_([s for s in STANDING_FIRINGS if s != "pending"])


def apply_due(sessions: sessionmaker[Session]) -> int:
    """Carry out what is due, end what is over, reopen work and count it again; returns how much.

    Appeals of people who were erased are forgotten on the way.
    """
    at = clock_time.now()
    passed = exists().where(
        Certificate.user_id == RuleFiring.labeller_id,
        Certificate.skill_id == Project.skill_id,
        Project.id == RuleFiring.project_id,
        Certificate.source == "assessment",
        Certificate.granted_at > RuleFiring.applied_at,
        Certificate.revoked_at.is_(None),
    )
    in_training = RuleFiring.evidence["action"].astext == "train"
    redo = RuleFiring.evidence["measure"]["redo"].astext == "true"
    again = RuleFiring.evidence["count_again"].astext == "true"
    steps: tuple[tuple[ColumnElement[bool], Callable[[Session, RuleFiring, datetime], None]], ...]
    steps = (
        (and_(RuleFiring.state == "pending", RuleFiring.takes_effect_at <= at), _apply),
        (and_(_IN_FORCE, RuleFiring.ends_at <= at), _end),
        (and_(_IN_FORCE, in_training, passed), _trained),
        (and_(_IN_FORCE, redo, ~RuleFiring.evidence.has_key("redone")), _redo),
        (and_(RuleFiring.state == "lifted", again), _count_again),
        (and_(RuleFiring.appeal.not_in(("", FORGOTTEN)), _erased), _forget),
    )
    return sum(_each(sessions, due, step, at) for due, step in steps)


def _each(
    sessions: sessionmaker[Session],
    due: ColumnElement[bool],
    step: Callable[[Session, RuleFiring, datetime], None],
    at: datetime,
) -> int:
    done = 0
    while True:
        one = select(RuleFiring).where(due).order_by(RuleFiring.id).limit(1)
        with transaction(sessions) as session:
            firing = session.scalars(one.with_for_update(of=RuleFiring, skip_locked=True)).first()
            if firing is None:
                return done
            step(session, firing, at)
            done += 1


def _apply(session: Session, firing: RuleFiring, at: datetime) -> None:
    person = session.get_one(User, firing.labeller_id)
    member = session.get(ProjectMember, (firing.project_id, person.id))
    if member is None or not person.active or not session.get_one(Rule, firing.rule_id).enabled:
        _drop(session, firing, at)
        return
    recalled = effects.take(session, firing, member, at)
    firing.evidence = {**firing.evidence, "recalled": len(recalled)}
    session.flush()
    told.record(session, firing, "rule_firing.applied", recalled=len(recalled))
    told.tell(session, firing, "applied", firing.told)
    done = words.consequence(firing.evidence["action"], firing.evidence["measure"])
    title = words.SIGNAL[firing.evidence["signal"]].title.lower()
    told.tell_leads(session, firing, "applied", f"A rule fired ({title} → {done}).")


def _drop(session: Session, firing: RuleFiring, at: datetime) -> None:
    """Decided, but its rule was switched off, or its labeller has left, before it took effect."""
    firing.state, firing.settled_at = "lifted", at
    firing.settled_why = "Its rule was switched off, or the labeller left, before it took effect."
    firing.evidence = {**firing.evidence, "ended": "off"}
    session.flush()
    told.record(session, firing, "rule_firing.lifted", because="off")


def _end(session: Session, firing: RuleFiring, _at: datetime) -> None:
    """Its time ran out. What was answered since it was applied counts from now on."""
    assert firing.applied_at is not None
    over(session, firing, "time", firing.applied_at)


def _trained(session: Session, firing: RuleFiring, at: datetime) -> None:
    firing.ends_at = at
    over(session, firing, "trained", at)


def over(
    session: Session, firing: RuleFiring, why: str, slate: datetime, by: User | None = None
) -> None:
    """Its end has come: what it took is given back; answers since `slate` count alone from now."""
    firing.state = "lifted"
    firing.evidence = {**firing.evidence, "ended": why, "slate": slate.timestamp()}
    session.flush()
    effects.undo(session, firing)
    told.record(session, firing, "rule_firing.lifted", by, because=why)


def _redo(session: Session, firing: RuleFiring, at: datetime) -> None:
    since = datetime.fromtimestamp(firing.evidence["since"], UTC)
    n = reopening.discount(
        session, firing.labeller_id, firing.project_id, since, at, cause=cause_of(firing)
    )
    _note(session, firing, redone=n)
    told.record(session, firing, "rule_firing.work_reopened", answers=n)


def _count_again(session: Session, firing: RuleFiring, at: datetime) -> None:
    count_again(session, firing, at)


def count_again(session: Session, firing: RuleFiring, at: datetime) -> int:
    """Give discounted answers their weight back where there is room; returns how many."""
    cause = cause_of(firing)
    n = reopening.count_again(session, firing.labeller_id, firing.project_id, cause, at)
    _note(session, firing, count_again=False, counted_again=n)
    return n


def _forget(_session: Session, firing: RuleFiring, _at: datetime) -> None:
    """Somebody was erased: what they wrote about themselves goes with their name."""
    firing.appeal = FORGOTTEN


def cause_of(firing: RuleFiring) -> str:
    """By what the answers that a firing discounted are known."""
    return f"firing:{firing.id}"


def _note(session: Session, firing: RuleFiring, **more: object) -> None:
    session.refresh(firing)
    firing.evidence = {**firing.evidence, **more}
    session.flush()
