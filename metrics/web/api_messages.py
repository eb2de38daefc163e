"""What the API for batches' gates and deliveries takes and gives."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops.web.api_types import Strict


class ReasonOut(BaseModel):
    term: str = Field(description="The term of the gate that is not met")
    message: str
    have: float | None
    need: float | None
    settle: int | None = Field(description="Reviews or tasks that would settle it, if any number")
    of_class: str | None = Field(None, description="The class that it is about, if it is about one")


class GateOut(BaseModel):
    batch: int
    passed: bool
    terms: dict[str, Any]
    figures: dict[str, Any]
    reasons: list[ReasonOut]


class SampleIn(Strict):
    n: int = Field(ge=1, le=1_000_000, description="Labels to draw at random for review")
    of_class: str | None = Field(
        None, max_length=64, description="Draw among the labels of this class alone"
    )


class SampleOut(BaseModel):
    drawn: int


class DeliveryOut(BaseModel):
    id: int
    batch: int
    version: int
    items: int
    delivered_at: datetime
    sealed: bool = Field(description="Whether the audit trail's seal covers the delivery")
    digest: str = Field(description="SHA-256 of the export as JSONL")
    report: dict[str, Any]
    report_digest: str = Field(description="SHA-256 of the report as canonical JSON")


class ExportQuery(Strict):
    format: Literal["jsonl", "csv", "coco", "yolo", "voc", "cvat", "labelstudio"] = "jsonl"
