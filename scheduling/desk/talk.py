"""Questions at the desk: asked from a piece of work, read and answered; never an id of an asset.

A labeller sees their own, and those in which they are named. Whoever reviews or decides sees what
was asked by those whose answers lie before them, without names: of gold as of work.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, Field
from sqlalchemy import select

from ops import guidelines, notices, talk, talk_reads
from ops.models import Asset, Assignment, Comment, GuidelineVersion, Issue, Project, Task
from ops.talk_pins import Pin, in_words
from ops.web.api_types import Strict
from ops.web.identity import db, user
from quality import gold_review
from quality.judging import answers
from scheduling.desk import work

blueprint = APIBlueprint("desk_talk", __name__, url_prefix="/api/v1/desk", tag="Desk")
DECIDING = ("review", "adjudicate")
# Of a question with its pin, however its characters are escaped.
MOST_BYTES = 2**17


@blueprint.before_request
def bound() -> None:
    """Refuse what is longer than any question before it is read."""
    request.max_content_length = min(MOST_BYTES, request.max_content_length or MOST_BYTES)


Body = Field(
    min_length=1, max_length=talk.LONGEST, description="Plain text; @lead and @expert call"
)
Key = Field(min_length=8, max_length=64, description="Chosen once: sent twice it is one")


class AskIn(Strict):
    """A question about a piece of work, or about the guideline."""

    pin: Pin
    body: str = Body
    key: str = Key


class SayIn(Strict):
    """A comment."""

    body: str = Body
    key: str = Key


class NothingIn(Strict):
    """Nothing more to say."""


class CommentOut(BaseModel):
    """One contribution to a thread; the first is the question."""

    who: str = Field(description="You, the name of a lead, or a role: labellers are never named")
    mine: bool
    at: datetime
    body: str


class IssueOut(BaseModel):
    """A question and its thread."""

    token: uuid.UUID
    work: uuid.UUID | None = Field(description="The token of your work it was asked from")
    project: str
    pin: dict[str, Any]
    about: str = Field(description="What it is pinned to, in words")
    state: Literal["open", "answered", "resolved"]
    mine: bool = Field(description="Whether you asked it")
    escalated: bool
    entry: int | None = Field(description="The version of the guideline that took its answer in")
    unread: int = Field(description="What you were told of it and have not read")
    opened_at: datetime
    comments: list[CommentOut]


class IssuesOut(BaseModel):
    """Questions, the newest first."""

    issues: list[IssueOut]
    unread: int = Field(description="In how many of them there is something new")


@blueprint.post("/<uuid:token>/issues")
@blueprint.input(AskIn, arg_name="said")
@blueprint.output(IssueOut, status_code=201)
def ask(token: uuid.UUID, said: AskIn) -> dict[str, Any]:
    """Ask about a piece of work

    The work goes on: submit the best answer meanwhile. Safe to repeat with the same `key`.
    """
    found = work.open_work(db(), user(), token, work.SEEN)
    project = db().get_one(Project, found.project_id)
    issue = talk.open_issue(
        db(),
        project,
        user(),
        said.pin,
        said.body,
        key=said.key,
        asset=_asset(found.id),
        assignment_id=found.id,
        guideline=guidelines.current(db(), project.id),
    )
    return _shown([issue])[0]


def _asset(assignment_id: int) -> Asset:
    behind = (
        select(Asset)
        .join(Task, Task.asset_id == Asset.id)
        .join(Assignment, Assignment.task_id == Task.id)
    )
    return db().scalars(behind.where(Assignment.id == assignment_id)).one()


@blueprint.get("/<uuid:token>/issues")
@blueprint.output(IssuesOut)
def about_work(token: uuid.UUID) -> dict[str, Any]:
    """List what was asked about a piece of work

    Your own questions; in a review or adjudication those of the labellers whose answers you see,
    without names.
    """
    found = work.open_work(db(), user(), token)
    task = db().get_one(Task, db().get_one(Assignment, found.id).task_id)
    if task.stage not in DECIDING:
        own = [one for one in talk_reads.mine(db(), user()) if one.assignment_id == found.id]
        return _listed(_shown(own))
    return _listed(_shown(talk_reads.of_asset(db(), task.asset_id, _heard(task)), names=False))


def _heard(task: Task) -> set[int]:
    """Whose answers lie before the reviewer; as many looks at gold as at work."""
    gold = gold_review.shown(db(), [task.asset_id]).get(task.asset_id, [])
    given = answers.labels_of(db(), [task.asset_id])
    return {answer.labeller_id for answer in gold or given}


@blueprint.get("/issues")
@blueprint.output(IssuesOut)
def mine() -> dict[str, Any]:
    """List your own questions, and those in which you are named"""
    return _listed(_shown(talk_reads.mine(db(), user())))


@blueprint.get("/issues/<uuid:issue>/comments")
@blueprint.output(IssueOut)
def thread(issue: uuid.UUID) -> dict[str, Any]:
    """Get the thread of a question"""
    return _shown([_own(issue)])[0]


@blueprint.post("/issues/<uuid:issue>/comments")
@blueprint.input(SayIn, arg_name="said")
@blueprint.output(IssueOut, status_code=201)
def reply(issue: uuid.UUID, said: SayIn) -> dict[str, Any]:
    """Add to the thread of a question"""
    found = _own(issue)
    talk.comment(db(), found, user(), said.body, key=said.key)
    return _shown([found])[0]


@blueprint.post("/issues/<uuid:issue>/resolve")
@blueprint.input(NothingIn, arg_name="said")
@blueprint.output(IssueOut)
def resolve(issue: uuid.UUID, said: NothingIn) -> dict[str, Any]:  # noqa: ARG001
    """Say that your question is settled"""
    found = _own(issue)
    talk.resolve(db(), found, user())
    return _shown([found])[0]


@blueprint.post("/issues/<uuid:issue>/read")
@blueprint.input(NothingIn, arg_name="said")
@blueprint.output(IssueOut)
def read(issue: uuid.UUID, said: NothingIn) -> dict[str, Any]:  # noqa: ARG001
    """Say that you have read the thread of a question"""
    found = _own(issue)
    notices.read_issue(db(), user(), found.id)
    return _shown([found])[0]


def _own(token: uuid.UUID) -> Issue:
    return talk_reads.find(db(), user(), (Issue.token == token) & talk_reads.concerns(user()))


def _listed(issues: list[dict[str, Any]]) -> dict[str, Any]:
    return {"issues": issues, "unread": sum(one["unread"] > 0 for one in issues)}


def _shown(issues: Sequence[Issue], *, names: bool = True) -> list[dict[str, Any]]:
    """Issues as a worker may know them, in a fixed number of statements."""
    ids = [one.id for one in issues]
    threads = talk_reads.comments(db(), ids)
    unread = notices.unread_issues(db(), user())
    works = _works(issues)
    entries = _entries(issues)
    return [
        {
            "token": one.token,
            "work": works.get(one.assignment_id),
            "project": one.project.name,
            "pin": one.pin,
            "about": in_words(one.pin, one.project.medium),
            "state": one.state,
            "mine": one.opened_by == user().id,
            "escalated": one.escalated_at is not None,
            "entry": entries.get(one.entry_version_id),
            "unread": unread.get(one.id, 0),
            "opened_at": one.opened_at,
            "comments": [_comment(said, names) for said in threads.get(one.id, [])],
        }
        for one in issues
    ]


def _comment(said: Comment, names: bool) -> dict[str, Any]:
    return {
        "who": talk_reads.called(said.author, user(), names=names),
        "mine": said.by == user().id,
        "at": said.at,
        "body": said.body,
    }


def _works(issues: Sequence[Issue]) -> dict[int | None, uuid.UUID]:
    """Assignment id → its token, of the reader's own work alone."""
    ids = [one.assignment_id for one in issues if one.assignment_id and one.opened_by == user().id]
    found = select(Assignment.id, Assignment.token).where(
        Assignment.id.in_(ids), Assignment.labeller_id == user().id
    )
    return {row.id: row.token for row in db().execute(found)} if ids else {}


def _entries(issues: Sequence[Issue]) -> dict[int | None, int]:
    ids = [one.entry_version_id for one in issues if one.entry_version_id]
    found = select(GuidelineVersion.id, GuidelineVersion.version)
    if not ids:
        return {}
    return {row.id: row.version for row in db().execute(found.where(GuidelineVersion.id.in_(ids)))}
