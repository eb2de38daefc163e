"""Capacity by skill against what open batches need, over the next weeks."""

from apiflask import APIBlueprint
from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from metrics import charts_hours
from metrics.reads import capacity as reads
from ops.web.identity import db, user

blueprint = APIBlueprint(
    "team_capacity", __name__, enable_openapi=False, template_folder="templates"
)


@blueprint.get("/teams/capacity")
def show() -> ResponseReturnValue:
    """A row for each skill that is needed, a column for each week."""
    found = reads.of_viewer(db(), user())
    rows = [
        (name, [(one.covered, one.missing, one.spare) for one in cells])
        for name, cells in found.cells.items()
    ]
    # Names are escaped where the picture is drawn.
    picture = Markup(charts_hours.capacity(found.weeks, rows) if rows else "")  # noqa: S704
    return render_template("teams/capacity.html", found=found, picture=picture)
