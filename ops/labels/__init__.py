"""Labels: one model for each type of payload, and one check for all of them.

Everything that stores or judges a label asks here whether it fits its ontology and its asset.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ops.errors import InvalidInput
from ops.labels import decision
from ops.labels.decision import ERROR_TYPES, SEVERITIES, VERDICTS, points
from ops.labels.error_words import ERROR_WORDS
from ops.labels.faults import refuse, said_by
from ops.labels.ground import Ground, Ontology
from ops.labels.kinds import CHOICES, KINDS, WITHIN_PICTURE, WITHIN_TEXT
from ops.labels.rating import values
from ops.labels.words import in_words

__all__ = [
    "CHOICES", "ERROR_TYPES", "ERROR_WORDS", "KINDS", "SEVERITIES", "VERDICTS", "WITHIN_PICTURE",
    "WITHIN_TEXT", "Ontology", "check", "choices", "content", "in_words", "points",
    "same",
]  # fmt: skip

# A decision with one of these stands by a label that is known: it need not be repeated.
KNOWN_LABEL = ("accept", "stand")
_BESIDE = frozenset({*decision.FIELDS, "version"})


def check(
    label_type: str,
    ontology: Any,
    payload: Any,
    *,
    size: tuple[int, int] | None = None,
    length: int | None = None,
    verdicts: Sequence[str] = (),
    prediction: bool = False,
) -> dict[str, Any]:
    """The payload of an answer in the one form in which it is stored.

    `ontology` is an `OntologyVersion`, a row or a mapping with its parts. Shapes must stay within
    a picture of `size` (width, height) px, passages within a text of `length` characters; what is
    None is not checked. `verdicts` are those a decision may carry: with return there is no content,
    with accept or stand it may be left out unless the type is class. Only a `prediction` carries
    scores of objects. Raises InvalidInput, every fault with its field named as `objects.3.box`.
    """
    kind = KINDS[label_type]
    if not isinstance(payload, Mapping):
        raise InvalidInput("a label is an object", field=kind.model.subject)
    decided = decision.check(payload, verdicts, size) if not _BESIDE.isdisjoint(payload) else {}
    rest = {name: value for name, value in payload.items() if name not in decision.FIELDS}
    verdict = decided.get("verdict")
    if verdict == "return":
        _refuse_content(rest)
        return decided
    if verdict in KNOWN_LABEL and label_type != "class" and not content(rest):
        return decided
    ground = Ground(Ontology.of(ontology), size, length, prediction)
    return {**_parsed(label_type, rest, ground), **decided}


def _refuse_content(rest: Mapping[str, Any]) -> None:
    for name, value in rest.items():
        if name != "version" and value is not None:
            message = f"a label that is sent back is given no {name}"
            raise InvalidInput(message, field=str(name))


def _parsed(label_type: str, rest: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    try:
        found = KINDS[label_type].model.model_validate(rest)
    except ValidationError as error:
        refuse(said_by(error))
        raise
    refuse(list(found.faults(ground)))
    return found.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def content(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the label says of the asset: the payload without verdict, remark, errors, version."""
    return {name: value for name, value in payload.items() if name not in _BESIDE}


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two stored payloads say the same of the asset."""
    return content(one) == content(other)


def choices(label_type: str, ontology: Any) -> list[str]:
    """The keys among which an answer of a type in `CHOICES` chooses; [] for the other types."""
    parts = Ontology.of(ontology)
    if label_type == "class":
        return list(parts.by_key)
    if label_type == "rating":
        return [str(value) for value in values(parts.scale)] if parts.scale else []
    if label_type == "preference":
        return ["a", "b", "tie"] if parts.tie else ["a", "b"]
    return []
