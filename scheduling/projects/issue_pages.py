"""Questions of labellers: the list of a project or of all, and one with its thread and answers.

An expert may be asked to decide on the same asset: labellers, and what an asset is called, are
shown to those who run the project alone.
"""

import uuid
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from ops import client_questions, scope, storage, talk, talk_pins, talk_reads
from ops.access import LEADS
from ops.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from ops.models import ISSUE_STATES, PINS, Asset, GuidelineVersion, Issue, Project
from ops.web.identity import db, installation, user
from quality.measures.waiting import waiting
from scheduling.projects import issue_views as views
from scheduling.projects import push_forms as forms
from scheduling.projects import reads
from scheduling.projects.blueprint import blueprint, page, project_of

STATES = (
    ("unresolved", "Not resolved"),
    ("open", "Open"),
    ("answered", "Answered"),
    ("resolved", "Resolved"),
    ("all", "All"),
)
PIN_WORDS = (
    ("", "About anything"),
    ("asset", "A whole asset"),
    ("point", "A point"),
    ("object", "An object"),
    ("passage", "A passage"),
    ("guideline", "The guideline"),
)


@blueprint.get("/questions")
def questions() -> Any:
    """The questions of every project that one answers for."""
    listed = _listed(scope.projects(user()))
    return render_template("projects/questions.html", **listed, several=True)


@blueprint.get("/projects/<int:project_id>/issues")
def issues(project_id: int) -> Any:
    """The questions of a project, by state, escalation, pin and asset."""
    project = project_of(project_id)
    return page("issues.html", project, "issues", **_listed([project.id]), several=False)


def asked_for(values: Any) -> talk_reads.Filter:
    """The filter that an address asks for; what is not known asks for nothing."""
    state = values.get("state", "unresolved")
    known = state if state in ("unresolved", *ISSUE_STATES) else ""
    pin = values.get("pin", "")
    return talk_reads.Filter(
        state=known,
        escalated=values.get("escalated", "") == "1",
        pin=pin if pin in PINS else "",
        asset_id=forms.whole(values.get("asset")),
    )


def _listed(project_ids: Any) -> dict[str, Any]:
    asked = asked_for(request.args)
    before = forms.whole(request.args.get("before"))
    found = talk_reads.page(db(), user(), project_ids, asked, before=before)
    rows = found[: talk_reads.PAGE]
    threads = talk_reads.comments(db(), [one.id for one in rows])
    return {
        "rows": [_row(one, threads.get(one.id, [])) for one in rows],
        "next_before": rows[-1].id if len(found) > talk_reads.PAGE else None,
        "counts": talk_reads.counts(db(), user(), project_ids),
        "waited": waiting(talk_reads.answer_seconds(db(), project_ids)),
        "asked": asked,
        "states": STATES,
        "pins": PIN_WORDS,
        "client_overdue": client_questions.overdue,
    }


def _row(one: Issue, thread: list[Any]) -> dict[str, Any]:
    return {
        "issue": one,
        "project": one.project,
        "question": thread[0].body if thread else "",
        "replies": max(0, len(thread) - 1),
        "about": talk_pins.in_words(one.pin, one.project.medium),
        "asker": talk_reads.called(one.opener, user()),
    }


@blueprint.get("/projects/<int:project_id>/issues/<int:issue_id>")
def issue(project_id: int, issue_id: int) -> Any:
    """One question: what it is pinned to, its thread, and what can be done."""
    return _issue(project_of(project_id), issue_id)


def _found(project: Project, issue_id: int) -> Issue:
    condition = (Issue.id == issue_id) & (Issue.project_id == project.id)
    return talk_reads.find(db(), user(), condition)


