"""Stages that follow what happened elsewhere: a certificate, the first task, a closed account."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, select, true
from sqlalchemy.orm import Session, aliased, sessionmaker

from ops import scope
from ops.applicants import moving, stages
from ops.db import transaction
from ops.models import (
    Applicant,
    ApplicantMove,
    Assignment,
    Opening,
    PipelineStage,
    Project,
    ProjectMember,
    Skill,
    User,
)

BEFORE_WORK = ("begin", "open", "certified")
_MINE = ProjectMember.user_id == Applicant.user_id


def certified(session: Session, user: User, skill: Skill, *, by: User | None) -> None:
    """Whoever was taken on and now holds the certificate of their opening is certified.

    An opening without a skill asks for that of its project; without either any will do.
    """
    applicant = _of(session, user)
    if applicant is None or _asked_for(session, applicant.opening) not in (None, skill.id):
        return
    stage = stages.first_of(session, "certified")
    if applicant.stage.meaning in ("begin", "open"):
        moving.enter(session, applicant, stage, by=by, reason=f"Certified in {skill.name}")


def _asked_for(session: Session, opening: Opening) -> int | None:
    if opening.skill_id is not None or opening.project_id is None:
        return opening.skill_id
    return session.get_one(Project, opening.project_id).skill_id


def _of(session: Session, user: User) -> Applicant | None:
    """The application behind an account, locked."""
    return session.scalar(
        select(Applicant)
        .where(Applicant.user_id == user.id, Applicant.erased_at.is_(None))
        .with_for_update(of=Applicant)
        .execution_options(populate_existing=True)
    )


def follow(sessions: sessionmaker[Session]) -> int:
    """Whoever handed in a task is active; paused while they are paused everywhere; whoever's
    account is closed has left.

    A sweep, so that handing in work stays as quick as it is. Returns how many moved.
    """
    with transaction(sessions) as session:
        return (
            _all_to(session, _at_work(), "active", "Handed in a task")
            + _all_to(session, _stopped(), "paused", "Paused in every project")
            + _all_to(session, _going_on("paused", may_work()), "active", "May work again")
            + _all_to(session, _gone(), "left", "The account was closed")
            + _back(session)
        )


def _here() -> Select[Applicant]:
    rows = select(Applicant).join(Applicant.stage).join(User, User.id == Applicant.user_id)
    return rows.where(Applicant.erased_at.is_(None))


def _at_work() -> Select[Applicant]:
    # Since they came where they are: whom a manager put back stays until they work again.
    handed_in = exists().where(
        Assignment.labeller_id == Applicant.user_id,
        Assignment.state == "submitted",
        Assignment.ended_at >= Applicant.stage_since,
    )
    return _here().where(PipelineStage.meaning.in_(BEFORE_WORK), User.active, handed_in)


def may_work() -> ColumnElement[bool]:
    """The condition that an applicant's account is at work in some project."""
    return exists().where(_MINE, scope.at_work())


def _stopped() -> Select[Applicant]:
    member = exists().where(_MINE)
    return _here().where(PipelineStage.meaning == "active", User.active, member, ~may_work())


def _gone() -> Select[Applicant]:
    return _here().where(PipelineStage.meaning != "left", User.active.is_(False))


def _going_on(meaning: str, fact: ColumnElement[bool]) -> Select[Applicant]:
    # Where a manager put somebody they stay; the sweep takes back only what it did itself.
    later = aliased(ApplicantMove)
    after = exists().where(later.applicant_id == Applicant.id, later.id > ApplicantMove.id)
    mine = ApplicantMove.applicant_id == Applicant.id
    by_itself = exists().where(mine, ApplicantMove.by.is_(None), ~after)
    return _here().where(PipelineStage.meaning == meaning, User.active, by_itself, fact)


def _all_to(session: Session, found: Select[Applicant], meaning: str, reason: str) -> int:
    moved = _locked(session, found)
    for applicant in moved:
        stage = stages.first_of(session, meaning)
        letter: moving.Letter = "none" if meaning == "left" else "usual"
        moving.enter(session, applicant, stage, by=None, reason=reason, letter=letter)
    return len(moved)


def _back(session: Session) -> int:
    """Whoever's account was opened again is where they were before it was closed."""
    moved = _locked(session, _going_on("left", true()))
    for applicant in moved:
        newest = select(ApplicantMove).where(ApplicantMove.applicant_id == applicant.id)
        last = session.scalars(newest.order_by(ApplicantMove.id.desc())).first()
        before = session.get(PipelineStage, last.from_stage_id) if last else None
        if before is None or before.removed_at is not None or before.meaning == "left":
            before = stages.first_of(session, "certified")
        reason = "The account was opened again"
        moving.enter(session, applicant, before, by=None, reason=reason, letter="none")
    return len(moved)


def _locked(session: Session, found: Select[Applicant]) -> Sequence[Applicant]:
    rows = found.order_by(Applicant.id).with_for_update(of=Applicant, skip_locked=True)
    return session.scalars(rows.execution_options(populate_existing=True)).all()
