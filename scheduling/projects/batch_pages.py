"""The batches of a project: made, hurried, paused, answered more or less often."""

from datetime import UTC, datetime, time
from typing import Any

from flask import current_app, flash, redirect, request, url_for

from ops import answers_wanted, batches, projects
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Batch
from ops.web.fields import day_of
from ops.web.identity import db, user
from scheduling import hard
from scheduling.projects import overlap, reads
from scheduling.projects.blueprint import blueprint, page, project_of


@blueprint.route("/projects/<int:project_id>/batches", methods=["GET", "POST"], endpoint="batches")
def list_or_create(project_id: int) -> Any:
    """The batches with their progress, and the form of a new one."""
    project = project_of(project_id)
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            made = batches.create(
                db(),
                project,
                name=request.form.get("name", ""),
                by=user(),
                priority=whole_number(request.form.get("priority") or "0", "priority"),
                due_at=day_end(request.form.get("due", "")),
            )
        except InvalidInput as error:
            errors = error.errors
        except Conflict as error:
            errors = [{"field": error.field, "message": error.message}]
        else:
            flash(f"Batch {made.name} is made. Import its assets.", "success")
            url = url_for("projects.import_form", project_id=project.id, batch=made.id)
            return redirect(url, 303)
    shown = reads.batches_of(db(), [project.id])
    ids = [b.id for b in shown]
    return page(
        "batches.html",
        project,
        "batches",
        422 if errors else 200,
        batches=shown,
        progress=reads.progress(db(), ids),
        assets=reads.asset_counts(db(), ids),
        hard=hard.of_batches(db(), ids),
        answers=overlap.so_far(db(), ids),
        overlap=overlap.words(projects.settings_of(project)),
        wanted_limits=answers_wanted.limits(projects.settings_of(project)),
        batch_page="batches.show" in current_app.view_functions,
        values=request.form,
        errors=errors,
    )


def whole_number(text: str, field: str) -> int:
    """A whole number from a form. Raises InvalidInput."""
    try:
        return int(text)
    except ValueError:
        raise InvalidInput("must be a whole number", field=field) from None


def day_end(text: str) -> datetime | None:
    """The end of a day in UTC from a form's date; None when empty. Raises InvalidInput."""
    if not text:
        return None
    try:
        day = day_of(text)
    except ValueError:
        raise InvalidInput("must be a day as 2026-12-31", field="due") from None
    return datetime.combine(day, time(23, 59, 59), UTC)


def batch_of(project_id: int, batch_id: int) -> Batch:
    """The batch of a page. Raises NotFound when it is not of this project."""
    batch = batches.find(db(), user(), batch_id)
    if batch.project_id != project_id:
        raise NotFound
    return batch


@blueprint.post("/projects/<int:project_id>/batches/<int:batch_id>")
def change_batch(project_id: int, batch_id: int) -> Any:
    """Set the priority of a batch or the answers its open work gets, pause it or let it go on."""
    batch = batch_of(project_id, batch_id)
    action = request.form.get("action")
    if action == "priority":
        value = whole_number(request.form.get("priority", ""), "priority")
        batches.set_priority(db(), batch, value, by=user())
        flash(f"Batch {batch.name} now has priority {value}.", "success")
    elif action == "wanted":
        value = whole_number(request.form.get("wanted", ""), "wanted")
        changed = answers_wanted.set_for_batch(db(), batch, value, by=user())
        what = "1 unfinished asset" if changed == 1 else f"{changed:,} unfinished assets"
        flash(f"Batch {batch.name}: answers wanted set to {value} for {what}.", "success")
    elif action == "pause":
        batches.pause(db(), batch, by=user())
        flash(f"Batch {batch.name} is paused.", "message")
    elif action == "resume":
        batches.resume(db(), batch, by=user())
        flash(f"Batch {batch.name} goes on.", "success")
    else:
        raise InvalidInput("expected priority, wanted, pause or resume", field="action")
    return redirect(url_for("projects.batches", project_id=project_id), 303)
