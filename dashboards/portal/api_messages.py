"""What the portal's API takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops import talk
from ops.web.api_types import Line, Note, QueryId, Strict

Answer = Annotated[
    str, StringConstraints(min_length=1, max_length=talk.LONGEST, pattern=r"^[^\x00]*$")
]
Remark = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]


class WaitingOut(BaseModel):
    """What waits for the client."""

    questions: int
    overdue: int
    guideline: int | None = Field(description="The version that nothing was said of yet")


class ClientProjectOut(BaseModel):
    """One of the client's own projects."""

    id: int
    name: str
    purpose: str
    medium: str
    label_type: str
    batches: int
    waiting: WaitingOut


class ClientProjectsOut(BaseModel):
    """The client's own projects, by name."""

    projects: list[ClientProjectOut]


class ProgressOut(BaseModel):
    """Items of a batch; `checking` are labelled and looked at once more."""

    received: int
    labelled: int
    checking: int
    delivered: int


class ExpectedOut(BaseModel):
    """When a batch is expected to be through; null where it cannot be told."""

    finish_50: datetime | None = Field(description="As likely as not by then")
    finish_90: datetime | None = Field(description="Nine times in ten by then")
    as_of: datetime | None


class ReviewedOut(BaseModel):
    """The random sample of reviews; null is undefined."""

    n: int
    right: int
    value: float | None
    low: float | None = Field(description="95 % bounds for all labels of the batch")
    high: float | None


class AgreeingOut(BaseModel):
    """Mean share of independent answers that agree with the label, over `n` items."""

    n: int
    value: float | None


class DeliveredOut(BaseModel):
    """A delivery and what the client decided."""

    id: int
    version: int
    delivered_at: datetime
    items: int
    sealed: bool
    digest: str
    decision: Literal["open", "accepted", "rejected"] | None


class ClientBatchOut(BaseModel):
    """A batch as its client sees it."""

    id: int
    name: str
    state: str = Field(description="In words, as the portal says it")
    received_at: datetime
    due_at: datetime | None
    progress: ProgressOut
    forecast: ExpectedOut | None = Field(description="Of batches that are being labelled")
    reviewed: ReviewedOut
    agreement: AgreeingOut
    deliveries: list[DeliveredOut]


class ClientBatchesOut(BaseModel):
    """Batches, the newest first."""

    batches: list[ClientBatchOut]


class SampleQuery(Strict):
    """Which labels to look at."""

    of_class: Line | None = Field(None, description="Only labels that name this class")
    turn: QueryId | None = Field(None, description="Another number, other labels")


class SampledLabelOut(BaseModel):
    """A finished label."""

    external_id: str
    label: dict[str, Any]
    words: str


class SampledLabelsOut(BaseModel):
    """Finished labels at random: the same all day for one `turn`."""

    labels: list[SampledLabelOut]


class ClientQuestionOut(BaseModel):
    """A question that was passed on to the client."""

    id: int
    text: str
    about: str
    external_id: str | None
    asked_at: datetime
    due_at: datetime
    waiting: bool
    overdue: bool
    answer: str
    answered_at: datetime | None


class ClientQuestionsOut(BaseModel):
    """Those that wait first, the longest waiting on top."""

    questions: list[ClientQuestionOut]


class AnswerIn(Strict):
    """An answer."""

    body: Answer = Field(description="Plain text")
    key: str = Field(min_length=8, max_length=64, description="Chosen once: sent twice it is one")


class WordOut(BaseModel):
    """What the client said of a version of the guideline."""

    version: int
    word: Literal["approved", "changes_asked"]
    remark: str
    at: datetime


class ClientGuidelineOut(BaseModel):
    """The guideline in force, and what was said of its versions."""

    version: int | None
    markdown: str
    since: datetime | None
    approved: int | None = Field(description="The newest version that was approved")
    words: list[WordOut]


class WordIn(Strict):
    """A word on the version in force."""

    version: int = Field(ge=1, le=2**31 - 1)
    word: Literal["approved", "changes_asked"]
    remark: Remark = Field("", description="Needed to ask for changes")


class ProposalIn(Strict):
    """What is right for an item."""

    external_id: Line
    label: dict[str, Any] = Field(description="A label of the project's type")
    remark: Note = ""


class ProposalOut(BaseModel):
    """A proposed answer and what became of it."""

    id: int
    external_id: str
    label: dict[str, Any]
    remark: str
    state: Literal["open", "taken", "declined"]
    proposed_at: datetime
    decided_at: datetime | None
    decision: str = Field(description="Why it was declined")


class ProposalsOut(BaseModel):
    """Those that wait for a decision first."""

    proposals: list[ProposalOut]
