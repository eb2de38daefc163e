"""What the labels of a project may say: rows to edit, a new version with each save."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ops import ontologies
from ops.errors import InvalidInput
from ops.labels import KINDS
from ops.web.identity import db, user
from scheduling.projects import ontology_forms
from scheduling.projects.blueprint import blueprint, page, project_of


@blueprint.route("/projects/<int:project_id>/classes", methods=["GET", "POST"])
def classes(project_id: int) -> Any:
    """The editor with the version in force, and publishing the next."""
    project = project_of(project_id)
    current = ontologies.current(db(), project.id)
    typed = ontology_forms.shown(project, current)
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        typed = ontology_forms.again(request.form)
        try:
            given = ontology_forms.parsed(project, typed)
            made = ontologies.publish(db(), project, given.pop("classes"), user(), **given)
        except InvalidInput as error:
            errors = error.errors
        else:
            flash(_in_force(made), "success")
            return redirect(url_for("projects.classes", project_id=project.id), 303)
    return page(
        "classes.html",
        project,
        "classes",
        422 if errors else 200,
        current=current,
        kind=KINDS[project.label_type],
        uses=ontology_forms.parts_of(project.label_type),
        attribute_kinds=ontology_forms.ATTRIBUTE_KINDS,
        errors=errors,
        **typed,
    )


def _in_force(made: ontologies.OntologyVersion) -> str:
    what = f"{len(made.classes)} classes are" if made.classes else "The answer is"
    return f"{what} in force (version {made.version})."


@blueprint.get("/projects/<int:project_id>/classes/row")
def class_row(project_id: int) -> Any:
    """One more empty row for the editor: a class, or with `part` an attribute or a reason."""
    project = project_of(project_id)
    part = request.args.get("part")
    columns = {
        "attributes": ontology_forms.ATTRIBUTE_COLUMNS,
        "reasons": ontology_forms.REASON_COLUMNS,
    }.get(part or "", ontology_forms.CLASS_COLUMNS)
    taken = {colour.lower() for colour in request.args.getlist("colour")}
    free = [colour for colour in ontologies.PALETTE if colour not in taken]
    colour = free[0] if free else ontologies.PALETTE[len(taken) % len(ontologies.PALETTE)]
    return render_template(
        "projects/_class_row.html",
        part=part,
        row={**dict.fromkeys(columns, ""), "colour": colour},
        uses=ontology_forms.parts_of(project.label_type),
        skeletons=project.label_type == "keypoints",
        attribute_kinds=ontology_forms.ATTRIBUTE_KINDS,
    )
