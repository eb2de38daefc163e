"""What the API of an audit takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops.web.api_types import Strict

Said = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Remarks = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*$")]


class AuditDrawIn(Strict):
    """The sample of an audit; nothing of it: as large as proposed, by chance."""

    n: int | None = Field(None, ge=1, description="Items to look at; a larger number later adds")
    seed: int | None = Field(
        None, ge=0, lt=2**53, description="The same seed draws the same items, in the same order"
    )


class AuditChooseIn(Strict):
    """An item of one's own choosing; it is no part of the rate."""

    external_id: Annotated[str, StringConstraints(min_length=1, max_length=400)]


class AuditLookIn(Strict):
    """What is said of one item."""

    verdict: Literal["right", "wrong"]
    errors: list[str] = Field(default_factory=list, description="Kinds of error, if it is wrong")
    remark: Said = ""


class AuditDecideIn(Strict):
    """The decision, which is made once."""

    decision: Literal["accept", "reject"]
    remarks: Remarks = ""


class AuditItemOut(BaseModel):
    """An item of an audit with its delivered label, and what was said of it."""

    position: int
    external_id: str
    chosen: bool
    label: dict[str, Any]
    verdict: Literal["right", "wrong"] | None
    errors: list[str]
    remark: str
    cause: str | None = Field(description="Why a rejected label was wrong, in plain words")


class AuditShowsOut(BaseModel):
    """What the sample shows so far; null while nothing was looked at."""

    right: int
    n: int
    value: float | None
    low: float | None = Field(description="Two-sided 95 % interval, exact for so many items")
    high: float | None
    at_least: float | None = Field(description="Lower bound with the confidence agreed on")
    shows: Literal["met", "missed", "open", "nothing"]


class AuditProposedOut(BaseModel):
    """How many items to look at, and what that would show."""

    n: int
    accept: int
    words: str


class AuditOut(BaseModel):
    """An audit of a delivery."""

    delivery: int
    state: Literal["none", "open", "accepted", "rejected"]
    proposed: AuditProposedOut
    seed: int | None
    opened_at: datetime | None
    decided_at: datetime | None
    remarks: str
    agreed: float
    confidence: float
    shows: AuditShowsOut | None
    kinds: dict[str, str] = Field(description="Kinds of error that a label can have, in words")
    items: list[AuditItemOut]


class DifferenceOut(BaseModel):
    """An item that two deliveries hold differently."""

    external_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    relabelled: bool = Field(description="The label changed, not only how it came about")


class DifferencesOut(BaseModel):
    """Everything in which a delivery differs from the one before it; nothing else does."""

    delivery: int
    before: int | None
    items: list[DifferenceOut]
