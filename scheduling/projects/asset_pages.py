"""The assets of a project: a grid of pictures or texts, a page at a time, to tick and reserve."""

from typing import Any

from flask import redirect, request, url_for

from ops import projects
from ops.errors import InvalidInput
from ops.models import Project
from ops.web import media
from ops.web.identity import db
from scheduling.projects import push_forms as forms
from scheduling.projects import reads
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.gold_many_pages import say as in_words
from scheduling.projects.push_pages import reserve

PER_PAGE = 60


@blueprint.get("/projects/<int:project_id>/assets")
def assets(project_id: int) -> Any:
    """A page of assets, of one batch or all, with what is known of each."""
    return _page(project_of(project_id))


def _page(project: Project, errors: list[dict[str, Any]] | None = None) -> Any:
    values = request.values
    batch_id = forms.whole(values.get("batch"))
    search = values.get("search", "").strip()
    after = forms.whole(values.get("after")) or 0
    found = reads.assets(
        db(), project.id, batch_id=batch_id, search=search, after=after, limit=PER_PAGE + 1
    )
    return page(
        "assets.html",
        project,
        "assets",
        422 if errors else 200,
        rows=found[:PER_PAGE],
        next_after=found[PER_PAGE - 1][0].id if len(found) > PER_PAGE else None,
        batches=reads.batches_of(db(), [project.id]),
        batch_id=batch_id,
        search=search,
        after=after,
        media_url=media.url,
        whom=[("", "Choose…"), *((u.id, u.name) for u in forms.workers(project))],
        hours=f"{projects.settings_of(project).reserve_hours:g}",
        ticked=request.form.getlist("asset"),
        values=request.form,
        in_words=in_words(project),
        errors=errors or [],
    )


@blueprint.post("/projects/<int:project_id>/assets")
def reserve_assets(project_id: int) -> Any:
    """Reserve the assets ticked, or the next of what the filter shows, for somebody."""
    project = project_of(project_id)
    try:
        reserve(project, forms.assets_or_next)
    except InvalidInput as error:
        return _page(project, error.errors)
    shown: dict[str, Any] = {n: request.form.get(n) or None for n in ("batch", "search", "after")}
    return redirect(url_for("projects.assets", project_id=project.id, **shown), 303)
