"""The API for assessments: what was set, its attempts with their results, and its questions."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from ops.web.identity import db, user
from quality.models import Assessment
from quality.onboarding import assessments, items, results
from quality.onboarding.results import Taken

blueprint = APIBlueprint("assessments_api", __name__, url_prefix="/api/v1", tag="Onboarding")


class AssessmentOut(BaseModel):
    id: int
    project: int
    title: str
    skill: str
    level: int
    open: bool
    questions: int = Field(description="Questions, at most if it is adaptive")
    pass_mark: float
    fail_mark: float | None = Field(description="None: the same number of questions for everybody")
    minutes: int
    attempts: int = Field(description="Attempts for each labeller")
    cool_down_hours: int
    finished: int = Field(description="Finished attempts")
    labellers: int = Field(description="Who finished one")
    passed: int = Field(description="Labellers of these who passed")


class AssessmentsOut(BaseModel):
    assessments: list[AssessmentOut]


class AttemptOut(BaseModel):
    id: int
    labeller: int
    name: str
    number: int
    started_at: datetime
    finished_at: datetime | None
    state: str = Field(description="running, passed, failed or void")
    ended_by: str = Field(description="sure, all_answered, time, or empty")
    right: float | None = Field(description="Sum of credits")
    counted: int | None = Field(description="Of so many questions")
    low: float | None = Field(description="95 % interval of right ÷ counted")
    high: float | None
    certificate: int | None


class AttemptsOut(BaseModel):
    attempts: list[AttemptOut]


class ItemOut(BaseModel):
    gold: int
    external_id: str
    answered: int
    right: float = Field(description="Mean credit")
    low: float
    high: float
    telling: float | None = Field(description="Correlation with the share right of other answers")
    best: int = Field(description="Answers by the best third")
    missed: int = Field(description="Of which missed")
    p: float | None = Field(description="Chance that as many of the best miss it")
    flagged: bool
    taken_out: str | None = Field(description="Why it is asked no more")


class ItemsOut(BaseModel):
    items: list[ItemOut]


@blueprint.get("/assessments")
@blueprint.output(AssessmentsOut)
def list_assessments() -> dict[str, Any]:
    """List assessments

    Of your projects, the open ones first.
    """
    rows = assessments.listed(db(), user())
    tallies = results.tallies(db(), rows)
    return {"assessments": [_assessment(row, tallies[row.id]) for row in rows]}


def _assessment(row: Assessment, tally: results.Tally) -> dict[str, Any]:
    same = (
        "id", "title", "level", "open", "questions", "pass_mark", "fail_mark", "minutes",
        "attempts", "cool_down_hours",
    )  # fmt: skip
    return {name: getattr(row, name) for name in same} | {
        "project": row.project_id,
        "skill": row.skill.name,
        "finished": tally.attempts,
        "labellers": tally.labellers,
        "passed": tally.passed,
    }


@blueprint.get("/assessments/<int:assessment_id>/attempts")
@blueprint.output(AttemptsOut)
def list_attempts(assessment_id: int) -> dict[str, Any]:
    """List the attempts at an assessment with their results"""
    found = assessments.find(db(), user(), assessment_id)
    return {"attempts": [_attempt(row) for row in results.taken(db(), found)]}


def _attempt(row: Taken) -> dict[str, Any]:
    attempt, score = row.attempt, row.score
    known = score if score is not None and score.n else None
    return {
        "id": attempt.id,
        "labeller": row.labeller.id,
        "name": row.labeller.name,
        "number": attempt.number,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "state": _state(row),
        "ended_by": attempt.ended_by,
        "right": attempt.correct,
        "counted": score.n if score is not None else None,
        "low": known.low if known else None,
        "high": known.high if known else None,
        "certificate": attempt.certificate_id,
    }


def _state(row: Taken) -> str:
    if row.attempt.finished_at is None:
        return "running"
    if row.attempt.voided_at is not None:
        return "void"
    return "passed" if row.attempt.passed else "failed"


@blueprint.get("/assessments/<int:assessment_id>/items")
@blueprint.output(ItemsOut)
def list_items(assessment_id: int) -> dict[str, Any]:
    """List the questions of an assessment with what their answers tell of them"""
    found = assessments.find(db(), user(), assessment_id)
    return {"items": [_item(item) for item in items.listed(db(), found)]}


def _item(item: items.Item) -> dict[str, Any]:
    return {
        "gold": item.gold.id,
        "external_id": item.asset.external_id,
        "answered": item.right.n,
        "right": item.right.value,
        "low": item.right.low,
        "high": item.right.high,
        "telling": item.telling,
        "best": item.best,
        "missed": item.missed,
        "p": item.p,
        "flagged": item.flagged,
        "taken_out": item.out.reason if item.out else None,
    }
