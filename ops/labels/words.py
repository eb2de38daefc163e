"""A label in a few words, for tables and messages: "3 boxes: 2 car, 1 bus"."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ops.labels.ground import Ontology, words

Label = Mapping[str, Any]
# What one object and several are called.
OBJECTS = {
    "boxes": ("box", "boxes"),
    "polygons": ("outline", "outlines"),
    "masks": ("mask", "masks"),
    "keypoints": ("figure", "figures"),
    "spans": ("passage", "passages"),
}
LONGEST = 80


def in_words(label_type: str, payload: Label | None, ontology: Any = None) -> str:
    """What a label says, short enough for a cell of a table.

    `ontology` is an `OntologyVersion`, a row or a mapping with its parts: with it classes and
    attributes have their names, without it their keys. Of no payload, or one without content, "no
    label". What the ontology does not know keeps its key: labels outlive versions.
    """
    known = Ontology.of(ontology) if ontology is not None else Ontology()
    if not payload or not _CONTENT[label_type] & payload.keys():
        return "no label"
    return cut(_SAID[label_type](payload, known) + _beside(label_type, payload, known))


def cut(text: str) -> str:
    """At most `LONGEST` characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _name(parts: Iterable[Label], key: Any) -> str:
    return next((str(one["name"]) for one in parts if one["key"] == key), str(key))


def _class(payload: Label, known: Ontology) -> str:
    return _name(known.classes, payload["class"])


def _tags(payload: Label, known: Ontology) -> str:
    return ", ".join(_name(known.classes, key) for key in payload["tags"]) or "no tags"


def _attributes(payload: Label, known: Ontology) -> str:
    given = payload["attributes"]
    order = [one["key"] for one in known.attributes if one["key"] in given]
    said = [
        f"{_name(known.attributes, key)}: {_value(given[key])}"
        for key in dict.fromkeys([*order, *sorted(given)])
    ]
    return "; ".join(said) or "no attributes"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return words(value)
    if isinstance(value, list):
        return " and ".join(map(str, value)) or "none"
    return str(value)


def _objects(label_type: str) -> Callable[[Label, Ontology], str]:
    one, several = OBJECTS[label_type]
    field = "spans" if label_type == "spans" else "objects"

    def said(payload: Label, known: Ontology) -> str:
        things = payload[field]
        if not things:
            return f"no {several}"
        counts = Counter(_name(known.classes, thing["class"]) for thing in things)
        listed = ", ".join(f"{n} {name}" for name, n in counts.most_common())
        related = len(payload.get("relations") or ())
        links = f"; {related} relation{'s' * (related > 1)}" if related else ""
        return f"{len(things)} {one if len(things) == 1 else several}: {listed}{links}"

    return said


def _transcription(payload: Label, _: Ontology) -> str:
    return f"“{payload['text']}”" if payload["text"] else "no text"


def _rating(payload: Label, known: Ontology) -> str:
    said = words(payload["rating"])
    name = ((known.scale or {}).get("labels") or {}).get(said)
    return f"{said} ({name})" if name else said


def _preference(payload: Label, known: Ontology) -> str:
    said = {"a": "A", "b": "B", "tie": "equally good"}[payload["preference"]]
    why = ", ".join(_name(known.reasons, key) for key in payload.get("reasons") or ())
    return f"{said} ({why})" if why else said


def _beside(label_type: str, payload: Label, known: Ontology) -> str:
    """Attributes of the label as a whole, where they are not the label."""
    if label_type == "attributes" or not payload.get("attributes"):
        return ""
    return f" ({_attributes(payload, known)})"


_SAID: dict[str, Callable[[Label, Ontology], str]] = {
    "class": _class,
    "tags": _tags,
    "attributes": _attributes,
    "transcription": _transcription,
    "rating": _rating,
    "preference": _preference,
    **{label_type: _objects(label_type) for label_type in OBJECTS},
}
_CONTENT = {
    label_type: {"spans" if label_type == "spans" else "objects"} for label_type in OBJECTS
} | {
    "class": {"class"},
    "tags": {"tags"},
    "attributes": {"attributes"},
    "transcription": {"text"},
    "rating": {"rating"},
    "preference": {"preference"},
}
