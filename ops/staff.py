"""What a manager does with people: find them, invite them with skills and projects, let them go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, certificates, organisations, people, projects, scope
from ops.access import WORKERS
from ops.errors import Forbidden, InvalidInput, NotFound
from ops.models import ROLES, Certificate, Project, Skill, User

# Whose accounts each role may make, change and end. A reset link opens an account, so this is
# also what keeps a manager from taking over one that may do more than they.
MANAGED = {
    "admin": frozenset(ROLES),
    "ops_lead": WORKERS | {"onboarding_manager", "client"},
    "onboarding_manager": WORKERS,
}
PAGE = 50


@dataclass(frozen=True)
class Invitation:
    """Whom to invite: `skills` are (skill, level) pairs, valid until `valid_until`."""

    email: str
    name: str
    role: str
    skills: Sequence[tuple[Skill, int]] = ()
    projects: Sequence[Project] = ()
    organisation: str = ""
    valid_until: datetime | None = None


def may_manage(by: User, role: str) -> bool:
    """Whether `by` may make, change and end accounts of `role`."""
    return role in MANAGED.get(by.role, ())


def may_manage_account(session: Session, by: User, user: User) -> bool:
    """Whether `by` may change and end this account, and make links that open it."""
    return may_manage(by, user.role) and not _opens_more(session, by, user.organisation_id)


def _opens_more(session: Session, by: User, organisation_id: int | None) -> bool:
    """Whether a client account of the organisation would see projects that `by` may not.

    Whoever makes a link to an account can open it.
    """
    foreign = select(Project.id).where(
        Project.organisation_id == organisation_id, Project.id.not_in(scope.projects(by))
    )
    return session.scalar(foreign.limit(1)) is not None


def roles_for(by: User) -> list[str]:
    """The roles `by` may give, in the usual order."""
    return [role for role in ROLES if may_manage(by, role)]


def invite(
    session: Session, who: Invitation, *, by: User, source: str = "hand"
) -> tuple[User, str]:
    """A new account with its certificates and projects, and the secret of its invitation link.

    Raises Forbidden (the role is not theirs to give), InvalidInput, Conflict, naming the field.
    """
    if who.role in ROLES and not may_manage(by, who.role):
        raise Forbidden(f"Your role may not make an account of the role {who.role}.")
    organisation = None
    if who.organisation.strip() and who.role == "client":
        name = who.organisation
        organisation = organisations.named(session, name) or organisations.create(
            session, name=name, kind="client", by=by
        )
        if _opens_more(session, by, organisation.id):
            raise InvalidInput(
                "this client has projects that you are no member of; ask an administrator",
                field="organisation",
            )
    user = people.create(
        session, email=who.email, name=who.name, role=who.role, organisation=organisation, by=by
    )
    for skill, level in who.skills:
        certificates.grant(
            session,
            user=user,
            skill=skill,
            level=level,
            source=source,
            by=by,
            valid_until=who.valid_until or user.created_at + certificates.USUAL_VALIDITY,
        )
    for project in who.projects:
        projects.add_member(session, project, user, by=by)
    return user, people.invite(session, user, by=by)


def find(session: Session, user_id: int) -> User:
    """The account with this id. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such person.")
    return user


def managed(session: Session, user_id: int, *, by: User) -> User:
    """The account, if `by` may change it. Raises NotFound, Forbidden."""
    user = find(session, user_id)
    if not may_manage(by, user.role):
        raise Forbidden(f"Your role may not change an account of the role {user.role}.")
    if not may_manage_account(session, by, user):
        raise Forbidden("This client has projects that you are no member of.")
    return user


def change(session: Session, user: User, *, name: str, email: str, role: str, by: User) -> None:
    """Correct a name or address, or give another role.

    Raises Forbidden (the role is not theirs to give), InvalidInput, Conflict, naming the field.
    """
    if not may_manage(by, role):
        raise Forbidden(f"Your role may not give the role {role}.")
    if role != user.role and by.id == user.id:
        raise InvalidInput("nobody changes their own role", field="role")
    if role != user.role and "client" in (role, user.role):
        raise InvalidInput("make a new account: clients see other things than staff", field="role")
    before = (user.name, user.email, user.role)
    people.rename(session, user, name=name, email=email)
    user.role = role
    session.flush()
    now = (user.name, user.email, user.role)
    names = [n for n, b, a in zip(("name", "email", "role"), before, now, strict=True) if a != b]
    if names:
        subject = f"user:{user.pseudonym}"
        audit_log.record(session, by, "user.changed", subject, fields=names, role=role)


def search(
    *,
    text: str = "",
    role: str = "",
    skill_id: int | None = None,
    at: datetime,
    closed: bool = False,
) -> Select[User]:
    """People by name or e-mail, role, and a skill valid at `at`, in the order of their names."""
    query = select(User).options(joinedload(User.organisation)).where(User.active.is_(not closed))
    if text.strip():
        # autoescape: % and _ in what was typed are themselves.
        like = text.strip().lower()
        query = query.where(
            or_(
                func.lower(User.name).contains(like, autoescape=True),
                func.lower(User.email).contains(like, autoescape=True),
            )
        )
    if role:
        query = query.where(User.role == role)
    if skill_id is not None:
        holders = select(Certificate.user_id).where(
            Certificate.skill_id == skill_id,
            Certificate.revoked_at.is_(None),
            Certificate.valid_until > at,
        )
        query = query.where(User.id.in_(holders))
    return query.order_by(func.lower(User.name), User.id)


def page(session: Session, query: Select[User], number: int) -> tuple[Sequence[User], int]:
    """One page of `query` (`number` from 1) and how many rows there are in all."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(query.limit(PAGE).offset((number - 1) * PAGE)).all()
    return rows, total
