"""Accepted answers of gold from a form."""

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from ops.errors import InvalidInput
from ops.models import OntologyVersion, Project
from quality.label_form import from_json, label_from

Answers = Sequence[dict[str, Any]]


def answers_of(
    project: Project, ontology: OntologyVersion | None, form: MultiDict[str, str]
) -> Answers:
    """The accepted answers that a form gives.

    `answers` holds all of them as JSON. Without it one label comes as `label_from` reads it; of
    classes several in `class`, and some with a credit in `credit.<class>`. Raises InvalidInput
    naming the field.
    """
    if form.get("answers"):
        return _listed(form["answers"])
    if project.label_type == "class":
        return _classes(form)
    return [label_from(project.label_type, ontology, form)]


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


def _listed(text: str) -> Answers:
    found = from_json(text, "answers")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput("accepted answers are a JSON list of labels", field="answers")
    return found
