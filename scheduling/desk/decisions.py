"""About your work: what was decided on a labeller's work, why, until when, and their appeal.

Nothing here tells by what answers were checked, nor of what has not taken effect yet.
"""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from pydantic import BaseModel, Field

from ops.errors import Conflict, InvalidInput
from ops.models import Project
from ops.web.api_types import Strict
from ops.web.identity import db, user
from scheduling.desk.page import blueprint as pages
from scheduling.models import RuleFiring
from scheduling.rules import firings

blueprint = APIBlueprint("decisions_api", __name__, url_prefix="/api/v1/desk", tag="Desk")


class DecisionOut(BaseModel):
    """Something decided about your work."""

    id: int
    project: str
    told: str = Field(description="What was decided, and why")
    state: str = Field(description="in effect, over, or taken back")
    since: datetime
    until: datetime | None = Field(description="null: until somebody lifts it, or just a warning")
    appeal: str
    appealed_at: datetime | None
    answer: str = Field(description="What a lead answered; empty until then")
    may_appeal: bool


class DecisionsOut(BaseModel):
    """Everything decided about your work, the newest first."""

    decisions: list[DecisionOut]


class AppealIn(Strict):
    """Why a decision is wrong."""

    text: str = Field(
        min_length=1,
        max_length=firings.LONGEST,
        pattern=r"^[^\x00]*\S[^\x00]*$",
        description="Said once",
    )


def view(firing: RuleFiring) -> dict[str, Any]:
    """A firing as its labeller may know it."""
    assert firing.applied_at is not None
    state = "over" if firing.state == "lifted" else "in effect"
    if firings.taken_back(firing):
        state = "taken back"
    return {
        "id": firing.id,
        "project": db().get_one(Project, firing.project_id).name,
        "told": firing.told,
        "state": state,
        "since": firing.applied_at,
        "until": firing.ends_at if firing.evidence["action"] == "pause" else None,
        "appeal": firing.appeal,
        "appealed_at": firing.appealed_at,
        "answer": firing.settled_why if firing.settled_by is not None else "",
        "may_appeal": firings.may_appeal(firing),
    }


@blueprint.get("/decisions")
@blueprint.output(DecisionsOut)
def list_decisions() -> dict[str, Any]:
    """List decisions about your work

    Warnings, pauses and the like, with the reason and how long they last.
    """
    return {"decisions": [view(one) for one in firings.of_labeller(db(), user())]}


@blueprint.post("/decisions/<int:decision_id>/appeal")
@blueprint.input(AppealIn, arg_name="asked")
@blueprint.output(DecisionOut)
def appeal_decision(decision_id: int, asked: AppealIn) -> dict[str, Any]:
    """Appeal against a decision

    Once; a lead of the project reads it and answers.
    """
    firing = firings.own(db(), user(), decision_id)
    firings.appeal(db(), firing, asked.text, by=user())
    return view(firing)


@pages.get("/desk/decisions")
def decisions() -> Any:
    """What was decided about my work."""
    return _page()


def _page(status: int = 200, **more: Any) -> Any:
    rows = [view(one) for one in firings.of_labeller(db(), user())]
    by_hand = [
        {
            "project": db().get_one(Project, member.project_id).name,
            "until": member.paused_until,
            "reason": member.pause_reason,
        }
        for member in firings.paused_by_hand(db(), user())
    ]
    more = {"errors": [], "said": "", "at_fault": None, "by_hand": by_hand, **more}
    return render_template("desk/decisions.html", rows=rows, **more), status


@pages.post("/desk/decisions/<int:decision_id>/appeal")
def appeal(decision_id: int) -> Any:
    """Say why a decision is wrong."""
    firing = firings.own(db(), user(), decision_id)
    text = request.form.get("text", "")
    try:
        firings.appeal(db(), firing, text, by=user())
    except InvalidInput as error:
        return _page(422, errors=error.errors, said=text, at_fault=firing.id)
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("Your appeal is with the leads of the project. Their answer comes here.", "success")
    return redirect(url_for("desk.decisions"), 303)
