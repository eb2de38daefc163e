"""The page of the desk. Everything on it comes from the API; the page itself holds no work."""

from apiflask import APIBlueprint
from flask import render_template

from ops.web.identity import user

blueprint = APIBlueprint("desk", __name__, enable_openapi=False, template_folder="templates")


@blueprint.get("/desk")
def page() -> str:
    """The workbench of a labeller: one task at a time."""
    return render_template("desk/page.html", person=user())
