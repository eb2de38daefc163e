"""The guideline of a project: written in markdown, seen as labellers see it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ops import guidelines
from ops.errors import InvalidInput
from ops.web.identity import db, user
from scheduling.projects.blueprint import blueprint, page, project_of


@blueprint.route("/projects/<int:project_id>/guideline", methods=["GET", "POST"])
def guideline(project_id: int) -> Any:
    """The editor with the version in force, and publishing the next."""
    project = project_of(project_id)
    current = guidelines.current(db(), project.id)
    text = request.form.get("markdown", current.markdown if current else "")
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            made = guidelines.publish(db(), project, text, user())
        except InvalidInput as error:
            errors = error.errors
        else:
            flash(f"Version {made.version} of the guideline is in force.", "success")
            return redirect(url_for("projects.guideline", project_id=project.id), 303)
    status = 422 if errors else 200
    return page(
        "guideline.html", project, "guideline", status, current=current, text=text, errors=errors
    )


@blueprint.post("/projects/<int:project_id>/guideline/preview")
def guideline_preview(project_id: int) -> Any:
    """The markdown of the form as HTML."""
    project_of(project_id)
    text = request.form.get("markdown", "")[: guidelines.LONGEST]
    return render_template("projects/_preview.html", text=text)
