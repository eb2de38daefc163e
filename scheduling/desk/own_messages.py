"""What the desk tells a labeller of themselves: one schema for checks and documentation."""

import uuid
from datetime import datetime

from pydantic import BaseModel, Field

from scheduling.desk.messages import ProjectOut


class Today(BaseModel):
    """One's own day."""

    submitted: int
    skipped: int
    active_seconds: float
    median_seconds: float | None


class StandingOut(BaseModel):
    """One's standing in a skill, as of once a day."""

    skill: str
    mean: float
    low: float
    high: float
    n: int
    as_of: datetime


class CertificateOut(BaseModel):
    """A certificate that holds."""

    skill: str
    level: int
    valid_until: datetime


class ErrorTold(BaseModel):
    """What was wrong with an answer of one's own."""

    type: str
    name: str = Field(description="The same in plain words")
    remark: str


class FeedbackOut(BaseModel):
    """An answer of one's own that a check decided otherwise, told the day after."""

    token: uuid.UUID
    medium: str
    image: str | None
    text: str | None
    given: str = Field(description="The class one gave; of other types the label in words")
    decided: str = Field(description="The class in force; of other types the label in words")
    remark: str = Field(description="What the reviewer said of it; empty where nothing was said")
    errors: list[ErrorTold] = Field(description="What was wrong")
    answered_at: datetime


class MeOut(BaseModel):
    """Everything about oneself."""

    today: Today
    standing: list[StandingOut]
    projects: list[ProjectOut]
    certificates: list[CertificateOut]
    feedback: list[FeedbackOut]
