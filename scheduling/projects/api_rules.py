"""The API for rules and their firings."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops.models import Project
from ops.web.api_types import Note, Strict
from ops.web.identity import db, user
from scheduling.models import Rule, RuleFiring
from scheduling.projects.api import blueprint, mine
from scheduling.projects.api_messages import Name
from scheduling.rules import book, firings

SignalName = Literal[
    "too_fast",
    "skips_in_row",
    "gold_accuracy",
    "agreement",
    "review_acceptance",
    "hours",
    "drift",
]
ActionName = Literal["warn", "train", "pause", "restrict", "suspend"]


class RuleIn(Strict):
    """If `signal` then `action`."""

    name: Name
    signal: SignalName
    terms: dict[str, Any] = Field(
        default={}, description="Terms of the signal that differ from their defaults, such as alpha"
    )
    action: ActionName
    measure: dict[str, Any] = Field(
        default={}, description="How it is done, such as hours of a pause, or redo"
    )


class SwitchIn(Strict):
    """Whether a rule decides anything new."""

    enabled: bool


class RuleOut(BaseModel):
    """A rule."""

    id: int
    project: int
    name: str
    sentence: str = Field(description="The rule in words")
    signal: str
    terms: dict[str, Any]
    action: str
    measure: dict[str, Any]
    enabled: bool


class RulesOut(BaseModel):
    """The rules of a project."""

    rules: list[RuleOut]


class SettleIn(Strict):
    """A lead's answer."""

    verdict: Literal["uphold", "override"]
    why: Note = Field(description="The reason: the labeller reads it, the audit log keeps it")


class FiringOut(BaseModel):
    """What a rule did to whom, and why."""

    id: int
    rule: int
    labeller: int
    state: str
    reason: str
    told: str = Field(description="What the labeller reads")
    evidence: dict[str, Any]
    decided_at: datetime
    takes_effect_at: datetime
    applied_at: datetime | None
    ends_at: datetime | None
    appeal: str
    appealed_at: datetime | None
    settled_at: datetime | None
    settled_why: str


class FiringsOut(BaseModel):
    """The firings of a project: open appeals first, then the newest."""

    firings: list[FiringOut]


class SettledOut(FiringOut):
    """A firing, settled."""

    counted_again: int = Field(description="Answers that got their weight back")


def _rule(rule: Rule) -> dict[str, Any]:
    names = ("id", "name", "signal", "terms", "action", "measure", "enabled")
    values = {name: getattr(rule, name) for name in names}
    return {**values, "project": rule.project_id, "sentence": book.in_words(db(), rule)}


def _firing(firing: RuleFiring) -> dict[str, Any]:
    names = FiringOut.model_fields.keys() - {"rule", "labeller"}
    values = {name: getattr(firing, name) for name in names}
    return {**values, "rule": firing.rule_id, "labeller": firing.labeller_id}


def _own(rule_id: int) -> tuple[Project, Rule]:
    rule = book.find(db(), user(), rule_id)
    return db().get_one(Project, rule.project_id), rule


@blueprint.get("/projects/<int:project_id>/rules")
@blueprint.output(RulesOut)
def list_rules(project_id: int) -> dict[str, Any]:
    """List the rules of a project"""
    return {"rules": [_rule(one) for one in book.of_project(db(), mine(project_id).id)]}


@blueprint.post("/projects/<int:project_id>/rules")
@blueprint.input(RuleIn, arg_name="asked")
@blueprint.output(RuleOut, status_code=201)
def create_rule(project_id: int, asked: RuleIn) -> dict[str, Any]:
    """Make a rule

    It is in force at once. Faults name their field as `terms.alpha`.
    """
    return _rule(book.create(db(), mine(project_id), by=user(), **asked.model_dump()))


@blueprint.post("/projects/<int:project_id>/rules/recommended")
@blueprint.output(RulesOut)
def recommended_rules(project_id: int) -> dict[str, Any]:
    """Make the recommended rules

    Those for signals that no rule looks at yet; the answer lists what was made.
    """
    made = book.install_recommended(db(), mine(project_id), by=user())
    return {"rules": [_rule(one) for one in made]}


@blueprint.put("/rules/<int:rule_id>")
@blueprint.input(RuleIn, arg_name="asked")
@blueprint.output(RuleOut)
def change_rule(rule_id: int, asked: RuleIn) -> dict[str, Any]:
    """Change a rule

    What it decided already stays as it was decided.
    """
    project, rule = _own(rule_id)
    book.change(db(), project, rule, by=user(), **asked.model_dump())
    return _rule(rule)


@blueprint.post("/rules/<int:rule_id>/state")
@blueprint.input(SwitchIn, arg_name="asked")
@blueprint.output(RuleOut)
def switch_rule(rule_id: int, asked: SwitchIn) -> dict[str, Any]:
    """Switch a rule on or off"""
    project, rule = _own(rule_id)
    book.set_enabled(db(), project, rule, asked.enabled, by=user())
    return _rule(rule)


@blueprint.delete("/rules/<int:rule_id>")
@blueprint.output({}, status_code=204)
def delete_rule(rule_id: int) -> str:
    """Delete a rule that never fired"""
    project, rule = _own(rule_id)
    book.remove(db(), project, rule, by=user())
    return ""


@blueprint.get("/projects/<int:project_id>/firings")
@blueprint.output(FiringsOut)
def list_firings(project_id: int) -> dict[str, Any]:
    """List what rules did

    Open appeals first, then the newest.
    """
    found = firings.of_project(db(), mine(project_id).id)
    return {"firings": [_firing(one) for one in found]}


@blueprint.post("/firings/<int:firing_id>/settle")
@blueprint.input(SettleIn, arg_name="asked")
@blueprint.output(SettledOut)
def settle_firing(firing_id: int, asked: SettleIn) -> dict[str, Any]:
    """Settle a firing

    Uphold one that was appealed, or override any: its effects are undone, leases are not given
    back, and answers that lost their weight count again where their task still has room.
    """
    firing = firings.find(db(), user(), firing_id)
    uphold = asked.verdict == "uphold"
    n = firings.settle(db(), firing, uphold=uphold, why=asked.why, by=user())
    return {**_firing(firing), "counted_again": n}
