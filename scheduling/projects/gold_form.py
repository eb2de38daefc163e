"""Accepted answers of gold from a form: what a lead chose, ticked, typed or pasted."""

import json
from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from ops import labels
from ops.errors import InvalidInput
from ops.models import OntologyVersion, Project
from quality.judging.answers import chosen

Answers = Sequence[dict[str, Any]]


def answers_of(
    project: Project, ontology: OntologyVersion | None, form: MultiDict[str, str]
) -> Answers:
    """The accepted answers that a form gives.

    `answers` holds all of them as JSON. Without it a class comes in `class` or `credit.<class>`, a
    choice in `choice`, tags in `tag`, a text in `text`, and any other label as JSON in `label`.
    Raises InvalidInput naming the field.
    """
    if form.get("answers"):
        return _listed(form["answers"])
    if project.label_type == "class":
        return _classes(form)
    if project.label_type in labels.CHOICES:
        known = labels.choices(project.label_type, ontology)
        return [_choice(project.label_type, key, known) for key in form.getlist("choice") if key]
    if project.label_type == "tags":
        return [{"tags": form.getlist("tag")}]
    if project.label_type == "transcription":
        return [{"text": form.get("text", "")}]
    return [_object(form.get("label", ""))]


def _classes(form: MultiDict[str, str]) -> Answers:
    """Classes named right, and classes given a credit: `credit.<class>`, empty for wrong."""
    right: list[dict[str, Any]] = [{"class": key} for key in form.getlist("class") if key]
    return right + [
        {"class": name.removeprefix("credit."), "credit": _number(value)}
        for name, value in form.items()
        if name.startswith("credit.") and value
    ]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput("a credit is a number above 0, at most 1", field="credit") from None


def _choice(label_type: str, key: str, known: Sequence[str]) -> dict[str, Any]:
    if key not in known:
        raise InvalidInput(f"choose one of {', '.join(known[:10])}", field=label_type)
    return chosen(label_type, key)


def _object(text: str) -> dict[str, Any]:
    found = _json(text, "label")
    if not isinstance(found, dict):
        raise InvalidInput("a label is a JSON object", field="label")
    return found


def _listed(text: str) -> Answers:
    found = _json(text, "answers")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput("accepted answers are a JSON list of labels", field="answers")
    return found


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("this is no JSON", field=field) from None
