"""What managers shape: the stages themselves, and the letters."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from ops.applicants import duplicates, letters, stages
from ops.errors import TouchstoneError
from ops.models import Applicant
from ops.web.fields import faults, identity
from ops.web.identity import db, user
from quality.web.pipeline.blueprint import REFUSED, blueprint, field, needed


@blueprint.get("/pipeline/stages")
def shape() -> ResponseReturnValue:
    """Every stage with its name, place and meaning."""
    return _stages(None)


@blueprint.post("/pipeline/stages")
def reshape() -> ResponseReturnValue:
    """Add, rename, shift or remove a stage, or give accounts from it on."""
    action = field("action")
    try:
        with db().begin_nested():
            _reshape(action)
    except TouchstoneError as refused:
        said = faults(refused)
        for fault in said if action == "rename" else ():
            fault["field"] = f"name-{field('stage')}"
        return _stages(said), 422
    return redirect(url_for("pipeline.shape"), 303)


def _reshape(action: str) -> None:
    if action == "add":
        before = stages.find(db(), identity(field("before")))
        meaning = field("meaning") or "open"
        stages.add(db(), name=field("name"), before=before, meaning=meaning, by=user())
        return
    stage = stages.find(db(), needed("stage"))
    if action == "rename":
        stages.rename(db(), stage, field("name"), by=user())
    elif action in ("earlier", "later"):
        stages.shift(db(), stage, -1 if action == "earlier" else 1, by=user())
    elif action == "accounts":
        stages.give_accounts_from(db(), stage, by=user())
    elif action == "remove":
        stages.remove(db(), stage, by=user())


def _stages(errors: Any) -> str:
    counted = select(Applicant.stage_id, func.count()).group_by(Applicant.stage_id)
    return render_template(
        "onboarding/pipeline/stages.html",
        stages=stages.listed(db()),
        here={row[0]: row[1] for row in db().execute(counted)},
        errors=errors,
        values=request.form,
        twins=duplicates.count(db(), user()),
        view="Stages",
    )


@blueprint.get("/pipeline/letters")
def letters_page() -> ResponseReturnValue:
    """Every letter; one of them, or one that is offered, in the form."""
    chosen, offered = identity(request.args.get("letter")), identity(request.args.get("offered"))
    values: dict[str, Any] = {}
    if chosen is not None:
        found = letters.find(db(), chosen)
        names = ("name", "subject", "body", "stage_id")
        values = {"letter": found.id, **{n: getattr(found, n) for n in names}}
    elif offered is not None and offered < len(letters.OFFERED):
        values = dict(zip(("name", "subject", "body"), letters.OFFERED[offered], strict=True))
    return _letters(values, None)


@blueprint.post("/pipeline/letters")
def save_letter() -> ResponseReturnValue:
    """Keep a letter, show how it reads, or remove it."""
    chosen = identity(field("letter"))
    found = letters.find(db(), chosen) if chosen else None
    if field("action") == "remove" and found is not None:
        letters.remove(db(), found, by=user())
        return redirect(url_for("pipeline.letters_page"), 303)
    texts = {name: field(name) for name in ("name", "subject", "body")}
    stage_id = identity(field("stage"))
    values = {**texts, "letter": chosen, "stage_id": stage_id}
    try:
        if field("action") == "preview":
            return _letters(values, None, preview=letters.check(texts))
        with db().begin_nested():
            stage = stages.find(db(), stage_id) if stage_id else None
            letters.save(db(), found, **texts, stage=stage, by=user())
    except REFUSED as refused:
        return _letters(values, faults(refused)), 422
    flash(f"The letter {texts['name']} is kept.", "success")
    return redirect(url_for("pipeline.letters_page"), 303)


def _letters(values: dict[str, Any], errors: Any, preview: dict[str, str] | None = None) -> str:
    shown = {n: letters.sample(t) for n, t in preview.items()} if preview else None
    return render_template(
        "onboarding/pipeline/letters.html",
        letters=letters.listed(db()),
        offered=[name for name, _, _ in letters.OFFERED],
        stages=stages.listed(db()),
        entered=[
            ("", "No stage: by hand alone"),
            *((stage.id, stage.name) for stage in stages.listed(db())),
        ],
        words=letters.WORDS,
        values=values,
        errors=errors,
        preview=shown,
        twins=duplicates.count(db(), user()),
        view="Letters",
    )
