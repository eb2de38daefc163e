"""What the API for gold takes and gives."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from ops.web.api_types import Id, Line, Note, QueryId, Strict
from quality.gold_batches import MOST, Fault
from scheduling.projects.gold_reads import SHOWN

Credit = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Decision = Literal["accept", "replace", "retire", "keep"]
Show = Literal["", "active", "assessments", "retired", "never_right", "over_exposed", "delivered"]
assert set(SHOWN) | {""} == set(Show.__args__)  # type: ignore[attr-defined]


class AcceptedIn(Strict):
    """One accepted answer: a class, or a label of the project's type. JSON has one kind of number,
    so 1 is as good as 1.0."""

    class_: Line | None = Field(None, alias="class", description="Short for a label of one class")
    label: dict[str, Any] | None = Field(None, description="A label of the project's type")
    credit: Credit = Field(1.0, description="What the answer is worth; 1 is right")
    tolerance: float | None = Field(
        None, ge=0, lt=1, description="So little short of the label is worth all of it"
    )
    overlap: float | None = Field(
        None, gt=0, le=1, description="IoU (keypoints: OKS) from which two shapes are one object"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "AcceptedIn":
        if (self.class_ is None) == (self.label is None):
            raise ValueError("give class or label, one of them")
        return self


class GoldQuery(Strict):
    show: Show = ""
    before: QueryId | None = Field(None, description="Only gold below this id: the next page")


class AcceptedOut(BaseModel):
    class_: str | None = Field(None, alias="class")
    label: dict[str, Any]
    credit: float = 1.0
    tolerance: float | None = None
    overlap: float | None = None


class GoldOut(BaseModel):
    id: int
    asset: int
    external_id: str
    state: str
    for_assessment: bool
    version: int
    answers: list[AcceptedOut]
    exposures: int = Field(description="How often it was handed out")
    answered: int = Field(description="Answers scored against the version in force")
    right: float = Field(description="Of which right, partial credit counted in part")
    low: float | None = Field(description="95 % interval of right ÷ answered")
    high: float | None
    difficulty: float | None = Field(description="In logits; 0 is usual")
    discrimination: float | None = Field(description="1 is usual, 0 tells nothing")


class GoldListOut(BaseModel):
    gold: list[GoldOut]
    next_before: int | None


class GoldIn(Strict):
    assets: list[Id] = Field(min_length=1, max_length=MOST)
    answers: list[AcceptedIn] | None = Field(
        None,
        max_length=500,
        description="Accepted for all of them; left out: the label that a person decided",
    )
    for_assessment: bool = False


class GoldMadeOut(BaseModel):
    gold: list[int]


class ReviseIn(Strict):
    answers: list[AcceptedIn] = Field(max_length=500)
    reason: Line


class RetireIn(Strict):
    gold: list[Id] | None = Field(None, min_length=1, max_length=MOST)
    fault: Fault | None = Field(None, description="In place of ids: all gold with this fault")
    reason: Line


class RetiredOut(BaseModel):
    retired: int


class TallyOut(BaseModel):
    class_: str | None = Field(alias="class")
    key: str = Field(description="Names the answer in a decision")
    label: dict[str, Any] = Field(description="That of the first of those who answered alike")
    words: str = Field(description="The label in words")
    n: int
    good: int = Field(description="Of whom good labellers")
    credit: float = Field(description="What it is worth now")
    reviewers: int = Field(description="Reviewers who gave it, beside these")


class CaseOut(BaseModel):
    gold: int
    asset: int
    external_id: str
    version: int
    accepted: list[AcceptedOut]
    reasons: list[str]
    answers: list[TallyOut]


class ContentionOut(BaseModel):
    cases: list[CaseOut]


class DecisionIn(Strict):
    decision: Decision
    class_: Line | None = Field(None, alias="class", description="For accept and replace")
    key: Line | None = Field(None, description="In place of the class: of an answer in question")
    credit: Credit = Field(1.0, description="accept: what the class is worth")
    reason: Note = ""


class ReviewedQuery(Strict):
    batch: QueryId | None = None
    after: QueryId | None = Field(None, description="Only assets above this id: the next page")


class ReviewedRow(BaseModel):
    asset: int
    external_id: str
    batch: int
    class_: str | None = Field(alias="class")
    label: dict[str, Any]
    method: str


class ReviewedOut(BaseModel):
    assets: list[ReviewedRow]
    next_after: int | None
