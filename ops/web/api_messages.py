"""What the API for people takes and gives."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops.models import Certificate, User
from ops.web.api_types import Day, Id, Line, Note, Page, Strict

Role = Literal[
    "admin", "ops_lead", "onboarding_manager", "labeller", "reviewer", "expert", "client"
]


class PeopleQuery(Strict):
    q: Note = Field("", description="Part of the name or the e-mail address")
    role: Role | None = Field(None, description="Only people of this role")
    page: Page = Field(1, description="From 1")


class SkillLevel(Strict):
    skill: Line = Field(description="The name of the skill")
    level: int = Field(1, ge=1, le=5)


class PersonIn(Strict):
    email: Line = Field(json_schema_extra={"format": "email"})
    name: Line
    role: Role
    organisation: Note = Field("", description="For a client: its name; made if new")
    skills: list[SkillLevel] = Field(default=[], description="Certificates, valid for a year")
    projects: list[Id] = Field(default=[], description="Ids of projects to be a member of")


class CertificateIn(Strict):
    skill: Line = Field(description="The name of the skill")
    level: int = Field(ge=1, le=5)
    valid_until: Day = Field(description="The last day on which it counts")
    reason: Line


class RevokeIn(Strict):
    reason: Line


class CertificateOut(BaseModel):
    id: int
    skill: str
    level: int
    source: str
    reason: str
    granted_at: datetime
    valid_until: datetime
    revoked_at: datetime | None


class PersonOut(BaseModel):
    id: int
    pseudonym: str = Field(description="What names the person in audit entries and exports")
    email: str | None
    name: str
    role: str
    active: bool
    invited: bool = Field(description="Has not chosen a password yet")
    organisation: str | None
    created_at: datetime
    last_seen_at: datetime | None
    certificates: list[CertificateOut]


class InvitedOut(PersonOut):
    invitation: str = Field(description="The link to hand over; it works once, within 14 days")


class PeopleOut(BaseModel):
    people: list[PersonOut]
    page: int
    total: int


def certificate(row: Certificate) -> dict[str, Any]:
    """A certificate as CertificateOut takes it."""
    names = ("id", "level", "source", "reason", "granted_at", "valid_until", "revoked_at")
    return {"skill": row.skill.name, **{name: getattr(row, name) for name in names}}


def person(row: User, held: list[dict[str, Any]]) -> dict[str, Any]:
    """A person as PersonOut takes it."""
    names = ("id", "email", "name", "role", "active", "created_at", "last_seen_at")
    return {
        **{name: getattr(row, name) for name in names},
        "pseudonym": str(row.pseudonym),
        "invited": row.password_hash is None,
        "organisation": row.organisation.name if row.organisation else None,
        "certificates": held,
    }
