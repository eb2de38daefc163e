"""The settings of a project: one field of the form per field of the model, with its own words."""

import types
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from flask import current_app, flash, redirect, request, url_for
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from werkzeug.datastructures import MultiDict

from ops import projects, references
from ops.errors import Conflict, InvalidInput
from ops.project_settings import ProjectSettings
from ops.web.identity import db, user
from scheduling.projects.blueprint import blueprint, page, project_of

GROUPS = {
    "": "Work",
    "overlap": "Answers an asset gets",
    "limits": "Limits of one labeller",
    "hard": "Hard assets",
    "review": "Review",
    "nesting": "Nesting of newcomers",
    "assist": "A model's drafts",
    "gold": "Gold",
    "likeness": "Likeness of drawn labels",
    "gate": "Terms of the gate",
    "gate.plan": "Terms of the gate: the sample of reviews",
    "gate.classes": "Terms of the gate: classes",
    "gate.errors": "Terms of the gate: errors",
    "service": "Service agreed with the client",
}


@dataclass(frozen=True)
class FormField:
    """A field of the form: `name` is the path in the settings, as `gold.rate_new`."""

    name: str
    label: str
    help: str
    kind: str  # number, checkbox, choice, name, attributes, numbers
    value: Any
    required: bool
    limits: dict[str, Any]
    whole: bool
    choices: tuple[str, ...] = ()


def fields(settings: BaseModel, prefix: str = "") -> list[FormField]:
    """The form of a model and the models in it, in their order."""
    found: list[FormField] = []
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
        path = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            found += fields(value, f"{path}.")
        else:
            found.append(_field(path, info, value))
    return found


def _field(path: str, info: FieldInfo, value: Any) -> FormField:
    kinds = _types(info.annotation)
    kind, choices = "number", ()
    if get_origin(info.annotation) is Literal:
        kind, choices = "choice", get_args(info.annotation)
    elif bool in kinds:
        kind = "checkbox"
    elif str in kinds:
        kind = "name"
    elif get_origin(info.annotation) is dict:
        kind = "attributes" if get_origin(get_args(info.annotation)[1]) is list else "numbers"
    return FormField(
        name=path,
        label=info.title or path.rpartition(".")[2].replace("_", " ").capitalize(),
        help=info.description or "",
        kind=kind,
        value=_TEXTS[kind](value) if kind in _TEXTS else value,
        required=type(None) not in kinds and kind == "number",
        limits=_limits(info),
        whole=int in kinds,
        choices=choices,
    )


def _types(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)


def _limits(info: FieldInfo) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for bound in info.metadata:
        if isinstance(bound, Ge | Gt):
            limits["min"] = bound.ge if isinstance(bound, Ge) else bound.gt
        elif isinstance(bound, Le | Lt):
            limits["max"] = bound.le if isinstance(bound, Le) else bound.lt
    return limits


def _attributes_text(value: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {', '.join(allowed)}" for name, allowed in value.items())


def _numbers_text(value: dict[str, float]) -> str:
    return "\n".join(f"{name}: {number:g}" for name, number in value.items())


_TEXTS: dict[str, Any] = {"attributes": _attributes_text, "numbers": _numbers_text}


def values_of(form: MultiDict[str, str], model: BaseModel) -> dict[str, Any]:
    """The form as nested values for the model. Raises InvalidInput naming the fields."""
    result: dict[str, Any] = {}
    faults: list[dict[str, Any]] = []
    for field in fields(model):
        *groups, name = field.name.split(".")
        target = result
        for group in groups:
            target = target.setdefault(group, {})
        try:
            target[name] = _value(field, form.get(field.name, "").strip())
        except ValueError as error:
            faults.append({"field": field.name, "message": str(error)})
    if faults:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
    return result


def _value(field: FormField, text: str) -> Any:
    if field.kind == "checkbox":
        return bool(text)
    if field.kind == "attributes":
        return _attributes(text)
    if field.kind == "numbers":
        return _numbers(text)
    if field.kind in ("choice", "name"):
        return text or None
    if not text:
        if field.required:
            raise ValueError("give a number")
        return None
    try:
        return int(text) if field.whole else float(text)
    except ValueError:
        kind = "a whole number" if field.whole else "a number"
        raise ValueError(f"must be {kind}") from None


def _attributes(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, allowed = line.partition(":")
        values = [value.strip() for value in allowed.split(",") if value.strip()]
        if not line.strip():
            continue
        if not (colon and name.strip() and values):
            raise ValueError("one attribute a line, as language: de, en")
        found[name.strip()] = values
    return found


def _numbers(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, number = line.rpartition(":")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            name = ""
        if not name.strip():
            raise ValueError("one number a line, as car: 0.9")
    return found


@blueprint.route("/projects/<int:project_id>/settings", methods=["GET", "POST"])
def settings(project_id: int) -> Any:
    """Name, purpose and every setting, and saving them."""
    project = project_of(project_id)
    kept = projects.settings_of(project)
    errors: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            with db().begin_nested():
                _save(project, kept)
        except InvalidInput as error:
            errors = error.errors
        except Conflict as error:
            errors = [{"field": error.field, "message": error.message}]
        else:
            flash("The settings are saved.", "success")
            return redirect(url_for("projects.settings", project_id=project.id), 303)
        db().refresh(project)
    grouped: dict[str, list[FormField]] = {title: [] for title in GROUPS.values()}
    for field in fields(kept):
        grouped[GROUPS.get(field.name.rpartition(".")[0], "Further")].append(field)
    return page(
        "settings.html",
        project,
        "settings",
        422 if errors else 200,
        grouped=grouped,
        assistance_page="assistance.show" in current_app.view_functions,
        names={"assist.model": references.named(db(), project.id, "predictions")},
        values=request.form if errors else None,
        errors=errors,
    )


def _save(project: projects.Project, kept: ProjectSettings) -> None:
    form = request.form
    projects.rename(
        db(), project, name=form.get("name", ""), purpose=form.get("purpose", ""), by=user()
    )
    projects.save_settings(db(), project, values_of(form, kept), user())
