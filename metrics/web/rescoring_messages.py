"""What the API for re-scoring takes and gives."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ops.web.api_types import Id, Line, Page, Strict
from quality.rescoring.settings import Order

Share = Annotated[float, Field(ge=0, le=1)]


class RunIn(Strict):
    """Whatever is left out has a default that serves."""

    name: Line | None = Field(None, description="Of the run; otherwise Run and its number")
    model: Id | None = Field(None, description="Reference model to compare with, by its id")
    folds: int = Field(5, ge=2, le=10, description="Parts of a cross-validation")
    seed: int = Field(0, ge=0, lt=2**31, description="Of everything that is drawn by chance")
    overlap: float = Field(0.5, gt=0, le=1, description="IoU or OKS from which two are one object")
    below: Share = Field(0.5, description="Labels held for less right than this are suspects")
    order: Order = Field(
        "weighed",
        description="Which labels go to review first: weighed, all errors by their weight; kfold, "
        "where a model that never saw the label contradicts it, the surest first; entropy, what "
        "lies on the boundary of classes; precision, labels of one class that look like another",
    )
    of_class: str | None = Field(
        None, min_length=1, max_length=200, description="The class that order precision cleans"
    )
    most_suspects: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="So many suspects at most, the first; left out: all, or 100 with the orders "
        "entropy and precision, which rank every label",
    )
    chunk: int = Field(2000, ge=20, le=100_000, description="Labels scored at once, at most")
    memory_mb: int = Field(1024, ge=64, le=1_000_000, description="Memory for labels, roughly")


class Precision(BaseModel):
    """Of suspects: how many were reviewed (n), and the share of them that was really wrong."""

    suspects: int
    changed: int = Field(description="The reviewer changed the label: the suspect was real")
    accepted: int = Field(description="The reviewer accepted it: the label was right")
    n: int
    value: float | None
    low: float | None = Field(description="95 % interval (Wilson)")
    high: float | None


class RunPrecision(BaseModel):
    all: Precision
    by_error: dict[str, Precision]


class RunOut(BaseModel):
    id: int
    batch: int
    version: int
    name: str
    state: str
    model: int | None = Field(description="The reference model, if one was named")
    requested_at: datetime
    finished_at: datetime | None
    settings: dict[str, Any]
    provenance: dict[str, Any] = Field(
        description="Digest of the model, version of code and gold, device, labels scored"
    )
    summary: dict[str, Any] = Field(
        description="Once done: labels, suspects, errors by type, estimated error_rate with low, "
        "high and basis, and how far each source can judge"
    )
    error: str
    done: int = Field(description="Chunks done")
    of: int = Field(description="Chunks in all")
    items: int = Field(description="Labels scored")
    stage: str = Field(description="predicting, while a network looks at pictures, or scoring")
    per_second: float | None = Field(description="Labels (or pictures) a second")
    seconds_left: float | None
    precision: RunPrecision


class RunsOut(BaseModel):
    runs: list[RunOut]


class SuspectsQuery(Strict):
    page: Page = 1


class SuspectOut(BaseModel):
    asset: str = Field(description="External id")
    rank: int
    quality: float = Field(description="How right the label is held for, 0 to 1")
    error: str | None = Field(description="The worst that is wrong with it")
    given: str
    predicted: str
    reason: str
    evidence: dict[str, Any] = Field(description="By source, and object by object")
    outcome: str | None = Field(description="accepted, changed, decided, or null while it waits")


class SuspectsOut(BaseModel):
    page: int
    more: bool
    suspects: list[SuspectOut]


class SideOut(BaseModel):
    id: int
    version: int
    name: str
    labels: int | None
    suspects: int | None
    error_rate: float | None
    low: float | None
    high: float | None
    basis: str | None
    weak: bool | None


class Shared(BaseModel):
    both: int
    only_first: int
    only_second: int


class Difference(BaseModel):
    name: str
    first: Any
    second: Any


class Moved(BaseModel):
    asset_id: int
    external_id: str
    first: float
    second: float
    error_first: str | None
    error_second: str | None
    given_first: str
    given_second: str


class ComparisonOut(BaseModel):
    first: SideOut
    second: SideOut
    both: int = Field(description="Labels scored in both runs")
    only_first: int
    only_second: int
    labels_changed: int = Field(description="Assets whose label is another in the second run")
    suspects: Shared
    rank_correlation: float | None = Field(description="Spearman's ρ of the qualities")
    error_rate_change: float | None
    differences: list[Difference] = Field(description="Settings and origins that differ")
    moved: list[Moved] = Field(description="Assets whose quality moved most")


class ReferenceOut(BaseModel):
    id: int
    name: str
    version: int
    kind: str = Field(description="predictions, network or embeddings")
    digest: str = Field(description="SHA-256 of the file that was given")
    assets: int = Field(description="Assets that it speaks of; 0 for a network")
    settings: dict[str, Any]
    created_at: datetime


class ReferencesOut(BaseModel):
    models: list[ReferenceOut]
