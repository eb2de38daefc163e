"""Gold that the client proposes: what they say is right, the label in force, and the decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, request, url_for

from ops import consensus, ontologies
from ops.errors import Conflict, InvalidInput
from ops.models import OntologyVersion, Project
from ops.web import media, viewing
from ops.web.identity import db, user
from quality import proposals
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.gold_many_pages import names, say

# So many are drawn on one page; those behind them come up as these are decided.
MOST_DRAWN = 12


@blueprint.get("/projects/<int:project_id>/gold/proposals")
def gold_proposals(project_id: int) -> Any:
    """What the client proposed: to be decided, and decided lately."""
    return _page(project_of(project_id))


def _page(project: Project, errors: list[dict[str, Any]] | None = None, failed: int = 0) -> Any:
    found = proposals.of_project(db(), project.id)
    said = say(project)
    known = consensus.current(db(), [one.asset_id for one in found])
    return page(
        "gold_proposals.html",
        project,
        "gold",
        422 if errors else 200,
        rows=found,
        names=names(project.id),
        say=said,
        in_force={asset_id: said(one.label) for asset_id, one in known.items()},
        works=_works(project, found, known),
        media_url=media.url,
        errors=errors or [],
        failed=failed,
        reason=request.form.get("reason", ""),
    )


def _works(project: Project, found: Sequence[Any], known: Mapping[int, Any]) -> dict[int, Any]:
    """Proposal → what the viewer shows: what the client says over the label in force."""
    ontology = ontologies.current(db(), project.id) or OntologyVersion(
        classes=[], attributes=[], reasons=[]
    )
    names = {"before": "in force", "after": "the client"}
    return {
        one.id: viewing.work(
            project,
            ontology,
            one.asset,
            one.label,
            before=known[one.asset_id].label if one.asset_id in known else None,
            names=names,
        )
        for one in found[:MOST_DRAWN]
        if one.state == "open"
    }


@blueprint.post("/projects/<int:project_id>/gold/proposals/<int:proposal_id>")
def decide_proposal(project_id: int, proposal_id: int) -> Any:
    """Take a proposal, or decline it with a reason."""
    project = project_of(project_id)
    one = proposals.find(db(), project.id, proposal_id)
    try:
        with db().begin_nested():
            flash(_decide(project, one), "success")
    except InvalidInput as error:
        return _page(project, error.errors, one.id)
    except Conflict as error:
        flash(error.message, "error")
    return redirect(url_for("projects.gold_proposals", project_id=project.id), 303)


def _decide(project: Project, one: Any) -> str:
    decision = request.form.get("decision", "")
    if decision == "take":
        proposals.take(db(), project, one, user())
        return "Taken: it is gold with this answer, and the client is told."
    if decision == "decline":
        proposals.decline(db(), project, one, user(), request.form.get("reason", ""))
        return "Declined: the client reads your reason."
    raise InvalidInput("expected take or decline", field="decision")
