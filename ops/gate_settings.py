"""What a project asks of a batch before it may go to the client, as a part of its settings."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops.labels.decision import ErrorType


class PlanTerms(BaseModel):
    """How the random sample of reviews decides.

    bound: until the accuracy that it shows with confidence reaches what is asked. plan: by a single
    sampling plan of ISO 2859-1, whose size and acceptance number follow from the batch.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["bound", "plan"] = Field(
        "bound", description="How the sample decides; plan: ISO 2859-1"
    )
    limit: Literal[
        "0.01", "0.015", "0.025", "0.04", "0.065", "0.1", "0.15", "0.25", "0.4", "0.65", "1",
        "1.5", "2.5", "4", "6.5", "10",
    ] = Field("1", description="plan: percent of wrong labels that are acceptable")  # fmt: skip
    level: Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"] = Field(
        "II", description="plan: inspection level; II is usual, III reviews more"
    )
    inspection: Literal["normal", "tightened"] = Field(
        "normal", description="plan: tightened after batches that were refused"
    )


class ClassTerms(BaseModel):
    """What each class must show among reviewed labels: F1 and how much a class matters."""

    model_config = ConfigDict(extra="forbid")

    f1: float | None = Field(None, gt=0, lt=1, description="Least F1 of every class (empty: none)")
    f1_of: dict[str, Annotated[float, Field(ge=0, lt=1)]] = Field(
        default_factory=dict, description="Least F1 of single classes, e.g. car: 0.9"
    )
    weighted: float | None = Field(
        None, gt=0, lt=1, description="Least mean F1, weighted by importance (empty: none)"
    )
    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict, description="Importance of classes, 1 unless given, e.g. car: 3"
    )
    reviews: int = Field(10, ge=1, le=10_000, description="Reviewed labels it takes per class")

    @property
    def asked(self) -> bool:
        """Whether anything is asked of classes."""
        return bool(self.f1 or self.f1_of or self.weighted)


class ErrorTerms(BaseModel):
    """How many errors the random sample may hold, by how bad they are."""

    model_config = ConfigDict(extra="forbid")

    severity: dict[Literal["critical", "minor"], list[ErrorType]] = Field(
        {"minor": ["low_overlap", "duplicate", "attribute"]},
        description="Types of error that are critical or minor; all others are major",
    )
    critical: int | None = Field(None, ge=0, description="Critical errors at most (empty: any)")
    major: int | None = Field(None, ge=0, description="Major errors at most (empty: any)")
    minor: int | None = Field(None, ge=0, description="Minor errors at most (empty: any)")

    @property
    def asked(self) -> bool:
        """Whether any number of errors is too many."""
        return any(most is not None for most in (self.critical, self.major, self.minor))

    def severity_of(self, error: str) -> str:
        """critical, major or minor."""
        named = (kind for kind, errors in self.severity.items() if error in errors)
        return next(named, "major")


class GateTerms(BaseModel):
    """What a batch must show before it may go to the client."""

    model_config = ConfigDict(extra="forbid")

    accuracy: float = Field(0.95, gt=0, lt=1, description="Accuracy that must be shown")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Confidence of that bound")
    review_sample: int = Field(60, ge=1, description="Labels that must be reviewed at least")
    open_suspects: int = Field(0, ge=0, description="Re-score suspects that may stay open")
    rescore: bool = Field(True, description="A finished re-score run is needed")
    gold_accuracy: float | None = Field(None, gt=0, lt=1, description="Least gold accuracy")
    open_flags: int | None = Field(
        None, ge=0, description="Flags on its assets that may stay open (empty: any)"
    )
    open_issues: int | None = Field(
        0, ge=0, description="Questions about its assets that may stay unresolved (empty: any)"
    )
    plan: PlanTerms = Field(default_factory=PlanTerms)
    classes: ClassTerms = Field(default_factory=ClassTerms)
    errors: ErrorTerms = Field(default_factory=ErrorTerms)
