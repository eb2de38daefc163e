"""The assets of a project: a grid of pictures or texts, a page at a time."""

from typing import Any

from flask import request

from ops.web import media
from ops.web.identity import db
from scheduling.projects import reads
from scheduling.projects.blueprint import blueprint, page, project_of

PER_PAGE = 60


@blueprint.get("/projects/<int:project_id>/assets")
def assets(project_id: int) -> Any:
    """A page of assets, of one batch or all, with what is known of each."""
    project = project_of(project_id)
    batch_id = request.args.get("batch", type=int)
    search = request.args.get("search", "").strip()
    after = request.args.get("after", 0, type=int)
    found = reads.assets(
        db(), project.id, batch_id=batch_id, search=search, after=after, limit=PER_PAGE + 1
    )
    return page(
        "assets.html",
        project,
        "assets",
        rows=found[:PER_PAGE],
        next_after=found[PER_PAGE - 1][0].id if len(found) > PER_PAGE else None,
        batches=reads.batches_of(db(), [project.id]),
        batch_id=batch_id,
        search=search,
        after=after,
        media_url=media.url,
    )
