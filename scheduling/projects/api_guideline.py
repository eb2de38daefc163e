"""The API for guidelines: publish, compare versions, see how many have read them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops import guideline_changes, guideline_readers, guidelines
from ops.errors import NotFound
from ops.models import GuidelineVersion, Project
from ops.web.api_types import Page, Strict
from ops.web.identity import db, user
from scheduling.projects.api import blueprint, mine
from scheduling.projects.api_messages import Markdown


class GuidelineIn(Strict):
    """The text of the next version."""

    markdown: Markdown
    must_read: bool = Field(
        False, description="Whether labellers must have read it before their next task"
    )


class GuidelineOut(BaseModel):
    """The version in force."""

    version: int
    markdown: str
    must_read: bool = Field(description="Whether it must be read before the next task")


class VersionOut(BaseModel):
    """One version, and how many have read it or a newer one."""

    version: int
    at: datetime
    by: str | None = Field(description="Who published it")
    must_read: bool
    read_by: int
    labellers: int = Field(description="Of how many, who do work of the project")


class VersionsOut(BaseModel):
    """Every version, the newest first."""

    versions: list[VersionOut]


class CompareQuery(Strict):
    """Two versions."""

    before: Page = Field(description="The older version")
    after: Page = Field(description="The newer version")


class PieceOut(BaseModel):
    """A stretch of text in both versions, only in the newer or only in the older."""

    kind: Literal["kept", "added", "removed"]
    text: str


class BlockOut(BaseModel):
    """A block of markdown, such as a paragraph or a list."""

    kind: Literal["kept", "added", "removed", "changed"]
    pieces: list[PieceOut]


class ChangesOut(BaseModel):
    """What changed, block by block and within one word by word."""

    before: int
    after: int
    blocks: list[BlockOut]


@blueprint.get("/projects/<int:project_id>/guideline")
@blueprint.output(GuidelineOut)
def show_guideline(project_id: int) -> dict[str, Any]:
    """Get the guideline in force"""
    project = mine(project_id)
    found = guidelines.current(db(), project.id)
    if found is None:
        raise NotFound("This project has no guideline yet.")
    return _guideline(project, found)


@blueprint.put("/projects/<int:project_id>/guideline")
@blueprint.input(GuidelineIn, arg_name="asked")
@blueprint.output(GuidelineOut)
def publish_guideline(project_id: int, asked: GuidelineIn) -> dict[str, Any]:
    """Publish the guideline

    A new version, unless nothing changed; its members are told. With `must_read` labellers get no
    further task of the project before they have said that they read it.
    """
    project = mine(project_id)
    made = guidelines.publish(db(), project, asked.markdown, user(), must_read=asked.must_read)
    return _guideline(project, made)


def _guideline(project: Project, found: GuidelineVersion) -> dict[str, Any]:
    return {
        "version": found.version,
        "markdown": found.markdown,
        "must_read": project.guideline_due == found.version,
    }


@blueprint.get("/projects/<int:project_id>/guideline/versions")
@blueprint.output(VersionsOut)
def list_guidelines(project_id: int) -> dict[str, Any]:
    """List the versions of the guideline, and how many have read each"""
    found = guideline_readers.published(db(), mine(project_id))
    return {"versions": [vars(one) for one in found]}


@blueprint.get("/projects/<int:project_id>/guideline/changes")
@blueprint.input(CompareQuery, location="query", arg_name="asked")
@blueprint.output(ChangesOut)
def compare_guidelines(project_id: int, asked: CompareQuery) -> dict[str, Any]:
    """Compare two versions of the guideline"""
    project = mine(project_id)
    before, after = (guidelines.find(db(), project.id, n) for n in (asked.before, asked.after))
    found = guideline_changes.changes(before.markdown, after.markdown)
    return {
        "before": asked.before,
        "after": asked.after,
        "blocks": [asdict(block) for block in found],
    }
