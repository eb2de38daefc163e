"""Why a labeller gets, or does not get, a task: a page of answers in words."""

from typing import Any

from flask import request

from ops import clock_time
from ops.errors import NotFound
from ops.models import Asset, Project, User
from ops.web import media
from ops.web.identity import db
from scheduling import explain, explain_next
from scheduling.projects import push_forms as forms
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.selection import find_asset


@blueprint.get("/projects/<int:project_id>/why")
def why(project_id: int) -> Any:
    """Why this labeller gets this asset, or what they would get next; the form that asks."""
    project = project_of(project_id)
    workers = forms.workers(project)
    errors: list[dict[str, Any]] = []
    labeller = _labeller(workers, errors)
    asset = _asset(project, errors)
    at = clock_time.now()
    return page(
        "why.html",
        project,
        "hand_out",
        422 if errors else 200,
        workers=workers,
        whom=[("", "Choose…"), *((u.id, u.name) for u in workers)],
        labeller=labeller,
        asset=asset,
        tasks=explain.of_asset(db(), labeller, asset, at) if labeller and asset else None,
        everybody=[(u, explain.of_asset(db(), u, asset, at)) for u in workers[:MOST_PEOPLE]]
        if asset and not labeller and not errors
        else None,
        more_people=max(0, len(workers) - MOST_PEOPLE),
        next=explain_next.of_project(db(), labeller, project, at)
        if labeller and not asset and not errors
        else None,
        values=request.args,
        media_url=media.url,
        errors=errors,
    )


# Each costs a few statements; of more people a lead asks by name.
MOST_PEOPLE = 30


def _labeller(workers: list[User], errors: list[dict[str, Any]]) -> User | None:
    text = request.args.get("labeller", "")
    found = next((u for u in workers if str(u.id) == text), None)
    if text and found is None:
        errors.append({"field": "labeller", "message": "choose a member who works here"})
    return found


def _asset(project: Project, errors: list[dict[str, Any]]) -> Asset | None:
    text = request.args.get("asset", "").strip()
    if not text:
        return None
    try:
        return find_asset(db(), project.id, text)
    except NotFound as error:
        errors.append({"field": "asset", "message": error.message})
        return None
