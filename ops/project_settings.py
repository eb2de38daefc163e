"""What a project sets: one pydantic model, validated at the boundary, stored as JSON."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ops.gate_settings import GateTerms


class GoldSettings(BaseModel):
    """How often gold is slipped in: from `rate_new` for newcomers down to `rate_trusted`."""

    model_config = ConfigDict(extra="forbid")

    rate_new: float = Field(0.2, gt=0, le=0.5, description="Share of gold for a newcomer")
    rate_trusted: float = Field(0.04, gt=0, le=0.5, description="Share of gold for the trusted")
    trusted_low: float = Field(0.9, gt=0, lt=1, description="Lower bound that makes one trusted")
    tolerance: float = Field(
        0.0, ge=0, lt=1, description="An answer so little short of the gold is worth all of it"
    )


class LikenessTerms(BaseModel):
    """How labels that are drawn or marked are held against one another."""

    model_config = ConfigDict(extra="forbid")

    overlap: float = Field(
        0.5, gt=0, le=1, description="IoU (keypoints: OKS) from which two shapes are one object"
    )
    partial: bool = Field(False, description="Spans that overlap count in part")


class OverlapTerms(BaseModel):
    """How many answers an asset gets.

    fixed: `wanted_answers` each. share: `wanted_answers` for a share of the assets, one for the
    rest. dynamic: `minimum` first, then one more at a time until the consensus is `target` sure, at
    most `maximum`; what is in doubt even then goes to an expert.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["fixed", "share", "dynamic"] = Field("fixed", description="How it is decided")
    share: float = Field(0.1, ge=0, le=1, description="share: part of the assets answered often")
    minimum: int = Field(2, ge=1, le=25, description="dynamic: answers every asset gets")
    maximum: int = Field(10, ge=1, le=25, description="dynamic: answers an asset gets at most")
    target: float = Field(0.985, gt=0.5, lt=1, description="dynamic: sure enough to stop asking")

    @model_validator(mode="after")
    def _in_order(self) -> "OverlapTerms":
        if self.minimum > self.maximum:
            raise ValueError("overlap.minimum must not be above overlap.maximum")
        return self


class LimitTerms(BaseModel):
    """What one labeller may do at most, beside the leases they may hold."""

    model_config = ConfigDict(extra="forbid")

    batch_share: float | None = Field(
        None, gt=0, le=1, description="Part of a batch's assets that one labeller may answer"
    )
    hours_per_day: float | None = Field(
        None, gt=0, le=24, description="Active hours in a labeller's own day, over all projects"
    )


class HardTerms(BaseModel):
    """Which assets go to experts, and for how long they wait there."""

    model_config = ConfigDict(extra="forbid")

    level: int | None = Field(
        None, ge=1, le=5, description="Level of the project's skill for hard assets (empty: off)"
    )
    below_confidence: float = Field(
        0.5, ge=0, le=1, description="Model confidence below which an asset counts as hard"
    )
    deadline_hours: float = Field(
        24, gt=0, le=720, description="After so long everybody gets it, and the lead is told"
    )


class ReviewTerms(BaseModel):
    """How much of a labeller's work is reviewed, by their standing, beside the random sample."""

    model_config = ConfigDict(extra="forbid")

    newcomer: float = Field(0.0, ge=0, le=1, description="Share of a newcomer's labels")
    known: float = Field(0.0, ge=0, le=1, description="Share once their standing is known")
    trusted: float = Field(0.0, ge=0, le=1, description="Share of the trusted")
    layers: int = Field(1, ge=1, le=3, description="Reviewers who look one after the other")
    layer_share: float = Field(1.0, gt=0, le=1, description="Share that goes on to the next layer")


class NestingTerms(BaseModel):
    """How newcomers are watched until it is known what their work is worth.

    A bound of their standing ends it, or begins it again, and only after so many judged answers
    since the last change: what a lead decides by hand stands for as long.
    """

    model_config = ConfigDict(extra="forbid")

    on: bool = Field(False, description="Labellers who join are nested: closely watched at first")
    answers: int = Field(
        30, ge=5, le=10_000, description="Judged answers in this project between two changes"
    )
    gold_rate: float = Field(0.3, gt=0, le=0.5, description="Least share of gold while nested")
    review_share: float = Field(1.0, ge=0, le=1, description="Share of their labels reviewed")
    promote_low: float = Field(
        0.8, gt=0, lt=1, description="Lower bound of their standing that ends nesting"
    )
    demote_high: float = Field(
        0.75, gt=0, lt=1, description="Upper bound of their standing below which it begins again"
    )

    @model_validator(mode="after")
    def _apart(self) -> "NestingTerms":
        if self.demote_high > self.promote_low:
            raise ValueError("nesting.demote_high must not be above nesting.promote_low")
        return self


