"""What a project sets: one pydantic model, validated at the boundary, stored as JSON."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class GoldSettings(BaseModel):
    """How often gold is slipped in: from `rate_new` for newcomers down to `rate_trusted`."""

    model_config = ConfigDict(extra="forbid")

    rate_new: float = Field(0.2, gt=0, le=0.5, description="Share of gold for a newcomer")
    rate_trusted: float = Field(0.04, gt=0, le=0.5, description="Share of gold for the trusted")
    trusted_low: float = Field(0.9, gt=0, lt=1, description="Lower bound that makes one trusted")


class GateTerms(BaseModel):
    """What a batch must show before it may go to the client."""

    model_config = ConfigDict(extra="forbid")

    accuracy: float = Field(0.95, gt=0, lt=1, description="Accuracy that must be shown")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Confidence of that bound")
    review_sample: int = Field(60, ge=1, description="Labels that must be reviewed at least")
    open_suspects: int = Field(0, ge=0, description="Re-score suspects that may stay open")
    rescore: bool = Field(True, description="A finished re-score run is needed")
    gold_accuracy: float | None = Field(None, gt=0, lt=1, description="Least gold accuracy")


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
    review_share: float = Field(0.0, ge=0, le=1, description="Share of labels drawn for review")
    false_discovery_rate: float = Field(0.05, gt=0, lt=0.5, description="Of flagged assets")
    cost_per_hour: float | None = Field(None, ge=0, description="Cost of an active hour")
    attributes: dict[str, list[str]] = Field(
        default_factory=dict, description="Attributes asked of a labeller, e.g. language: [de]"
    )
    gold: GoldSettings = Field(default_factory=GoldSettings)
    gate: GateTerms = Field(default_factory=GateTerms)

    @model_validator(mode="after")
    def _gold_rates_fall(self) -> "ProjectSettings":
        if self.gold.rate_trusted > self.gold.rate_new:
            raise ValueError("gold.rate_trusted must not be above gold.rate_new")
        return self
