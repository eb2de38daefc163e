"""The blueprint of the project pages, and what all of them begin with."""

from typing import Any

from apiflask import APIBlueprint
from flask import render_template, url_for

from ops import projects
from ops.access import LEADS
from ops.labels import KINDS
from ops.models import Project
from ops.web.identity import db, user

blueprint = APIBlueprint("projects", __name__, template_folder="templates", enable_openapi=False)

TABS = (
    ("show", "Overview"),
    ("batches", "Batches"),
    ("assets", "Assets"),
    ("classes", "Classes"),
    ("guideline", "Guideline"),
    ("issues", "Questions"),
    ("hand_out", "Hand out"),
    ("people", "People"),
    ("gold", "Gold"),
    ("rules", "Rules"),
    ("settings", "Settings"),
)


# The tab of what labels may say, where they have no classes.
WITHOUT_CLASSES = {"rating": "Scale", "preference": "Reasons"}


def project_of(project_id: int) -> Project:
    """The project of a page, if its reader may see it. Raises NotFound."""
    return projects.find(db(), user(), project_id)


def page(template: str, project: Project, tab: str, status: int = 200, **more: Any) -> Any:
    """A page of one project, with its tabs for those who run it."""
    tabs = (
        []
        if user().role not in LEADS
        else [
            {
                "text": _classes_tab(project) if name == "classes" else text,
                "url": url_for(f"projects.{name}", project_id=project.id),
                "key": name,
            }
            for name, text in TABS
        ]
    )
    body = render_template(f"projects/{template}", project=project, tabs=tabs, tab=tab, **more)
    return body, status


def _classes_tab(project: Project) -> str:
    if KINDS[project.label_type].least_classes:
        return "Classes"
    return WITHOUT_CLASSES.get(project.label_type, "Attributes")
