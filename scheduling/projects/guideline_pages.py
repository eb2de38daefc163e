"""The guideline of a project: markdown, seen as labellers see it, compared by version."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ops import guideline_changes, guideline_readers, guideline_words, guidelines
from ops.errors import InvalidInput
from ops.models import Project
from ops.web.identity import db, user
from scheduling.projects.blueprint import blueprint, page, project_of


@blueprint.route("/projects/<int:project_id>/guideline", methods=["GET", "POST"])
def guideline(project_id: int) -> Any:
    """The editor with the version in force, and publishing the next."""
    project = project_of(project_id)
    current = guidelines.current(db(), project.id)
    text = request.form.get("markdown", current.markdown if current else "")
    # Nobody has worked by a first version yet; later ones change what they do.
    must_read = "must_read" in request.form if request.form else current is not None
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            made = guidelines.publish(db(), project, text, user(), must_read=must_read)
        except InvalidInput as error:
            errors = error.errors
        else:
            flash(_in_force(project, made.version), "success")
            return redirect(url_for("projects.guideline", project_id=project.id), 303)
    return page(
        "guideline.html",
        project,
        "guideline",
        422 if errors else 200,
        current=current,
        text=text,
        must_read=must_read,
        errors=errors,
        versions=guideline_readers.published(db(), project),
        words=guideline_words.of_project(db(), project.id),
    )


def _in_force(project: Project, version: int) -> str:
    words = f"Version {version} of the guideline is in force."
    if project.guideline_due == version:
        words += " Labellers read it before their next task."
    return words


@blueprint.get("/projects/<int:project_id>/guideline/changes")
def compare_guideline(project_id: int) -> Any:
    """What changed between two versions, the newest two unless others are chosen."""
    project = project_of(project_id)
    versions = guideline_readers.published(db(), project)
    newest = versions[0].version if versions else 1
    after = request.args.get("after", newest, type=int)
    before = request.args.get("before", max(1, after - 1), type=int)
    one, other = (guidelines.find(db(), project.id, version) for version in (before, after))
    found = guideline_changes.changes(one.markdown, other.markdown)
    return page(
        "guideline_changes.html",
        project,
        "guideline",
        versions=versions,
        before=before,
        after=after,
        found=found,
        changed=guideline_changes.anything(found),
    )


@blueprint.post("/projects/<int:project_id>/guideline/preview")
def guideline_preview(project_id: int) -> Any:
    """The markdown of the form as HTML."""
    project_of(project_id)
    text = request.form.get("markdown", "")[: guidelines.LONGEST]
    return render_template("projects/_preview.html", text=text)
