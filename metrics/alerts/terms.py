"""The terms of alerts: one model a kind."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Terms(BaseModel):
    """What may be set of an alert: nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class AccuracyTerms(Terms):
    """Gold and reviews of the last days beside those before."""

    days: int = Field(7, ge=1, le=90, title="Days looked at")
    before: int = Field(28, ge=1, le=180, title="Days before, to compare with")
    drop: float = Field(0.02, ge=0, lt=1, title="Allowed drop (0.02 is 2 points)")
    floor: float | None = Field(None, gt=0, lt=1, title="Lowest accuracy (empty: none)")
    least: int = Field(30, ge=5, le=10_000, title="Judged answers it takes")


class ForecastTerms(Terms):
    """The newest forecast of a batch beside its date."""

    sure: Literal[50, 90] = Field(90, title="Finish that is not exceeded with so many percent")


class GoldTerms(Terms):
    """How much gold labellers at work have not met."""

    few: int = Field(10, ge=1, le=1000, title="Fewer unmet gold than this")


class QueueTerms(Terms):
    """Open work beside the pace of the last day."""

    hours: float = Field(4.0, gt=0, le=240, title="Open work for fewer hours than this")
