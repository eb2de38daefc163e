"""Questions that a lead passed on: the client reads the lead's words and answers."""

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboards.portal.blueprint import blueprint, page, project_of
from ops import client_questions, talk_pins
from ops.errors import Conflict, InvalidInput, TooMany
from ops.models import Asset, Issue
from ops.web import media
from ops.web.identity import db, user
from scheduling.projects import issue_views


@blueprint.get("/portal/projects/<int:project_id>/questions")
def questions(project_id: int) -> ResponseReturnValue:
    """What waits for an answer, the longest on top, and what was answered."""
    project = project_of(project_id)
    rows = [_row(one) for one in client_questions.of(db(), user(), project.id)]
    found: ResponseReturnValue = page("questions.html", project, "questions", rows=rows)
    return found


def _row(one: Issue) -> dict[str, Any]:
    return {
        "issue": one,
        "waiting": client_questions.waiting(one),
        "overdue": client_questions.overdue(one),
        "due": client_questions.due(one),
    }


@blueprint.get("/portal/questions/<int:issue_id>")
def question(issue_id: int) -> ResponseReturnValue:
    """One question with the item that it is about, and the form to answer."""
    return _page(client_questions.find(db(), user(), issue_id))


def _page(one: Issue, errors: list[dict[str, Any]] | None = None) -> ResponseReturnValue:
    asset = db().get(Asset, one.asset_id) if one.asset_id else None
    found: ResponseReturnValue = page(
        "question.html",
        one.project,
        "questions",
        422 if errors else 200,
        about=talk_pins.in_words(one.pin, one.project.medium),
        asset=asset,
        picture=media.url(asset.id) if asset and asset.uri else None,
        pinned=issue_views.pinned(db(), asset, one.pin) if asset else None,
        passage=issue_views.passage(asset.text or "", one.pin) if asset else None,
        key=request.form.get("key") or uuid.uuid4().hex,
        values=request.form,
        errors=errors or [],
        **_row(one),
    )
    return found


@blueprint.post("/portal/questions/<int:issue_id>")
def answer_question(issue_id: int) -> ResponseReturnValue:
    """Answer it, once."""
    one = client_questions.find(db(), user(), issue_id)
    form = request.form
    try:
        client_questions.answer(db(), one, user(), form.get("body", ""), key=form.get("key", ""))
        flash("Thank you: whoever asked and those who run the project are told.", "success")
    except InvalidInput as error:
        return _page(one, error.errors)
    except (Conflict, TooMany) as error:
        flash(error.message, "error")
    return redirect(url_for("portal.questions", project_id=one.project_id), 303)
