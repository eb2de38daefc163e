"""The API for applicants: list, show, move."""

from typing import Any

from apiflask import APIBlueprint

from ops import clock_time
from ops.applicants import listing, moving, own_data, stages, visible
from ops.errors import InvalidInput
from ops.models import Applicant, PipelineStage
from ops.web.identity import db, user
from quality.web.pipeline import api_messages as messages

blueprint = APIBlueprint("api_applicants", __name__, url_prefix="/api/v1", tag="Applicants")


@blueprint.get("/applicants")
@blueprint.input(messages.ApplicantsQuery, location="query", arg_name="asked")
@blueprint.output(messages.ApplicantsOut)
def list_applicants(asked: messages.ApplicantsQuery) -> dict[str, Any]:
    """List applicants

    Of the openings you may see, by stage and then by who has waited longest, 50 a page. Erased and
    merged ones are left out.
    """
    if asked.opening is not None:
        visible.opening(db(), user(), asked.opening)
    narrowed = listing.Asked(
        text=asked.q,
        stage_id=_stage(asked.stage, "stage").id if asked.stage else None,
        opening_id=asked.opening,
        language=asked.language,
    )
    rows, total = listing.page(db(), user(), narrowed, clock_time.now(), asked.page)
    shown = [messages.applicant(row) for row in rows]
    return {"applicants": shown, "page": asked.page, "total": total}


@blueprint.get("/applicants/<int:applicant_id>")
@blueprint.output(messages.ApplicantDetailOut)
def show_applicant(applicant_id: int) -> dict[str, Any]:
    """Get an applicant with their moves"""
    return _detail(visible.applicant(db(), user(), applicant_id))


@blueprint.post("/applicants/<int:applicant_id>/move")
@blueprint.input(messages.MoveIn, arg_name="asked")
@blueprint.output(messages.ApplicantDetailOut)
def move_applicant(applicant_id: int, asked: messages.MoveIn) -> dict[str, Any]:
    """Move an applicant to another stage

    409 when they are no longer in the stage you expected: nothing was changed then.
    """
    found = visible.applicant(db(), user(), applicant_id)
    moved = moving.move(
        db(),
        found.id,
        _stage(asked.to, "to"),
        expected=_stage(asked.expected, "expected").id,
        by=user(),
        reason=asked.reason,
        letter="usual" if asked.letter else "none",
    )
    return _detail(moved)


def _stage(name: str, field: str) -> PipelineStage:
    for stage in stages.listed(db()):
        if stage.name.lower() == name.strip().lower():
            return stage
    known = ", ".join(stage.name for stage in stages.listed(db()))
    raise InvalidInput(f"there is no stage {name!r}; there are {known}", field=field)


def _detail(one: Applicant) -> dict[str, Any]:
    moves = own_data.collected(db(), one)["stages"]
    told = [
        {"at": m["at"], "stage": m["to"], "came_from": m["from"], "reason": m["reason"]}
        for m in moves
    ]
    return {**messages.applicant(one), "moves": told}