def _issue(project: Project, issue_id: int, errors: list[dict[str, Any]] | None = None) -> Any:
    one = _found(project, issue_id)
    thread = talk_reads.comments(db(), [one.id]).get(one.id, [])
    asset = db().get(Asset, one.asset_id) if one.asset_id else None
    version, entry = (
        db().get(GuidelineVersion, found) if found else None
        for found in (one.guideline_version_id, one.entry_version_id)
    )
    runs = talk_reads.sees_people(user())
    return page(
        "issue.html",
        project,
        "issues",
        422 if errors else 200,
        issue=one,
        about=talk_pins.in_words(one.pin, project.medium),
        asset=asset,
        named=runs,
        pinned=views.pinned(db(), asset, one.pin) if asset else None,
        passage=views.passage(asset.text or "", one.pin) if asset else None,
        version=version,
        entry=entry,
        thread=[_said(said, thread) for said in thread],
        asker=talk_reads.called(one.opener, user()),
        meanwhile=views.answered_meanwhile(db(), one) if runs else "",
        may_write=user().role in LEADS,
        client_overdue=client_questions.overdue,
        members=_members(project) if runs else [],
        prefilled=request.form.get("markdown") or views.entry(thread),
        key=request.form.get("key") or uuid.uuid4().hex,
        values=request.form if errors else {},
        errors=errors or [],
    )


def _said(said: Any, thread: list[Any]) -> dict[str, Any]:
    named = talk_reads.people(db(), said.mentions) if said.mentions else {}
    return {
        "who": talk_reads.called(said.author, user()),
        "at": said.at,
        "body": said.body,
        "to": [talk_reads.called(one, user()) for one in named.values()],
        "asks": said is thread[0],
    }


def _members(project: Project) -> list[tuple[int, str, str]]:
    found = reads.members(db(), project.id)
    return [(u.id, u.name, u.role) for u, _ in found if u.active and u.id != user().id]


@blueprint.get("/projects/<int:project_id>/issues/<int:issue_id>/medium")
def issue_medium(project_id: int, issue_id: int) -> Response:
    """The picture that a question is about: experts get no link that names the asset."""
    one = _found(project_of(project_id), issue_id)
    asset = db().get(Asset, one.asset_id) if one.asset_id else None
    if asset is None or asset.uri is None:
        raise NotFound("This question is not about a picture.")
    content, mimetype = storage.read(asset.uri, installation())
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.post("/projects/<int:project_id>/issues/<int:issue_id>")
def change_issue(project_id: int, issue_id: int) -> Any:
    """Reply, escalate, resolve, open again, or take the answer into the guideline."""
    project = project_of(project_id)
    one = _found(project, issue_id)
    try:
        flash(_act(one), "success")
    except InvalidInput as error:
        return _issue(project, issue_id, error.errors)
    except (Conflict, TooMany) as error:
        flash(error.message, "error")
    return redirect(url_for("projects.issue", project_id=project.id, issue_id=one.id), 303)


def _act(one: Issue) -> str:
    """What was asked for; returns what came of it, in words."""
    form, me = request.form, user()
    act = form.get("action", "")
    if act == "reply":
        named = list(filter(None, map(forms.whole, form.getlist("mention"))))
        talk.comment(db(), one, me, form.get("body", ""), key=form.get("key", ""), mentions=named)
        return "Sent; whoever asked is told."
    if act == "escalate":
        n = talk.escalate(db(), one, me)
        return "Sent on; the experts are told." if n else "The project has no expert yet."
    if act == "resolve":
        talk.resolve(db(), one, me)
        return "Resolved."
    if act == "reopen":
        talk.reopen(db(), one, me)
        return "Open again."
    if act == "client":
        client_questions.pass_on(db(), one, me, form.get("client_text", ""))
        return "Passed on: the client is told, and sees your words and the asset alone."
    if act == "entry":
        if me.role not in LEADS:
            raise Forbidden("The guideline is written by those who run the project.")
        must = bool(form.get("must_read"))
        made = talk.into_guideline(db(), one, me, form.get("markdown", ""), must_read=must)
        return f"Version {made.version} of the guideline holds the answer."
    raise InvalidInput("expected reply, escalate, resolve, reopen, client or entry", field="action")
