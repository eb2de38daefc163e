"""Assistance, for leads: whether a model's drafts save time, and whether wrong ones pull."""

from apiflask import APIBlueprint
from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from metrics import charts
from metrics.reads import assistance as reads
from metrics.reads.assistance import Assisted
from metrics.web import assistance_words as words
from ops import projects, references
from ops.web.identity import db, user

blueprint = APIBlueprint("assistance", __name__, enable_openapi=False, template_folder="templates")
MOST_BARS = 30


@blueprint.get("/projects/<int:project_id>/assistance")
def show(project_id: int) -> ResponseReturnValue:
    """What labellers made of the drafts, the time saved, the pull of wrong drafts."""
    project = projects.find(db(), user(), project_id)
    found = reads.of_project(db(), project)
    terms = projects.settings_of(project).assist
    return render_template(
        "assistance/show.html",
        project=project,
        terms=terms,
        models=references.named(db(), project.id, "predictions"),
        all=found.all,
        labellers=found.labellers,
        said=words.conclusion(found.all, terms.model),
        picture=_picture(found.labellers),
        words=words,
    )


def _picture(labellers: list[Assisted]) -> Markup:
    rows = [
        (one.name, [part.value or 0.0 for part in one.fates[:3]], one.fates.kept.n)
        for one in labellers
        if one.fates.kept.n
    ]
    # Names are escaped where the picture is drawn.
    return Markup(charts.fates(rows[:MOST_BARS], words.FATES) if rows else "")  # noqa: S704
