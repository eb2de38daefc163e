"""The blueprint of the portal, and what its pages begin with."""

from typing import Any

from apiflask import APIBlueprint
from flask import render_template, url_for

from dashboards.portal import view
from ops import projects
from ops.models import Project
from ops.web.identity import db, user

blueprint = APIBlueprint("portal", __name__, enable_openapi=False, template_folder="../templates")

TABS = (
    ("project", "Batches"),
    ("questions", "Questions"),
    ("guideline", "Guideline"),
    ("proposals", "Known answers"),
)


def project_of(project_id: int) -> Project:
    """The project of a page, if it is of the client's. Raises NotFound."""
    return projects.find(db(), user(), project_id)


def page(template: str, project: Project, tab: str, status: int = 200, **more: Any) -> Any:
    """A page of one project under its tabs, which say what waits for the client."""
    asked = view.asked_of_client(db(), user(), [project.id])[project.id]
    waits = {"questions": asked.questions, "guideline": int(asked.guideline is not None)}
    tabs = [
        {
            "text": text,
            "url": url_for(f"portal.{name}", project_id=project.id),
            "key": name,
            "waits": waits.get(name, 0),
        }
        for name, text in TABS
    ]
    body = render_template(f"portal/{template}", project=project, tabs=tabs, tab=tab, **more)
    return body, status