class AssistTerms(BaseModel):
    """A model whose predictions labellers see as drafts, and how sure a draft must be."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(
        None,
        max_length=120,
        description="Predictions that labellers see as drafts, in their newest version "
        "(empty: no drafts)",
    )
    share_without: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of tasks shown without a draft, so that time saved and the pull of a "
        "wrong draft can be measured",
    )
    show_above: float = Field(
        0.3, ge=0, le=1, description="What the model is less sure of than this is not shown"
    )
    accept_above: float = Field(
        0.8, ge=0, le=1, description="Accept all: from how sure a draft; a labeller may change it"
    )


class ServiceTerms(BaseModel):
    """What was agreed with the client of every delivery."""

    model_config = ConfigDict(extra="forbid")

    accuracy: float | None = Field(
        None, gt=0, lt=1, description="Accuracy agreed with the client (empty: that of the gate)"
    )
    turnaround_days: float | None = Field(
        None, gt=0, le=3650, description="Days from receiving a batch to delivering it (empty: any)"
    )
    answer_days: float | None = Field(
        None,
        gt=0,
        le=3650,
        description="Days from a client's rejection to the next delivery (empty: any)",
    )


class ProjectSettings(BaseModel):
    """The settings of one project. Every number has one place: here."""

    model_config = ConfigDict(extra="forbid")

    wanted_answers: int = Field(3, ge=1, le=25, description="Answers wanted for each asset")
    lease_minutes: int = Field(30, ge=1, le=1440, description="Length of a lease")
    idle_seconds: int = Field(60, ge=5, le=900, description="Silence that still counts as work")
    max_leases: int = Field(2, ge=1, le=10, description="Leases a labeller may hold at once")
    adjudicate_below: float = Field(
        0.8, ge=0, le=1, description="Consensus probability below which an expert decides"
    )
    order: Literal["random", "uncertain_first"] = Field(
        "random", description="Order within a batch; uncertain_first asks for model predictions"
    )
    reserve_hours: float = Field(
        24, gt=0, le=720, description="How long reserved work waits for its labeller"
    )
    review_share: float = Field(0.0, ge=0, le=1, description="Share of labels drawn for review")
    false_discovery_rate: float = Field(0.05, gt=0, lt=0.5, description="Of flagged assets")
    cost_per_hour: float | None = Field(None, ge=0, description="Cost of an active hour")
    attributes: dict[str, list[str]] = Field(
        default_factory=dict, description="Attributes asked of a labeller, e.g. language: [de]"
    )
    overlap: OverlapTerms = Field(default_factory=OverlapTerms)
    limits: LimitTerms = Field(default_factory=LimitTerms)
    hard: HardTerms = Field(default_factory=HardTerms)
    review: ReviewTerms = Field(default_factory=ReviewTerms)
    nesting: NestingTerms = Field(default_factory=NestingTerms)
    assist: AssistTerms = Field(default_factory=AssistTerms)
    gold: GoldSettings = Field(default_factory=GoldSettings)
    likeness: LikenessTerms = Field(default_factory=LikenessTerms)
    gate: GateTerms = Field(default_factory=GateTerms)
    service: ServiceTerms = Field(default_factory=ServiceTerms)

    @property
    def many_answers(self) -> int | None:
        """Half the most answers of dynamic overlap: if they leave doubt, the asset is hard."""
        if self.overlap.kind != "dynamic":
            return None
        return max(self.overlap.minimum, -(-self.overlap.maximum // 2))

    @property
    def doubt_below(self) -> float:
        """Consensus probability below which an expert decides, once no more answers are asked."""
        dynamic = self.overlap.kind == "dynamic"
        return self.overlap.target if dynamic else self.adjudicate_below

    @model_validator(mode="after")
    def _gold_rates_fall(self) -> "ProjectSettings":
        if self.gold.rate_trusted > self.gold.rate_new:
            raise ValueError("gold.rate_trusted must not be above gold.rate_new")
        return self
