"""Firings as people meet them: read, appealed once, upheld or overridden by a lead."""

from collections.abc import Sequence

from sqlalchemy import case, exists, select
from sqlalchemy.orm import Session, joinedload

from ops import clock_time, scope
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import ProjectMember, User
from scheduling.models import STANDING_FIRINGS, RuleFiring
from scheduling.rules import effects, told
from scheduling.rules.applying import count_again, over

LONGEST = 2000
NEWEST = 200


def open_appeal(firing: RuleFiring) -> bool:
    """Whether its labeller objected and nobody has answered yet."""
    return firing.appealed_at is not None and firing.settled_at is None


def of_project(session: Session, project_id: int) -> Sequence[RuleFiring]:
    """The firings of a project: open appeals first, then the newest."""
    appealed = RuleFiring.appealed_at.is_not(None) & RuleFiring.settled_at.is_(None)
    found = (
        select(RuleFiring)
        .options(joinedload(RuleFiring.rule), joinedload(RuleFiring.labeller))
        .where(RuleFiring.project_id == project_id)
        .order_by(case((appealed, 0), else_=1), RuleFiring.id.desc())
    )
    return session.scalars(found.limit(NEWEST)).all()


def find(session: Session, user: User, firing_id: int) -> RuleFiring:
    """The firing, if `user` may see its project. Raises NotFound."""
    firing = session.scalar(
        select(RuleFiring).where(
            RuleFiring.id == firing_id, RuleFiring.project_id.in_(scope.projects(user))
        )
    )
    if firing is None:
        raise NotFound("There is no such firing, or you are not a member of its project.")
    return firing


def of_labeller(session: Session, labeller: User) -> Sequence[RuleFiring]:
    """What took effect for `labeller` in projects they are in, the newest first.

    What is decided and has not taken effect is nothing they may know of.
    """
    found = (
        select(RuleFiring)
        .where(
            RuleFiring.labeller_id == labeller.id,
            RuleFiring.applied_at.is_not(None),
            RuleFiring.project_id.in_(scope.projects(labeller)),
        )
        .order_by(RuleFiring.applied_at.desc(), RuleFiring.id.desc())
    )
    return session.scalars(found.limit(NEWEST)).all()


def own(session: Session, labeller: User, firing_id: int) -> RuleFiring:
    """The labeller's own firing, once it took effect. Raises NotFound."""
    firing = next((f for f in of_labeller(session, labeller) if f.id == firing_id), None)
    if firing is None:
        raise NotFound("There is no such decision about your work.")
    return firing


def paused_by_hand(session: Session, labeller: User) -> Sequence[ProjectMember]:
    """The labeller's memberships that a lead paused: no rule says until when."""
    by_rule = exists().where(
        RuleFiring.labeller_id == labeller.id,
        RuleFiring.project_id == ProjectMember.project_id,
        RuleFiring.ends_at == ProjectMember.paused_until,
    )
    mine = select(ProjectMember).where(
        ProjectMember.user_id == labeller.id,
        ProjectMember.paused_until > clock_time.now(),
        ~by_rule,
    )
    return session.scalars(mine.order_by(ProjectMember.project_id)).all()


def may_appeal(firing: RuleFiring) -> bool:
    """Whether its labeller may still object: once, and not against what was taken back."""
    return firing.appealed_at is None and firing.settled_at is None


def taken_back(firing: RuleFiring) -> bool:
    """Whether a lead overrode it, or it went with its evidence: nothing is left to settle."""
    gone = firing.state == "lifted" and firing.evidence.get("ended") in ("evidence", "off")
    return firing.state == "overridden" or gone


def appeal(session: Session, firing: RuleFiring, text: str, *, by: User) -> None:
    """The labeller objects, once. Raises InvalidInput, Conflict."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise InvalidInput(f"say in 1 to {LONGEST} characters why this is wrong", field="text")
    _lock(session, firing)
    if not may_appeal(firing):
        raise Conflict("You have appealed already, or this decision was settled.")
    firing.appeal, firing.appealed_at = text, clock_time.now()
    if firing.state == "applied":
        firing.state = "appealed"
    session.flush()
    told.record(session, firing, "rule_firing.appealed", by)
    told.tell_leads(session, firing, "appealed", "A labeller appeals against a rule. Settle it.")


def settle(session: Session, firing: RuleFiring, *, uphold: bool, why: str, by: User) -> int:
    """A lead upholds an appealed firing, or overrides any; returns how many answers count again.

    Overriding undoes its effects: a pause, a suspension or a restriction is lifted, leases are not
    given back; answers that lost their weight count again where their task still has room. The
    rule then looks at later answers only. Raises InvalidInput, Conflict.
    """
    why = why.strip()
    if not why or len(why) > LONGEST:
        raise InvalidInput(f"give the reason in 1 to {LONGEST} characters", field="why")
    _lock(session, firing)
    if taken_back(firing) or (uphold and not open_appeal(firing)):
        raise Conflict("This was settled already, or nobody appealed.")
    known, over = firing.applied_at is not None, firing.state == "lifted"
    firing.settled_by, firing.settled_at, firing.settled_why = by.id, clock_time.now(), why
    if uphold:
        firing.state = "lifted" if over else "upheld"
    else:
        firing.state = "overridden"
        firing.evidence = {**firing.evidence, "slate": firing.settled_at.timestamp()}
    session.flush()
    counted = 0 if uphold else _undo(session, firing)
    action = "rule_firing.upheld" if uphold else "rule_firing.overridden"
    # Not why: it may name somebody, and nothing is taken out of the audit trail.
    told.record(session, firing, action, by, counted_again=counted)
    if known:
        said = "stays as it is" if uphold else "was taken back"
        text = f"The decision about your work {said}: {why}"
        told.tell(session, firing, "upheld" if uphold else "overridden", text)
    return counted


def let_go_on(session: Session, project_id: int, labeller: User, *, by: User) -> int:
    """A lead ends the labeller's pauses here before their time; returns how many rules' they were.

    That is no verdict on the firing: it may still be appealed and overridden, and answers that lost
    their weight stay without. The rule looks at answers given since it was applied.
    """
    pauses = (
        select(RuleFiring)
        .where(
            RuleFiring.project_id == project_id,
            RuleFiring.labeller_id == labeller.id,
            RuleFiring.state.in_(STANDING_FIRINGS),
            RuleFiring.applied_at.is_not(None),
            RuleFiring.evidence["action"].astext == "pause",
        )
        .order_by(RuleFiring.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalars(pauses).all()
    for firing in found:
        assert firing.applied_at is not None
        over(session, firing, "lead", firing.applied_at, by)
        firing.ends_at = clock_time.now()
        told.tell(session, firing, "lifted", "A lead lets you go on before your pause is over.")
    return len(found)


def _undo(session: Session, firing: RuleFiring) -> int:
    effects.undo(session, firing)
    if not firing.evidence.get("redone"):
        return 0
    return count_again(session, firing, clock_time.now())


def _lock(session: Session, firing: RuleFiring) -> None:
    """The firing as it is now, until the end of the transaction."""
    session.refresh(firing, with_for_update=True)
