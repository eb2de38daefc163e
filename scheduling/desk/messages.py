"""What goes to and from the desk, as one schema for the checks and the documentation."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops.web.api_types import LabelType, Strict

DAY_MS = 24 * 60 * 60 * 1000


Tab = Field(min_length=1, max_length=64, description="Random name of the browser tab")
ActiveMs = Field(ge=0, le=DAY_MS, description="Active time of this tab in this work so far, ms")
IdleMs = Field(
    0, ge=0, le=DAY_MS, description="Time of this tab in front, but silent beyond the cut-off, ms"
)
Inputs = Field(
    0, ge=0, le=10**7, description="Presses, clicks and moves in this tab: how many, never which"
)


class NextIn(Strict):
    """Ask for work."""

    project: int | None = Field(None, ge=1, le=2**63 - 1, description="Only of this project")
    tab: str = Tab
    exclude: list[str] | None = Field(
        None, max_length=50, description="Tokens that the browser has already"
    )


class ShownIn(Strict):
    """The work is on the screen."""

    tab: str = Tab


class HeartbeatIn(Strict):
    """A sign of life."""

    tab: str = Tab
    beat: int = Field(ge=1, le=2**31 - 1, description="Rises with every message of this tab")
    active_ms: int = ActiveMs
    idle_ms: int = IdleMs
    inputs: int = Inputs


class SubmitIn(Strict):
    """An answer."""

    label: dict[str, Any] = Field(
        description='A label of the project\'s type, such as {"class": key}: one of the schemas '
        'ClassLabel, TagsLabel, BoxesLabel, … A review adds "verdict": accept or fix, or sends the '
        'label back with {"verdict": "return", "remark": text, "errors": [{"type"}]}; rework may '
        'stand by the earlier answer with "verdict": "stand" and a remark. With accept and stand '
        "a label of any type but class may be left out: it is the one that was judged, or given. "
        'A review or adjudication may name "errors": [{"type", "severity"?, "object"?, "point"?, '
        '"remark"?}]'
    )
    key: str = Field(min_length=8, max_length=64, description="Chosen once per answer")
    revision: int = Field(ge=0, le=32_000, description="The revision that was handed out")
    tab: str = Tab
    active_ms: int = ActiveMs
    idle_ms: int = IdleMs
    inputs: int = Inputs


class SkipIn(Strict):
    """No answer."""

    reason: str = Field(description="One of the skip reasons of the brief")
    note: str = Field("", max_length=2000)
    tab: str = Field("", max_length=64)
    active_ms: int = Field(0, ge=0, le=DAY_MS)
    idle_ms: int = IdleMs
    inputs: int = Inputs


class ReleaseIn(Strict):
    """Give it back."""


class DraftIn(Strict):
    """Work as it is so far; it need not be a valid label."""

    value: dict[str, Any] | None = Field(description="The label so far; null: nothing is said yet")
    remark: str = Field("", max_length=2000)
    revision: int = Field(ge=0, le=2**31 - 2, description="Of the draft it is based on; 0: of none")
    tab: str = Tab


class DraftSaved(BaseModel):
    """It is kept, as this revision."""

    revision: int
    saved_at: datetime


class Draft(BaseModel):
    """Unfinished work as its labeller left it, here or on another machine."""

    value: dict[str, Any] | None
    remark: str
    revision: int = Field(description="0: it comes from an earlier lease on the same work")
    tab: str = Field(description="The tab that saved it")
    saved_at: datetime


class DraftOut(BaseModel):
    """What was saved of a piece of work, if anything."""

    draft: Draft | None


class Said(BaseModel):
    """How many gave this class, or this label."""

    class_: str | None = Field(alias="class")
    count: int
    label: dict[str, Any] | None = Field(None, description="Of every type but class")


class Opinion(BaseModel):
    """What a reviewer or the author said of the label before; never who."""

    by: Literal["reviewer", "author"]
    verdict: Literal["accept", "fix", "return", "stand"] | None
    class_: str | None = Field(alias="class")
    remark: str
    label: dict[str, Any] | None = Field(None, description="Of every type but class")
    errors: list[dict[str, Any]] | None = Field(None, description="What a reviewer found wrong")


class Pair(BaseModel):
    """The two texts that a preference is about."""

    a: str
    b: str


class Proposal(BaseModel):
    """What a model says of the asset, as a draft to accept, change or throw away."""

    label: dict[str, Any] = Field(
        description="A label whose objects or spans carry how sure the model is: score, or null. "
        "No answer may hold a score"
    )
    confidence: float | None = Field(description="How sure the model is of the label as a whole")
    accept_above: float = Field(description="From how sure on the project takes drafts together")


class Work(BaseModel):
    """One piece of work."""

    token: str
    stage: Literal["label", "review", "rework", "adjudicate"]
    brief: str
    medium: Literal["image", "text"]
    label_type: LabelType
    image: str | None
    text: str | None
    pair: Pair | None = Field(
        description="Of a preference: a and b of the asset's metadata, where both are texts"
    )
    answers: list[Said] | None
    current: str | None = Field(description="In a review: the class in force")
    judged: dict[str, Any] | None = Field(
        description="In a review or adjudication: the label in force, where it is more than a class"
    )
    remarks: list[Opinion] | None
    earlier: str | None = Field(description="In rework: the class one gave before")
    earlier_label: dict[str, Any] | None = Field(
        description="In rework: the label one gave before, where it is more than a class"
    )
    proposal: Proposal | None = Field(
        description="Of the stage label, where a model assists: a share of work goes without"
    )
    may_send_back: bool = Field(description="In a review: whether the label may be sent back")
    expires_at: datetime
    revision: int
    draft: Draft | None = Field(description="Where the labeller left off")


class ToRead(BaseModel):
    """The guideline that is to be read first: its project, and its newest version."""

    project: int
    version: int


class ToLearn(BaseModel):
    """The course that comes before the first task: do it at `/training/{id}`."""

    id: int | None = Field(description="Null: it was done, and counts once `/training` was opened")
    title: str


class Nothing(BaseModel):
    """Why there is no work."""

    reason: str
    next_free_at: datetime | None
    guideline: ToRead | None = Field(description="Where reading it is all that it takes")
    course: ToLearn | None = Field(description="Where doing it comes next")


class NextOut(BaseModel):
    """Either work or the reason why there is none."""

    work: Work | None
    empty: Nothing | None


class ProjectOut(BaseModel):
    """A project as its labellers see it."""

    id: int
    name: str
    purpose: str


class ClassOut(BaseModel):
    """A class to choose."""

    key: str
    name: str
    colour: str
    hotkey: str
    description: str
    skeleton: dict[str, Any] | None = Field(None, description="Of keypoints: points and edges")


class GuidelineOut(BaseModel):
    """The instructions, as HTML."""

    version: int
    html: str
    read: int = Field(description="The newest version you said you have read; 0: none")


class SkipReason(BaseModel):
    """A reason to skip."""

    key: str
    text: str


class ErrorKind(BaseModel):
    """What can be wrong with a label."""

    type: str
    name: str
    severity: Literal["critical", "major", "minor"] = Field(description="Unless one says otherwise")


class BriefOut(BaseModel):
    """What it takes to answer: classes, instructions, rules."""

    brief: str
    project: ProjectOut
    label_type: LabelType
    classes: list[ClassOut]
    attributes: list[dict[str, Any]]
    scale: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    tie: bool
    guideline: GuidelineOut
    errors: list[ErrorKind] = Field(description="What a review may find wrong")
    idle_seconds: int
    skip_reasons: list[SkipReason]


class ShownOut(BaseModel):
    """Until when the lease runs."""

    expires_at: datetime


class HeartbeatOut(BaseModel):
    """What counts so far; `mine` is false while another tab works on it."""

    expires_at: datetime
    mine: bool
    active_ms: int


class AcceptedOut(BaseModel):
    """It is kept."""

    accepted: Literal[True]


class SubmittedOut(AcceptedOut):
    """It is kept, as this revision."""

    revision: int
