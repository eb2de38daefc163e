"""The accepted answers of gold: label payloads, each right or worth part of the credit."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ops import ontologies
from ops.errors import InvalidInput
from ops.models import OntologyVersion


def check_answers(
    session: Session, project_id: int, answers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The accepted answers, validated against the ontology in force, without repeats.

    Each is {"class": key} and may carry a "credit" in (0, 1]; what is worth 1 stands first, and at
    least one is. Raises InvalidInput naming the field.
    """
    ontology = ontologies.current(session, project_id)
    if ontology is None:
        raise InvalidInput("the project has no classes yet", field="answers")
    checked: dict[str, dict[str, Any]] = {}
    for answer in answers:
        clean = _check(ontology, answer)
        if checked.setdefault(clean["class"], clean) != clean:
            raise InvalidInput(f"{clean['class']} is given two credits", field="answers")
    accepted = sorted(checked.values(), key=lambda answer: "credit" in answer)
    _refuse(accepted, len(ontology.classes))
    return accepted


def _refuse(accepted: Sequence[Mapping[str, Any]], classes: int) -> None:
    right = sum("credit" not in answer for answer in accepted)
    if not accepted:
        raise InvalidInput("give at least one accepted answer", field="answers")
    if not right:
        raise InvalidInput("at least one answer must be worth full credit", field="answers")
    if right == classes:
        raise InvalidInput("if every class is right, nothing is tested", field="answers")


def _check(ontology: OntologyVersion, answer: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise InvalidInput("an answer is an object with a class", field="answers")
    rest = {name: value for name, value in answer.items() if name != "credit"}
    clean = {"class": ontologies.check_label(ontology, rest)["class"]}
    credit = answer.get("credit", 1)
    if isinstance(credit, bool) or not isinstance(credit, int | float) or not 0 < credit <= 1:
        raise InvalidInput("a credit is a number above 0, at most 1", field="credit")
    return clean if credit == 1 else {**clean, "credit": float(credit)}


def credit(accepted: Sequence[Mapping[str, Any]], key: str) -> float:
    """What answering class `key` is worth: the credit of the best match, 0 without one."""
    return max((float(a.get("credit", 1)) for a in accepted if a["class"] == key), default=0.0)
