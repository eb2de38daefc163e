"""The classes of a project: rows to edit, a new version with each save."""

from itertools import zip_longest
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ops import ontologies
from ops.errors import InvalidInput
from ops.web.identity import db, user
from scheduling.projects.blueprint import blueprint, page, project_of

COLUMNS = ("key", "name", "colour", "hotkey", "description")
STARTING_ROWS = 3


@blueprint.route("/projects/<int:project_id>/classes", methods=["GET", "POST"])
def classes(project_id: int) -> Any:
    """The editor with the version in force, and publishing the next."""
    project = project_of(project_id)
    current = ontologies.current(db(), project.id)
    rows = _rows_of_form() if request.method == "POST" else _rows_of(current)
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            made = ontologies.publish(db(), project, rows, user())
        except InvalidInput as error:
            errors = error.errors
        else:
            flash(f"{len(made.classes)} classes are in force (version {made.version}).", "success")
            return redirect(url_for("projects.classes", project_id=project.id), 303)
    return page(
        "classes.html",
        project,
        "classes",
        422 if errors else 200,
        current=current,
        rows=rows,
        errors=errors,
    )


def _rows_of(current: ontologies.OntologyVersion | None) -> list[dict[str, str]]:
    if current is not None:
        return list(current.classes)
    colours = ontologies.PALETTE[:STARTING_ROWS]
    return [{**dict.fromkeys(COLUMNS, ""), "colour": colour} for colour in colours]


def _rows_of_form() -> list[dict[str, str]]:
    """The rows of the form without those that were left empty."""
    columns = [request.form.getlist(name) for name in COLUMNS]
    rows = [
        dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
        for cells in zip_longest(*columns, fillvalue="")
    ]
    # A colour input always has a value, so it does not make a row.
    return [row for row in rows if row["name"] or row["key"] or row["description"]]


@blueprint.get("/projects/<int:project_id>/classes/row")
def class_row(project_id: int) -> Any:
    """One more empty row for the editor."""
    project_of(project_id)
    taken = {colour.lower() for colour in request.args.getlist("colour")}
    free = [colour for colour in ontologies.PALETTE if colour not in taken]
    colour = free[0] if free else ontologies.PALETTE[len(taken) % len(ontologies.PALETTE)]
    empty = {**dict.fromkeys(COLUMNS, ""), "colour": colour}
    return render_template("projects/_class_row.html", row=empty, n=None, errors=[], fresh=True)
