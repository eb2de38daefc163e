"""The desk's API: for our own browser code, and for whoever works with a token."""

import uuid
from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from flask import Response, after_this_request, current_app, request, url_for

from ops import guideline_readers, guidelines, labels, ontologies, projects
from ops.errors import NotFound
from ops.models import Project
from ops.web import viewing
from ops.web.identity import db, installation, user
from ops.web.layout import markdown
from scheduling import dispatch, emptiness, gold_pace, leases, submit
from scheduling.claim_answer import Owing
from scheduling.desk import messages, own, own_messages, work

blueprint = APIBlueprint("desk_api", __name__, url_prefix="/api/v1/desk", tag="Desk")
# Of one answer. Parsed, JSON takes several times its size: uploads may be larger, answers not.
MOST_BYTES = 32 * 2**20


@blueprint.before_request
def bound() -> None:
    """Refuse what is longer than any answer before it is read."""
    request.max_content_length = min(MOST_BYTES, request.max_content_length or MOST_BYTES)


@blueprint.post("/next")
@blueprint.input(messages.NextIn, arg_name="asked")
@blueprint.output(messages.NextOut)
def next_work(asked: messages.NextIn) -> dict[str, Any]:
    """Get work

    What is on your desk comes back first, so that a reload shows the same work; otherwise a new
    lease. When there is nothing, `empty` says why.
    """
    if asked.project is not None:
        projects.find(db(), user(), asked.project)
    found = dispatch.next_work(
        db(), user(), project_id=asked.project, browser_has=asked.exclude, settle=False
    )
    if found is None:
        why = emptiness.why_empty(db(), user(), project_id=asked.project)
        return {"work": None, "empty": asdict(why)}
    if found.owes_gold is not None:
        _settle_afterwards(found.owes_gold)
    shown = work.view(db(), found.id)
    if shown["label_type"] in labels.WITHIN_PICTURE:
        _measure_afterwards(found.id)
    if shown["medium"] == "image":
        shown["image"] = url_for("desk_api.medium", token=found.token)
    return {"work": shown, "empty": None}


def _settle_afterwards(lane: Owing) -> None:
    """When the answer is out: choosing gold must not be told from how long `next` takes."""
    sessions, me = current_app.extensions["sessions"], user().id

    @after_this_request
    def settle(response: Response) -> Response:
        response.call_on_close(lambda: gold_pace.settle_owed(sessions, me, lane))
        return response


def _measure_afterwards(assignment_id: int) -> None:
    """When the answer is out: the picture of gold is measured already, that of work mostly not."""
    sessions = current_app.extensions["sessions"]

    @after_this_request
    def measure(response: Response) -> Response:
        response.call_on_close(lambda: work.measure(sessions, assignment_id))
        return response


@blueprint.get("/<uuid:token>/brief")
@blueprint.output(messages.BriefOut)
def brief(token: uuid.UUID) -> dict[str, Any]:
    """Get the classes, the instructions and the rules for a piece of work"""
    project = db().get_one(Project, work.open_work(db(), user(), token).project_id)
    ontology = ontologies.current(db(), project.id)
    guideline = guidelines.current(db(), project.id)
    assert ontology is not None
    return {
        "brief": work.brief_key(project.id, ontology.id, guideline.id if guideline else None),
        "project": {"id": project.id, "name": project.name, "purpose": project.purpose},
        **viewing.brief(project, ontology),
        "guideline": {
            "version": guideline.version if guideline else 0,
            "html": str(markdown(guideline.markdown)) if guideline else "",
            "read": guideline_readers.has_read(db(), user(), project.id),
        },
        "errors": _errors(project),
        "idle_seconds": projects.settings_of(project).idle_seconds,
        "skip_reasons": [{"key": k, "text": t} for k, t in work.SKIP_WORDS.items()],
    }


def _errors(project: Project) -> list[dict[str, str]]:
    """What can be wrong with a label of this project, and how bad it is."""
    terms = projects.settings_of(project).gate.errors
    words = labels.ERROR_WORDS[project.label_type]
    return [{"type": t, "name": n, "severity": terms.severity_of(t)} for t, n in words.items()]


@blueprint.get("/<uuid:token>/medium")
@blueprint.doc(responses={200: "The bytes of the image"})
def medium(token: uuid.UUID) -> Response:
    """Get the image of a piece of work

    The same few headers for every image: no entity tag, no dates, no file name.
    """
    from ops import storage

    found = work.open_work(db(), user(), token, work.SEEN)
    if found.uri is None:
        raise NotFound("This work is a text; it came with the work itself.")
    content, mimetype = storage.read(found.uri, installation())
    return Response(content, mimetype=mimetype)


@blueprint.post("/<uuid:token>/shown")
@blueprint.input(messages.ShownIn, arg_name="said")
@blueprint.output(messages.ShownOut)
def shown(token: uuid.UUID, said: messages.ShownIn) -> dict[str, Any]:
    """Say that a piece of work is on the screen

    The wall clock starts, and this tab is the one whose time counts.
    """
    return {"expires_at": leases.shown(db(), user(), token, tab=said.tab)}


@blueprint.post("/<uuid:token>/heartbeat")
@blueprint.input(messages.HeartbeatIn, arg_name="said")
@blueprint.output(messages.HeartbeatOut)
def heartbeat(token: uuid.UUID, said: messages.HeartbeatIn) -> dict[str, Any]:
    """Report active time and keep the lease alive"""
    return vars(leases.heartbeat(db(), user(), token, **dict(said)))


@blueprint.post("/<uuid:token>/submit")
@blueprint.input(messages.SubmitIn, arg_name="said")
@blueprint.output(messages.SubmittedOut)
def submit_label(token: uuid.UUID, said: messages.SubmitIn) -> dict[str, Any]:
    """Submit an answer

    Safe to repeat with the same `key`. An answer that comes after its lease ran out is kept too.
    """
    done = submit.submit(db(), user(), token, **dict(said))
    return {"accepted": True, "revision": done.revision}


@blueprint.post("/<uuid:token>/skip")
@blueprint.input(messages.SkipIn, arg_name="said")
@blueprint.output(messages.AcceptedOut)
def skip(token: uuid.UUID, said: messages.SkipIn) -> dict[str, Any]:
    """Say that you cannot answer, and why"""
    submit.skip(db(), user(), token, **dict(said))
    return {"accepted": True}


@blueprint.post("/<uuid:token>/release")
@blueprint.input(messages.ReleaseIn, arg_name="said")
@blueprint.output(messages.AcceptedOut)
def release(token: uuid.UUID, said: messages.ReleaseIn) -> dict[str, Any]:  # noqa: ARG001
    """Give a piece of work back undone"""
    leases.release(db(), user(), token)
    return {"accepted": True}


@blueprint.get("/me")
@blueprint.output(own_messages.MeOut)
def me() -> dict[str, Any]:
    """Get your own day, standing, projects, certificates and feedback"""
    mine = own.about(db(), user())
    for told in mine["feedback"]:
        if told["medium"] == "image":
            told["image"] = url_for("desk_api.medium", token=told["token"])
    return mine
