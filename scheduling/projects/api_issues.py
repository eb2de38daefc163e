"""The API for questions: what labellers asked, answered by those who run the project or decide."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ops import talk, talk_pins, talk_reads
from ops.models import GuidelineVersion, Issue
from ops.web.api_types import Id, QueryId, Strict
from ops.web.identity import db, user
from quality.measures.waiting import waiting
from scheduling.projects.api import blueprint, mine

Body = Annotated[
    str, StringConstraints(min_length=1, max_length=talk.LONGEST, pattern=r"^[^\x00]*$")
]
Entry = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]


class IssuesIn(Strict):
    """Which questions; all when nothing is said."""

    state: Literal["open", "answered", "resolved", "unresolved"] | None = None
    pin: Literal["asset", "point", "object", "passage", "guideline"] | None = None
    escalated: Literal["true", "false"] = Field("false", description="Only those with experts")
    asset: QueryId | None = Field(None, description="Only of this asset")
    before: QueryId | None = Field(None, description="Only those with a smaller id: the next page")


class ReplyIn(Strict):
    """A comment."""

    body: Body = Field(description="Plain text; @lead and @expert call")
    key: str = Field(min_length=8, max_length=64, description="Chosen once: sent twice it is one")
    mentions: list[Id] = Field(default=[], max_length=50, description="Members to tell as well")


class StateIn(Strict):
    """What becomes of a question."""

    action: Literal["resolve", "reopen", "escalate"]


class EntryIn(Strict):
    """What the guideline is to say."""

    markdown: Entry
    must_read: bool = Field(False, description="Labellers must have read it before their next task")


class CommentOut(BaseModel):
    """One contribution to a thread; the first is the question."""

    who: str = Field(description="You, a name where it is shown to you, or a role")
    at: datetime
    body: str


class QuestionOut(BaseModel):
    """A question and its thread."""

    id: int
    project: int
    state: str
    pin: dict[str, Any]
    about: str
    asset: int | None = Field(description="Shown to those who run the project")
    asked_by: str
    opened_at: datetime
    escalated_at: datetime | None
    answered_at: datetime | None
    resolved_at: datetime | None
    entry: int | None = Field(description="The version of the guideline that took its answer in")
    client_text: str | None = Field(description="What the client was asked; for those who run it")
    client_at: datetime | None
    client_answered_at: datetime | None
    comments: list[CommentOut]


class AnswerTimeOut(BaseModel):
    """Seconds from a question to its first answer; null where too little is known."""

    median: float | None
    n: int
    low: float | None
    high: float | None


class QuestionsOut(BaseModel):
    """Questions of a project, the newest first."""

    issues: list[QuestionOut]
    next_before: int | None
    counts: dict[str, int]
    time_to_answer: AnswerTimeOut


@blueprint.get("/projects/<int:project_id>/issues")
@blueprint.input(IssuesIn, location="query", arg_name="asked")
@blueprint.output(QuestionsOut)
def list_issues(project_id: int, asked: IssuesIn) -> dict[str, Any]:
    """List the questions of a project

    With how many there are in each state, and how long the first answer took.
    """
    project = mine(project_id)
    wanted = talk_reads.Filter(
        asked.state or "", asked.escalated == "true", asked.pin or "", asked.asset
    )
    found = talk_reads.page(db(), user(), [project.id], wanted, before=asked.before)
    rows = found[: talk_reads.PAGE]
    return {
        "issues": as_questions(rows),
        "next_before": rows[-1].id if len(found) > talk_reads.PAGE else None,
        "counts": talk_reads.counts(db(), user(), [project.id]),
        "time_to_answer": waiting(talk_reads.answer_seconds(db(), [project.id]))._asdict(),
    }


@blueprint.get("/projects/<int:project_id>/issues/<int:issue_id>")
@blueprint.output(QuestionOut)
def show_issue(project_id: int, issue_id: int) -> dict[str, Any]:
    """Get a question with its thread"""
    return as_questions([own(project_id, issue_id)])[0]


@blueprint.post("/projects/<int:project_id>/issues/<int:issue_id>/comments")
@blueprint.input(ReplyIn, arg_name="asked")
@blueprint.output(QuestionOut, status_code=201)
def reply_to_issue(project_id: int, issue_id: int, asked: ReplyIn) -> dict[str, Any]:
    """Reply to a question

    Whoever asked is told. Safe to repeat with the same `key`.
    """
    found = own(project_id, issue_id)
    talk.comment(db(), found, user(), asked.body, key=asked.key, mentions=asked.mentions)
    return as_questions([found])[0]


@blueprint.post("/projects/<int:project_id>/issues/<int:issue_id>/state")
@blueprint.input(StateIn, arg_name="asked")
@blueprint.output(QuestionOut)
def change_issue(project_id: int, issue_id: int, asked: StateIn) -> dict[str, Any]:
    """Resolve a question, open it again, or send it on to the experts"""
    found = own(project_id, issue_id)
    acts = {"resolve": talk.resolve, "reopen": talk.reopen, "escalate": talk.escalate}
    acts[asked.action](db(), found, user())
    return as_questions([found])[0]


@blueprint.post("/projects/<int:project_id>/issues/<int:issue_id>/entry")
@blueprint.input(EntryIn, arg_name="asked")
@blueprint.output(QuestionOut)
def enter_issue(project_id: int, issue_id: int, asked: EntryIn) -> dict[str, Any]:
    """Take an answered question into the guideline

    A new version that holds the text under "Questions and answers".
    """
    found = own(project_id, issue_id)
    talk.into_guideline(db(), found, user(), asked.markdown, must_read=asked.must_read)
    return as_questions([found])[0]


def own(project_id: int, issue_id: int) -> Issue:
    """The question of an address. Raises NotFound."""
    project = mine(project_id)
    condition = (Issue.id == issue_id) & (Issue.project_id == project.id)
    return talk_reads.find(db(), user(), condition)


def as_questions(found: Any) -> list[dict[str, Any]]:
    """Issues with their threads, as `QuestionOut` has them."""
    threads = talk_reads.comments(db(), [one.id for one in found])
    return [_issue(one, threads.get(one.id, [])) for one in found]


def _issue(one: Issue, thread: list[Any]) -> dict[str, Any]:
    names = ("id", "state", "pin", "opened_at", "escalated_at", "answered_at", "resolved_at")
    entry = db().get(GuidelineVersion, one.entry_version_id) if one.entry_version_id else None
    return {
        **{name: getattr(one, name) for name in names},
        "project": one.project_id,
        "about": talk_pins.in_words(one.pin, one.project.medium),
        "asset": one.asset_id if talk_reads.sees_people(user()) else None,
        "asked_by": talk_reads.called(one.opener, user()),
        "entry": entry.version if entry else None,
        "client_text": one.client_text or None if talk_reads.sees_people(user()) else None,
        "client_at": one.client_at,
        "client_answered_at": one.client_answered_at,
        "comments": [
            {"who": talk_reads.called(said.author, user()), "at": said.at, "body": said.body}
            for said in thread
        ],
    }
