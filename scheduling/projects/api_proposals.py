"""The API for gold that a client proposes, and for what a lead asks the client."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops import client_questions
from ops.web.api_types import Note, Strict
from ops.web.identity import db, user
from quality import proposals
from quality.models import GoldProposal
from scheduling.projects.api import blueprint, mine
from scheduling.projects.api_issues import Body, QuestionOut, as_questions, own


class ProposedOut(BaseModel):
    """What a client says is right for an asset of theirs."""

    id: int
    asset: int
    external_id: str
    label: dict[str, Any]
    remark: str
    state: Literal["open", "taken", "declined"]
    proposed_at: datetime
    decided_at: datetime | None
    decision: str = Field(description="Why it was declined")
    gold: int | None


class ProposedListOut(BaseModel):
    """Those to be decided first."""

    proposals: list[ProposedOut]


class ProposalDecisionIn(Strict):
    """What becomes of a proposal."""

    decision: Literal["take", "decline"]
    reason: Note = Field("", description="Needed to decline; the client reads it")


class PassOnIn(Strict):
    """A question in the lead's own words."""

    text: Body = Field(description="What the client reads, and nothing else of the thread")


@blueprint.get("/projects/<int:project_id>/gold/proposals")
@blueprint.output(ProposedListOut)
def list_proposals(project_id: int) -> dict[str, Any]:
    """List the gold that the client proposes"""
    found = proposals.of_project(db(), mine(project_id).id)
    return {"proposals": [_proposed(one) for one in found]}


@blueprint.post("/projects/<int:project_id>/gold/proposals/<int:proposal_id>")
@blueprint.input(ProposalDecisionIn, arg_name="asked")
@blueprint.output(ProposedOut)
@blueprint.doc(responses=[409])
def decide_proposal(project_id: int, proposal_id: int, asked: ProposalDecisionIn) -> dict[str, Any]:
    """Take a proposal as gold, or decline it

    The client is told, and reads the reason.
    """
    project = mine(project_id)
    one = proposals.find(db(), project.id, proposal_id)
    if asked.decision == "take":
        proposals.take(db(), project, one, user())
    else:
        proposals.decline(db(), project, one, user(), asked.reason)
    return _proposed(one)


def _proposed(one: GoldProposal) -> dict[str, Any]:
    names = ("id", "label", "remark", "state", "proposed_at", "decided_at", "decision")
    return {
        **{name: getattr(one, name) for name in names},
        "asset": one.asset_id,
        "external_id": one.asset.external_id,
        "gold": one.gold_id,
    }


@blueprint.post("/projects/<int:project_id>/issues/<int:issue_id>/client")
@blueprint.input(PassOnIn, arg_name="asked")
@blueprint.output(QuestionOut)
@blueprint.doc(responses=[409])
def pass_on_issue(project_id: int, issue_id: int, asked: PassOnIn) -> dict[str, Any]:
    """Pass a question on to the client

    They read `text` and see the asset; their answer becomes a comment of the thread.
    """
    found = own(project_id, issue_id)
    client_questions.pass_on(db(), found, user(), asked.text)
    return as_questions([found])[0]
