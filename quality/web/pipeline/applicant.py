"""One applicant: their data, what happened, what comes next, and every deed a manager may do."""

import uuid
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops import clock_time
from ops.applicants import (
    duplicates,
    forgetting,
    letters,
    listing,
    moving,
    notes,
    own_data,
    posting,
    stages,
    taking_on,
    visible,
)
from ops.errors import TouchstoneError
from ops.models import Applicant
from ops.web import mail
from ops.web.apply import as_file
from ops.web.fields import faults, identity
from ops.web.identity import db, user
from quality.onboarding import timeline
from quality.web.pipeline.blueprint import REFUSED, blueprint, field, needed


@blueprint.get("/pipeline/<int:applicant_id>")
def applicant(applicant_id: int) -> ResponseReturnValue:
    """Everything about one applicant; with ?letter= a letter filled in, to be sent."""
    return _page(visible.applicant(db(), user(), applicant_id))


@blueprint.post("/pipeline/<int:applicant_id>/move")
def move_one(applicant_id: int) -> ResponseReturnValue:
    """Move them, with a reason and the letter of the stage or none."""
    one = visible.applicant(db(), user(), applicant_id)
    letter: moving.Letter = "none" if field("letter") == "none" else "usual"
    try:
        with db().begin_nested():
            to = stages.find(db(), identity(field("to")))
            expected = needed("expected")
            moving.move(
                db(),
                one.id,
                to,
                expected=expected,
                by=user(),
                reason=field("reason"),
                letter=letter,
            )
    except TouchstoneError as refused:
        return _refused(one, refused)
    flash(f"{one.name} is in {to.name} now.", "success")
    return _back(one)


@blueprint.post("/pipeline/<int:applicant_id>/notes")
def note(applicant_id: int) -> ResponseReturnValue:
    """Write down something of them."""
    one = visible.applicant(db(), user(), applicant_id, lock=True)
    try:
        notes.add(db(), one, field("body"), by=user())
    except REFUSED as refused:
        return _page(one, note=field("body"), errors=faults(refused)), 422
    return _back(one)


@blueprint.post("/pipeline/<int:applicant_id>/letters")
def letter(applicant_id: int) -> ResponseReturnValue:
    """Write to them, in the words that stand in the form."""
    one = visible.applicant(db(), user(), applicant_id, lock=True)
    texts = {name: field(name) for name in ("subject", "body")}
    try:
        with db().begin_nested():
            texts = {n: letters.filled(t, one) for n, t in letters.check(texts).items()}
            posting.write(db(), one, **texts, key=f"hand:{field('key')[:64]}", by=user())
    except REFUSED as refused:
        return _page(one, draft=texts, errors=faults(refused)), 422
    sent = "is on its way" if posting.configured() else "waits below to be copied"
    flash(f"The letter {sent}.", "success")
    return _back(one)


@blueprint.post("/pipeline/<int:applicant_id>/letters/sent")
def letter_sent(applicant_id: int) -> ResponseReturnValue:
    """A letter was copied and sent by hand."""
    one = visible.applicant(db(), user(), applicant_id)
    posting.mark_sent(db(), one, needed("letter"), by=user())
    return _back(one)


@blueprint.post("/pipeline/<int:applicant_id>/take-on")
def take_on(applicant_id: int) -> ResponseReturnValue:
    """Give them an account and the opening's project; this answer alone shows the link."""
    one = visible.applicant(db(), user(), applicant_id)
    try:
        with db().begin_nested():
            chosen = identity(field("letter"))
            template = letters.find(db(), chosen) if chosen else None
            _, _, secret = taking_on.take_on(db(), one.id, by=user(), letter=template)
    except TouchstoneError as refused:
        return _refused(one, refused)
    return make_response(_page(one, invitation=mail.link_url(secret)), 201)


@blueprint.post("/pipeline/<int:applicant_id>/data.json")
def export(applicant_id: int) -> ResponseReturnValue:
    """All that is held of them, as a file; it is recorded who took it."""
    one = visible.applicant(db(), user(), applicant_id)
    return as_file(own_data.by_manager(db(), one, by=user()))


@blueprint.post("/pipeline/<int:applicant_id>/erase")
def erase(applicant_id: int) -> ResponseReturnValue:
    """Forget them, for good."""
    one = visible.applicant(db(), user(), applicant_id)
    try:
        with db().begin_nested():
            forgetting.erase(db(), one.id, by=user())
    except REFUSED as refused:
        return _refused(one, refused)
    flash("The personal data is erased. Stages and dates stay, under a pseudonym.", "success")
    return _back(one)


@blueprint.post("/pipeline/<int:applicant_id>/unmerge")
def unmerge(applicant_id: int) -> ResponseReturnValue:
    """They are not who they were taken for."""
    one = visible.applicant(db(), user(), applicant_id)
    duplicates.unmerge(db(), one.id, by=user())
    flash(f"{one.name} is an applicant of their own again.", "success")
    return _back(one)


def _back(one: Applicant) -> ResponseReturnValue:
    return redirect(url_for("pipeline.applicant", applicant_id=one.id), 303)


def _refused(one: Applicant, error: TouchstoneError) -> ResponseReturnValue:
    """The page as it is now, with the reason on top."""
    db().refresh(one)
    return _page(one, errors=[{"field": None, "message": error.message}]), 409


def _page(one: Applicant, **more: Any) -> str:
    chosen = identity(request.args.get("letter"))
    draft = more.pop("draft", None)
    if chosen is not None and draft is None:
        template = letters.find(db(), chosen)
        draft = {n: letters.filled(getattr(template, n), one) for n in ("subject", "body")}
    page = {"errors": None, "note": "", "invitation": None, **more}
    return render_template(
        "onboarding/pipeline/applicant.html",
        one=one,
        days=listing.days_in_stage(one, clock_time.now()),
        events=timeline.of(db(), user(), one),
        twins=duplicates.of(db(), user(), one),
        merged=duplicates.merged_into(db(), one, user()),
        stages=stages.listed(db()),
        letters=letters.listed(db()),
        may_take_on=taking_on.may(db(), one),
        mailed=posting.configured(),
        mailto=posting.mailto,
        draft=draft,
        key=uuid.uuid4(),
        **page,
    )
