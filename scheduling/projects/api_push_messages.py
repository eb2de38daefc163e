"""What the API for handing out by name takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator

from ops.web.api_types import Id, QueryId, Strict
from scheduling.selection import MOST

Stage = Literal["label", "review", "rework", "adjudicate"]
State = Literal["reserved", "leased"]
Hours = Annotated[float, Field(gt=0, le=720, allow_inf_nan=False)]
Search = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class NextIn(Strict):
    n: int = Field(ge=1, le=MOST)
    batches: list[Id] = Field([], max_length=1000, description="Empty: every open batch")
    stage: Stage | None = Field("label", description="null: any")
    search: Search = Field("", description="In the external id of the asset")


class _Keeping(Strict):
    hours: Hours | None = Field(None, description="How long; the project's setting when left out")
    tell: bool = Field(False, description="Assign: tell the labeller by a notice")


class ReserveIn(_Keeping):
    labeller: Id
    assets: list[Id] | None = Field(None, min_length=1, max_length=MOST)
    stage: Stage | None = Field(None, description="Of `assets`; null: whatever is unfinished")
    next: NextIn | None = Field(None, description="Instead of `assets`: the next in order")

    @model_validator(mode="after")
    def _one_choice(self) -> "ReserveIn":
        if (self.assets is None) == (self.next is None):
            raise ValueError("give either assets or next")
        return self


class _Which(Strict):
    assignments: list[Id] | None = Field(None, min_length=1, max_length=MOST)
    labeller: Id | None = Field(None, description="Instead: everything that they hold here")
    states: list[State] = Field(
        ["reserved"], min_length=1, description="Of what `labeller` holds: in these states"
    )

    @model_validator(mode="after")
    def _one_choice(self) -> "_Which":
        if (self.assignments is None) == (self.labeller is None):
            raise ValueError("give either assignments or labeller")
        return self


class RecallIn(_Which):
    pass


class ReassignIn(_Which, _Keeping):
    to: Id = Field(description="Who gets it")


class RefusedOut(BaseModel):
    reason: str = Field(description="The name of the condition that fails")
    n: int
    words: str


class OutcomeOut(BaseModel):
    act: Literal["reserved", "assigned", "recalled", "reassigned"]
    n: int
    assignments: list[int] = Field(description="Made by this act, or ended by a recall")
    until: datetime | None
    refused: list[RefusedOut]
    words: str


class HeldQuery(Strict):
    labeller: QueryId | None = None
    batch: QueryId | None = None
    state: State | None = None
    after: QueryId | None = Field(None, description="Only assignments with a larger id")


class HeldOneOut(BaseModel):
    assignment: int
    state: State
    labeller: int
    asset: int
    external_id: str
    batch: int
    stage: str
    since: datetime
    until: datetime
    opened: bool = Field(description="It has been on a screen")
    gold: bool


class HeldOut(BaseModel):
    held: list[HeldOneOut]
    next_after: int | None = Field(description="`after` of the next page; null on the last")


class WhyQuery(Strict):
    labeller: QueryId | None = Field(None, description="Whom it is about; always needed")
    asset: QueryId | None = Field(None, description="Left out: what they would get next")


class ConditionOut(BaseModel):
    name: str
    holds: bool
    words: str


class HolderOut(BaseModel):
    labeller: int
    state: State
    since: datetime
    until: datetime


class PlaceOut(BaseModel):
    before: int = Field(description="Open tasks of their line before it, counted up to 1,000")
    reserved: int = Field(description="Reserved for them, which come first")
    because: str = Field(description="What puts its lane where it is")


class TaskWhyOut(BaseModel):
    stage: str
    round: int
    gold: bool
    wanted: int
    done: int
    on_the_way: int
    words: str
    conditions: list[ConditionOut]
    holders: list[HolderOut]
    place: PlaceOut | None = Field(description="Where every condition holds")


class LaneWhyOut(BaseModel):
    batch: str
    stage: str
    kind: str
    new_to_them: int = Field(description="Open tasks that they have not had, counted up to 1,000")
    rank: int | None = Field(description="0 comes first; null: shut to them")
    because: str
    failing: list[str]


class NextWhyOut(BaseModel):
    words: list[str]
    leased: int
    reserved: int
    assets: list[int] = Field(description="The head of their line")
    lanes: list[LaneWhyOut]


class WhyOut(BaseModel):
    labeller: int
    asset: int | None
    tasks: list[TaskWhyOut] = Field(description="Of the asset, gold first")
    next: NextWhyOut | None = Field(description="Where no asset was asked about")
