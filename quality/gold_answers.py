"""The accepted answers of gold: labels, each right or worth part of the credit, with tolerances."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ops import labels, ontologies
from ops.errors import InvalidInput
from ops.models import Asset, OntologyVersion, Project
from quality.judging.alike import Yardstick, size_of

# What an accepted answer may say beside its label.
TERMS = ("credit", "tolerance", "overlap")
MOST = 500
Accepted = Mapping[str, Any]


def check_answers(
    session: Session, project: Project, answers: Sequence[Accepted], asset: Asset | None = None
) -> list[dict[str, Any]]:
    """The accepted answers, validated against the ontology in force, without repeats.

    Each is a label of the project's type, such as {"class": key}, and may carry a "credit" in
    (0, 1], a "tolerance" in [0, 1) (a likeness so little short of 1 is worth all of it) and an
    "overlap" in (0, 1] (from which two shapes are one object). What is worth 1 stands first, and at
    least one is. Raises InvalidInput naming the field.
    """
    ontology = ontologies.current(session, project.id)
    if ontology is None and project.label_type not in ontologies.NOTHING_NEEDED:
        raise InvalidInput("the project has no classes yet", field="answers")
    ontology = ontology or OntologyVersion(classes=[])
    checked: list[dict[str, Any]] = []
    for answer in answers:
        clean = _check(project.label_type, ontology, answer, asset)
        before = next((one for one in checked if label_of(one) == label_of(clean)), clean)
        if before != clean:
            said = labels.in_words(project.label_type, clean)
            raise InvalidInput(f"{said} is given two credits", field="answers")
        checked += [clean] if before is clean else []
    accepted = sorted(checked, key=lambda answer: "credit" in answer)
    _refuse(accepted, labels.choices(project.label_type, ontology))
    return accepted


def _refuse(accepted: Sequence[Accepted], choices: Sequence[str]) -> None:
    right = sum("credit" not in answer for answer in accepted)
    if not accepted:
        raise InvalidInput("give at least one accepted answer", field="answers")
    if len(accepted) > MOST:
        raise InvalidInput(f"give at most {MOST} accepted answers", field="answers")
    if not right:
        raise InvalidInput("at least one answer must be worth full credit", field="answers")
    if choices and right == len(choices):
        raise InvalidInput("if every class is right, nothing is tested", field="answers")


def _check(
    label_type: str, ontology: OntologyVersion, answer: Accepted, asset: Asset | None
) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise InvalidInput("an answer is an object with a label", field="answers")
    said = {name: value for name, value in answer.items() if name not in TERMS}
    size = size_of(asset) if asset is not None else None
    length = len(asset.text) if asset is not None and asset.text is not None else None
    clean = labels.check(label_type, ontology, said, size=size, length=length)
    credit = _number(answer, "credit", 1, "a credit is a number above 0, at most 1")
    if not 0 < credit <= 1:
        raise InvalidInput("a credit is a number above 0, at most 1", field="credit")
    tolerance = _number(answer, "tolerance", 0, "a tolerance is a number from 0, below 1")
    if not 0 <= tolerance < 1:
        raise InvalidInput("a tolerance is a number from 0, below 1", field="tolerance")
    overlap = _number(answer, "overlap", None, "an overlap is a number above 0, at most 1")
    if overlap is not None and not 0 < overlap <= 1:
        raise InvalidInput("an overlap is a number above 0, at most 1", field="overlap")
    terms = {
        "credit": credit if credit != 1 else None,
        "tolerance": tolerance or None,
        "overlap": overlap,
    }
    return labels.content(clean) | {n: float(v) for n, v in terms.items() if v is not None}


def _number(answer: Accepted, name: str, usual: Any, expected: str) -> Any:
    value = answer.get(name)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(expected, field=name)
    return value


def label_of(accepted: Accepted) -> dict[str, Any]:
    """The label that is accepted, without its terms."""
    return {name: value for name, value in accepted.items() if name not in TERMS}


def coverage(label_type: str, label: Accepted) -> str:
    """Under what gold of this label is handed out in turn: its class, or that of its first object;
    empty where nothing is of a class."""
    if label_type in labels.CHOICES:
        return str(label[label_type])
    if label_type == "tags":
        return str(label["tags"][0]) if label["tags"] else ""
    things = label.get("objects") or label.get("spans") or ()
    return str(things[0]["class"]) if things else ""


def credit(
    accepted: Sequence[Accepted],
    said: Accepted,
    yardstick: Yardstick,
    size: tuple[int, int] | None = None,
) -> float:
    """What an answer that says `said` is worth: the credit of the accepted answer that suits it
    best, times the likeness to it; 0 where nothing is said. `size` of the picture in px."""
    return max((_worth(one, said, yardstick, size) for one in accepted), default=0.0)


def _worth(
    one: Accepted, said: Accepted, yardstick: Yardstick, size: tuple[int, int] | None
) -> float:
    asked = {"overlap": one["overlap"]} if "overlap" in one else {}
    alike = yardstick(said, label_of(one), size=size, **asked)
    spared = float(one.get("tolerance", yardstick.tolerance))
    whole = 1.0 if alike >= 1 - spared - 1e-9 else alike
    return float(one.get("credit", 1)) * whole


def credit_of_key(accepted: Sequence[Accepted], label_type: str, key: str) -> float:
    """What the choice `key` is worth; for pages on which each choice stands with its credit."""
    worth = [float(one.get("credit", 1)) for one in accepted if str(one.get(label_type)) == key]
    return max(worth, default=0.0)
