"""What the API for applicants takes and gives."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ops.models import Applicant
from ops.web.api_types import Line, Note, Page, QueryId, Strict


class ApplicantsQuery(Strict):
    q: Note = Field("", description="Part of the name or the e-mail address")
    stage: Note = Field("", description="The name of a stage")
    opening: QueryId | None = Field(None, description="Id of an opening")
    language: Note = Field("", description="A language they speak, as they wrote it")
    page: Page = Field(1, description="From 1")


class MoveIn(Strict):
    to: Line = Field(description="The name of the stage to move to")
    expected: Line = Field(description="The stage in which you saw them; 409 when it is another")
    reason: Note = ""
    letter: bool = Field(True, description="Whether they are sent the letter of the stage")


class ApplicantOut(BaseModel):
    id: int
    pseudonym: str = Field(description="What names the applicant in audit entries")
    name: str
    email: str | None
    stage: str
    stage_since: datetime
    opening: int
    country: str
    timezone: str
    languages: list[str]
    equipment: list[str]
    availability: dict[str, Any] = Field(description="hours_per_week and days")
    about: str
    applied_at: datetime
    user: int | None = Field(description="Id of their account, once they have one")
    same_as: int | None = Field(description="The application that this one repeats")
    erasure_asked_at: datetime | None
    erased_at: datetime | None


class ApplicantsOut(BaseModel):
    applicants: list[ApplicantOut]
    page: int
    total: int


class StayOut(BaseModel):
    at: datetime
    stage: str
    came_from: str | None
    reason: str


class ApplicantDetailOut(ApplicantOut):
    moves: list[StayOut] = Field(description="How they came here, oldest first")


def applicant(row: Applicant) -> dict[str, Any]:
    """An applicant as ApplicantOut takes it."""
    names = (
        "id", "name", "email", "stage_since", "country", "timezone", "languages", "equipment",
        "availability", "about", "applied_at", "same_as", "erasure_asked_at", "erased_at",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "pseudonym": str(row.pseudonym),
        "stage": row.stage.name,
        "opening": row.opening_id,
        "user": row.user_id,
    }
