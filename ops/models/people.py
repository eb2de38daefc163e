"""Who there is: organisations, teams, users, skills and certificates, and keys to the door."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ops.db import Base, Moment

ROLES = (
    "admin",
    "ops_lead",
    "onboarding_manager",
    "labeller",
    "reviewer",
    "expert",
    "client",
)


class Organisation(Base):
    """A client who sends batches, or a vendor who employs labellers."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("kind IN ('client', 'vendor')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)


class Team(Base):
    """Labellers who work together."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class User(Base):
    """A person, or a simulated labeller. Personal data lies here only, and can be erased here.

    Everything else that names a person (audit entries, logs, exports) uses `pseudonym`.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("role <> 'client' OR organisation_id IS NOT NULL", name="client_has_org"),
        Index("uq_user_account_email", text("lower(email)"), unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pseudonym: Mapped[uuid.UUID] = mapped_column(UUID, unique=True, default=uuid.uuid4)
    email: Mapped[str | None]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    simulated: Mapped[bool] = mapped_column(default=False)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    team_id: Mapped[int | None] = mapped_column(ForeignKey(Team.id))
    timezone: Mapped[str] = mapped_column(default="UTC")
    # What projects may ask of a labeller: language, region, clearance.
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Raised to end every open session at once (password change, deactivation).
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime | None] = mapped_column(Moment)

    organisation: Mapped[Organisation | None] = relationship()
    team: Mapped[Team | None] = relationship()

    # flask-login asks a user for these; they need nothing of flask.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return f"{self.id}.{self.session_epoch}"


class PastAffiliation(Base):
    """Where somebody belonged until a moment: their team, organisation and time zone before.

    Where they belong now stands in `user_account`; a change appends what was. So what was done
    under it is counted there for ever.
    """

    __tablename__ = "past_affiliation"
    __table_args__ = (Index("ix_past_affiliation_user", "user_id", "until"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    # The writing transaction, so that a roll-up can tell which changes it has not seen.
    xid: Mapped[int] = mapped_column(
        BigInteger, server_default=text("pg_current_xact_id()::text::bigint")
    )
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    until: Mapped[datetime] = mapped_column(Moment)
    team_id: Mapped[int | None] = mapped_column(ForeignKey(Team.id))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey(Organisation.id))
    timezone: Mapped[str]


class Skill(Base):
    """Something a labeller can be certified in."""

    __tablename__ = "skill"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    # Whose standing is surely below this must requalify within so many days.
    requalify_below: Mapped[float | None]
    requalify_days: Mapped[int] = mapped_column(default=14, server_default="14")
    created_at: Mapped[datetime] = mapped_column(Moment)


class Certificate(Base):
    """A labeller's level in a skill, until it runs out or is revoked; a change adds a new one."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        CheckConstraint("source IN ('assessment', 'hand', 'import')", name="source"),
        CheckConstraint("valid_until > granted_at", name="validity"),
        Index("ix_certificate_holder", "user_id", "skill_id", "valid_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    skill_id: Mapped[int] = mapped_column(ForeignKey(Skill.id))
    level: Mapped[int] = mapped_column(default=1)
    source: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    granted_by: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    granted_at: Mapped[datetime] = mapped_column(Moment)
    valid_until: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    # From then on an assessment may be taken anew although this one is still good.
    requalify_from: Mapped[datetime | None] = mapped_column(Moment)
    requalify_reason: Mapped[str] = mapped_column(default="", server_default="")

    skill: Mapped[Skill] = relationship()


class OneTimeLink(Base):
    """A link that works once: to set up the system, accept an invitation or reset a password."""

    __tablename__ = "one_time_link"
    __table_args__ = (
        CheckConstraint("purpose IN ('setup', 'invitation', 'reset')", name="purpose"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class ApiToken(Base):
    """A machine's key, kept as a hash. It acts as its user, within its scopes."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship()


class LoginFailure(Base):
    """A failed sign-in, by a hash of the account and of the address, for the throttle."""

    __tablename__ = "login_failure"
    __table_args__ = (
        Index("ix_login_failure_account", "account_hash", "at"),
        Index("ix_login_failure_address", "address_hash", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_hash: Mapped[str] = mapped_column(String(64))
    address_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)


class Notice(Base):
    """A message to a person, shown in the application until it is read."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    # Two notices with one key are one: a job that runs twice does not tell twice.
    key: Mapped[str]
    text: Mapped[str]
    url: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
