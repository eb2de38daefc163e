"""Calibration: newcomers are nested, let go by their standing, and nested again if need be.

While nested, all (or the set share) of a labeller's labels are reviewed and gold comes more often;
see `quality.review_share` and `scheduling.gold_pace`. Whether somebody is lies on their membership,
`nesting_since`; each change is a `CalibrationMove` with the standing it was decided by.

A change takes so many judged answers in the project since the one before, whoever made that: what
a lead decides by hand stands for as long.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session, sessionmaker

from ops import audit_log, clock_time, projects
from ops.db import transaction
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Assignment, Project, ProjectMember, User
from ops.project_settings import NestingTerms
from quality import trust
from quality.measures.standing import Standing as Believed
from quality.models import CalibrationMove, Evidence, Standing

JOINED = "They joined the project."


def sweep(sessions: sessionmaker[Session]) -> int:
    """Let go, or nest again, whose standing says so; returns how many. Twice is once."""
    moved = 0
    with transaction(sessions) as session:
        nesting = Project.settings["nesting"]["on"].as_boolean()
        running = select(Project).where(nesting, Project.state == "running").order_by(Project.id)
        for project in session.scalars(running):
            _note_beginnings(session, project)
            terms = projects.settings_of(project).nesting
            for member in _crossed(session, project, terms):
                moved += _move(session, project, member, terms)
    return moved


def _crossed(session: Session, project: Project, terms: NestingTerms) -> Sequence[ProjectMember]:
    """Those of the project whose standing lies beyond a bound, locked; who is held is left out."""
    nested = ProjectMember.nesting_since.is_not(None)
    found = (
        select(ProjectMember)
        .join(User, User.id == ProjectMember.user_id)
        .join(
            Standing,
            and_(Standing.labeller_id == User.id, Standing.skill_id == project.skill_id),
        )
        .where(
            ProjectMember.project_id == project.id,
            User.role == "labeller",
            User.active,
            or_(
                nested & (Standing.low >= terms.promote_low),
                ~nested & (Standing.high < terms.demote_high),
            ),
        )
        .order_by(ProjectMember.user_id)
        .with_for_update(of=ProjectMember, skip_locked=True)
    )
    return session.scalars(found.execution_options(populate_existing=True)).all()


def _move(session: Session, project: Project, member: ProjectMember, terms: NestingTerms) -> bool:
    judged = judged_since(session, project.id, {member.user_id: since(session, member)})
    n = judged[member.user_id]
    if n < terms.answers:
        return False
    believed = trust.standing(session, member.user_id, project.skill_id)
    if member.nesting_since is not None:
        bound, asked = f"is at least {100 * believed.low:.0f} %", terms.promote_low
    else:
        bound, asked = f"is at most {100 * believed.high:.0f} %", terms.demote_high
    reason = (
        f"Their accuracy {bound}, by {n} judged answers here; the bound is {100 * asked:.0f} %."
    )
    _change(session, project, member, reason, None, believed, judged=n)
    return True


def promote(session: Session, project: Project, user: User, *, by: User, reason: str) -> None:
    """Let a newcomer go by hand. Raises InvalidInput, NotFound, Conflict (not nested)."""
    member = _held(session, project, user, reason)
    if member.nesting_since is None:
        raise Conflict(f"{user.name} is not nested (any more).")
    _by_hand(session, project, member, by, reason)


def demote(session: Session, project: Project, user: User, *, by: User, reason: str) -> None:
    """Nest a labeller by hand.

    Raises InvalidInput, NotFound, Conflict (nested already, or nobody is in this project).
    """
    if not projects.settings_of(project).nesting.on:
        raise Conflict("Nobody is nested in this project: switch it on in its settings.")
    member = _held(session, project, user, reason)
    if user.role != "labeller":
        raise InvalidInput("only labellers are nested", field="user")
    if member.nesting_since is not None:
        raise Conflict(f"{user.name} is nested already.")
    _by_hand(session, project, member, by, reason)


def _held(session: Session, project: Project, user: User, reason: str) -> ProjectMember:
    if not reason.strip():
        raise InvalidInput("say why", field="reason")
    found = select(ProjectMember).where(
        ProjectMember.project_id == project.id, ProjectMember.user_id == user.id
    )
    # Locked here, changed in the next statement: the later of two sees what the earlier did.
    locked = found.with_for_update().execution_options(populate_existing=True)
    member = session.scalar(locked)
    if member is None:
        raise NotFound(f"{user.name} is not a member of {project.name}.")
    return member


def _by_hand(
    session: Session, project: Project, member: ProjectMember, by: User, reason: str
) -> None:
    believed = trust.standing(session, member.user_id, project.skill_id)
    judged = judged_since(session, project.id, {member.user_id: since(session, member)})
    _note_beginnings(session, project)
    _change(session, project, member, reason.strip(), by, believed, judged=judged[member.user_id])


def _change(
    session: Session,
    project: Project,
    member: ProjectMember,
    reason: str,
    by: User | None,
    believed: Believed,
    **evidence: Any,
) -> None:
    at = clock_time.now()
    move = "promoted" if member.nesting_since is not None else "demoted"
    member.nesting_since = None if move == "promoted" else at
    shown = {name: round(getattr(believed, name), 4) for name in ("mean", "low", "high")}
    row = CalibrationMove(
        project_id=project.id,
        user_id=member.user_id,
        move=move,
        reason=reason,
        evidence={**shown, "n": believed.n, **evidence},
        by=by.id if by else None,
        at=at,
    )
    session.add(row)
    session.flush()
    audit_log.of_project(
        session,
        project,
        by,
        f"calibration.{move}",
        member=str(session.get_one(User, member.user_id).pseudonym),
        move=row.id,
    )


def _note_beginnings(session: Session, project: Project) -> None:
    """Write down that members began to be nested when they joined."""
    told = select(CalibrationMove.id).where(
        CalibrationMove.project_id == project.id,
        CalibrationMove.user_id == ProjectMember.user_id,
        CalibrationMove.at >= ProjectMember.nesting_since,
    )
    member = ProjectMember
    untold = select(
        member.project_id, member.user_id, literal("nested"), literal(JOINED),
        literal({}, JSONB), member.nesting_since,
    ).where(
        member.project_id == project.id, member.nesting_since.is_not(None), ~told.exists()
    )  # fmt: skip
    columns = ["project_id", "user_id", "move", "reason", "evidence", "at"]
    noted = insert(CalibrationMove).from_select(columns, untold)
    session.execute(noted.on_conflict_do_nothing())


def since(session: Session, member: ProjectMember) -> datetime:
    """From when on answers count for the next change of a member."""
    if member.nesting_since is not None:
        return member.nesting_since
    last = select(func.max(CalibrationMove.at)).where(
        CalibrationMove.project_id == member.project_id, CalibrationMove.user_id == member.user_id
    )
    return max(session.scalar(last) or member.since, member.since)


def judged_since(session: Session, project_id: int, moments: dict[int, datetime]) -> dict[int, int]:
    """Labeller → how many of their answers in the project, handed in after their moment, are
    judged by anything. One statement."""
    if not moments:
        return {}
    asked = [
        and_(Evidence.labeller_id == who, Assignment.ended_at > at) for who, at in moments.items()
    ]
    counted = (
        select(Evidence.labeller_id, func.count(Evidence.assignment_id.distinct()))
        .join(Assignment, Assignment.id == Evidence.assignment_id)
        .where(Evidence.project_id == project_id, or_(*asked))
        .group_by(Evidence.labeller_id)
    )
    found = {row[0]: row[1] for row in session.execute(counted)}
    return {who: found.get(who, 0) for who in moments}
