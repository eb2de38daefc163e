"""A label from the form of a page: what was chosen, ticked, typed or pasted."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from ops import labels
from ops.errors import InvalidInput
from ops.models import OntologyVersion
from quality.judging.answers import chosen

# What a label looks like, for those who paste one.
EXAMPLES = {
    "attributes": '{"attributes": {"weather": "rain"}}',
    "boxes": '{"objects": [{"id": "1", "class": "car", "box": [10, 20, 60, 40]}]}',
    "polygons": '{"objects": [{"id": "1", "class": "car", '
    '"polygons": [[[[10, 20], [70, 20], [40, 60]]]]}]}',
    "masks": '{"objects": [{"id": "1", "class": "car", "rle": {"size": [480, 640], '
    '"counts": "…"}}]}',
    "keypoints": '{"objects": [{"id": "1", "class": "person", "points": [[10, 20, 2]]}]}',
    "spans": '{"spans": [{"id": "1", "class": "person", "start": 0, "end": 3}]}',
}


class Form(Protocol):
    """Fields of a form: one value, or all of a name."""

    def get(self, name: str, default: str) -> str: ...
    def getlist(self, name: str) -> list[str]: ...


def label_from(label_type: str, ontology: OntologyVersion | None, form: Form) -> dict[str, Any]:
    """The label that a form gives, not yet checked against the ontology.

    A class comes in `class`, another choice in `choice`, tags in `tag`, a text in `text`, and any
    other label as JSON in `label`. Raises InvalidInput naming the field.
    """
    if label_type == "class":
        return {"class": form.get("class", "")}
    if label_type in labels.CHOICES:
        return _choice(label_type, form.get("choice", ""), offered(label_type, ontology))
    if label_type == "tags":
        return {"tags": form.getlist("tag")}
    if label_type == "transcription":
        return {"text": form.get("text", "")}
    found = from_json(form.get("label", ""), "label")
    if not isinstance(found, dict):
        raise InvalidInput("a label is a JSON object", field="label")
    return found


def offered(label_type: str, ontology: OntologyVersion | None) -> list[str]:
    """The keys of a choice; between two one can choose before anything is defined."""
    return labels.choices(label_type, ontology or OntologyVersion(classes=[]))


def choices_in_words(label_type: str, ontology: OntologyVersion | None) -> list[tuple[str, str]]:
    """Key and words of what may be chosen, where the label is a choice but no class."""
    keys = offered(label_type, ontology) if label_type != "class" else []
    said = [(key, chosen(label_type, key)) for key in keys]
    return [(key, labels.in_words(label_type, label, ontology)) for key, label in said]


def _choice(label_type: str, key: str, known: Sequence[str]) -> dict[str, Any]:
    if key not in known:
        raise InvalidInput(f"choose one of {', '.join(known[:10])}", field=label_type)
    return chosen(label_type, key)


def from_json(text: str, field: str) -> Any:
    """What a text says as JSON. Raises InvalidInput."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("this is no JSON", field=field) from None
