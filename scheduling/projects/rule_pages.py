"""The rules of a project: what they say, what they did, who objects."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import select

from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Project
from ops.web.identity import db, user
from quality.models import Assessment
from scheduling.models import Rule
from scheduling.projects import rule_forms
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.rule_picture import picture
from scheduling.rules import book, firings, words

STATE_WORDS = {
    "pending": "Takes effect soon",
    "applied": "In effect",
    "appealed": "Appealed",
    "upheld": "Upheld",
    "lifted": "Over",
    "overridden": "Overridden",
}


@blueprint.get("/projects/<int:project_id>/rules")
def rules(project_id: int) -> Any:
    """Every rule in words, and the firings: open appeals first."""
    project = project_of(project_id)
    found = book.of_project(db(), project.id)
    decided = firings.of_project(db(), project.id)
    fired = {firing.rule_id for firing in decided}
    return page(
        "rules.html",
        project,
        "rules",
        rows=[(rule, book.in_words(db(), rule), rule.id in fired) for rule in found],
        missing=len(book.missing(db(), project)),
        firings=decided,
        appeals=sum(firings.open_appeal(firing) for firing in decided),
        open_appeal=firings.open_appeal,
        states=STATE_WORDS,
        consequence=words.consequence,
    )


@blueprint.post("/projects/<int:project_id>/rules/recommended")
def recommended_rules(project_id: int) -> Any:
    """Make the recommended rules that are missing."""
    project = project_of(project_id)
    made = book.install_recommended(db(), project, by=user())
    flash(f"{len(made)} rules are in force." if made else "Nothing was missing.", "success")
    return _back(project)


def _back(project: Project) -> Any:
    return redirect(url_for("projects.rules", project_id=project.id), 303)


@blueprint.route("/projects/<int:project_id>/rules/new", methods=["GET", "POST"])
def new_rule(project_id: int) -> Any:
    """A new rule: choose signal and action, set their terms."""
    project = project_of(project_id)
    return _edit(project, None)


@blueprint.route("/projects/<int:project_id>/rules/<int:rule_id>", methods=["GET", "POST"])
def rule(project_id: int, rule_id: int) -> Any:
    """Change a rule."""
    project = project_of(project_id)
    return _edit(project, _rule(project, rule_id))


def _rule(project: Project, rule_id: int) -> Rule:
    found = book.find(db(), user(), rule_id)
    if found.project_id != project.id:
        raise NotFound("There is no such rule in this project.")
    return found


def _edit(project: Project, one: Rule | None) -> Any:
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            with db().begin_nested():
                _save(project, one)
        except InvalidInput as error:
            errors = error.errors
        except Conflict as error:
            errors = [{"field": error.field, "message": error.message}]
        else:
            flash("The rule is saved and in force.", "success")
            return _back(project)
    signal, action = rule_forms.chosen(request.values, one)
    return page(
        "rule.html",
        project,
        "rules",
        422 if errors else 200,
        rule=one,
        signal=signal,
        action=action,
        signals=[(key, kind.title) for key, kind in words.SIGNAL.items()],
        actions=[(key, kind.title) for key, kind in words.ACTION.items()],
        fields=rule_forms.form_fields(signal, action, one),
        name=request.values.get("name", one.name if one else ""),
        values=request.form if errors else None,
        errors=errors,
        no_way_back=action == "train" and not _assessed(project),
    )


def _assessed(project: Project) -> bool:
    """Whether somebody who is sent to training can come back: an open assessment of the skill."""
    asked = (Assessment.skill_id == project.skill_id) & Assessment.open
    return db().scalar(select(Assessment.id).where(asked).limit(1)) is not None


def _save(project: Project, one: Rule | None) -> None:
    values = rule_forms.values(request.form)
    if one is None:
        book.create(db(), project, by=user(), **values)
    else:
        book.change(db(), project, one, by=user(), **values)


@blueprint.post("/projects/<int:project_id>/rules/<int:rule_id>/state")
def change_rule(project_id: int, rule_id: int) -> Any:
    """Switch a rule on or off, or delete one that never fired."""
    project = project_of(project_id)
    found = _rule(project, rule_id)
    action, name = request.form.get("action", ""), found.name
    try:
        if action == "delete":
            book.remove(db(), project, found, by=user())
            flash(f"“{name}” is deleted.", "success")
        elif action in ("on", "off"):
            book.set_enabled(db(), project, found, action == "on", by=user())
            flash(f"“{name}” is switched {action}.", "success")
        else:
            raise InvalidInput("expected on, off or delete", field="action")
    except Conflict as error:
        flash(error.message, "error")
    return _back(project)


@blueprint.route(
    "/projects/<int:project_id>/rules/firings/<int:firing_id>", methods=["GET", "POST"]
)
def firing(project_id: int, firing_id: int) -> Any:
    """One firing with its evidence; uphold it, or override it."""
    project = project_of(project_id)
    one = firings.find(db(), user(), firing_id)
    if one.project_id != project.id:
        raise NotFound("There is no such firing in this project.")
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        uphold = request.form.get("verdict") == "uphold"
        try:
            n = firings.settle(db(), one, uphold=uphold, why=request.form.get("why", ""), by=user())
        except InvalidInput as error:
            errors = error.errors
        except Conflict as error:
            errors = [{"field": "why", "message": error.message}]
        else:
            flash(_settled(uphold, n, one.evidence.get("redone") or 0), "success")
            return _back(project)
    return page(
        "firing.html",
        project,
        "rules",
        422 if errors else 200,
        firing=one,
        picture=picture(one.evidence),
        sentence=words.consequence(one.evidence["action"], one.evidence["measure"]),
        title=words.SIGNAL[one.evidence["signal"]].title,
        state=STATE_WORDS[one.state],
        open_appeal=firings.open_appeal(one),
        settled=firings.taken_back(one),
        why=request.form.get("why", ""),
        errors=errors,
    )


def _settled(uphold: bool, counted: int, redone: int) -> str:
    if uphold:
        return "Upheld; the labeller is told."
    if not redone:
        return "Overridden: what it did is undone."
    return (
        f"Overridden: what it did is undone. {counted} of {redone} answers count again; "
        "the others' tasks have been taken up by somebody else."
    )
