"""The page of an ontology as a form: rows of text to parts of an ontology, and back."""

import json
from itertools import zip_longest
from typing import Any

from werkzeug.datastructures import MultiDict

from ops import ontologies
from ops.errors import InvalidInput
from ops.labels import KINDS
from ops.models import OntologyVersion, Project

Form = MultiDict[str, str]
Row = dict[str, Any]
CLASS_COLUMNS = ("key", "name", "colour", "hotkey", "description", "skeleton")
ATTRIBUTE_COLUMNS = ("name", "key", "kind", "choices", "of", "required", "low", "high")
REASON_COLUMNS = ("name", "key")
ATTRIBUTE_KINDS = (
    ("choice", "One of a list"),
    ("choices", "Any of a list"),
    ("text", "Text"),
    ("number", "Number"),
    ("flag", "Yes or no"),
)
STARTING_CLASSES = 3
STARTING_SCALE: Row = {"low": 1, "high": 5, "step": 1, "labels": {}}


def parts_of(label_type: str) -> list[str]:
    """Which parts labels of this type have, in the order of the page."""
    classes = ["classes"] if KINDS[label_type].least_classes else []
    return classes + [part for part, used in ontologies.PARTS.items() if used(label_type)]


def shown(project: Project, current: OntologyVersion | None) -> Row:
    """What the page shows of the version in force; rows to begin with where there is none."""
    colours = ontologies.PALETTE[:STARTING_CLASSES]
    classes = current.classes if current else [{"colour": colour} for colour in colours]
    scale: Row = (current.scale if current else None) or STARTING_SCALE
    attributes = list(current.attributes) if current else []
    if project.label_type == "attributes" and not attributes:
        attributes = [{"kind": "choice"}]
    return {
        "classes": [_class_row(one) for one in classes],
        "attributes": [_attribute_row(one) for one in attributes],
        "scale": {
            name: "" if scale.get(name) is None else f"{scale[name]:g}"
            for name in ("low", "high", "step")
        }
        | {"labels": _lines(scale.get("labels") or {})},
        "reasons": [_texts(REASON_COLUMNS, one) for one in (current.reasons if current else [])],
        "tie": bool(current and current.tie),
    }


def _class_row(one: Row) -> Row:
    kept = one.get("skeleton") or {}
    skeleton = {name: kept[name] for name in ("points", "edges", "sigmas") if name in kept}
    return _texts(CLASS_COLUMNS, one) | {"skeleton": json.dumps(skeleton) if skeleton else ""}


def _attribute_row(one: Row) -> Row:
    return _texts(ATTRIBUTE_COLUMNS, one) | {
        "choices": ", ".join(one.get("choices") or ()),
        "of": ", ".join(one.get("of") or ()),
        "required": "1" if one.get("required") else "",
        **{name: f"{one[name]:g}" for name in ("low", "high") if one.get(name) is not None},
    }


def _texts(columns: tuple[str, ...], one: Row) -> Row:
    found = {name: one.get(name) for name in columns}
    return {name: "" if value is None else f"{value}" for name, value in found.items()}


def _lines(words: dict[str, str]) -> str:
    return "\n".join(f"{value}: {text}" for value, text in words.items())


def again(form: Form) -> Row:
    """What was typed, to show it with its faults. Rows that were left empty are gone."""
    return {
        "classes": _filled(_rows(form, "", CLASS_COLUMNS), ("name", "key", "description")),
        "attributes": _filled(_rows(form, "a.", ATTRIBUTE_COLUMNS), ("name", "key", "choices")),
        "scale": {name: form.get(f"s.{name}", "") for name in ("low", "high", "step", "labels")},
        "reasons": _filled(_rows(form, "r.", REASON_COLUMNS), REASON_COLUMNS),
        "tie": bool(form.get("tie")),
    }


def _rows(form: Form, prefix: str, columns: tuple[str, ...]) -> list[Row]:
    cells = [form.getlist(prefix + name) for name in columns]
    return [
        dict(zip(columns, (cell.strip() for cell in row), strict=True))
        for row in zip_longest(*cells, fillvalue="")
    ]


def _filled(rows: list[Row], columns: tuple[str, ...]) -> list[Row]:
    # A colour input always has a value, so it does not make a row.
    return [row for row in rows if any(row[name] for name in columns)]


def parsed(project: Project, typed: Row) -> Row:
    """What was typed as `ontologies.publish` takes it. Raises InvalidInput for what is no JSON."""
    parts = parts_of(project.label_type)
    found = {
        "classes": [_class(n, row) for n, row in enumerate(typed["classes"])],
        "attributes": [_attribute(row) for row in typed["attributes"]],
        "scale": _scale(typed["scale"]),
        "reasons": typed["reasons"],
        "tie": typed["tie"],
    }
    return {"classes": None} | {part: found[part] for part in parts}


def _class(n: int, row: Row) -> Row:
    rest = {name: value for name, value in row.items() if name != "skeleton"}
    if not row["skeleton"]:
        return rest
    try:
        return rest | {"skeleton": json.loads(row["skeleton"])}
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"is not JSON: {error}", field=f"classes.{n}.skeleton") from None


def _attribute(row: Row) -> Row:
    found: Row = {"name": row["name"], "key": row["key"], "kind": row["kind"] or "choice"}
    found["required"] = bool(row["required"])
    for name in ("choices", "of"):
        listed = [part.strip() for part in row[name].split(",") if part.strip()]
        found |= {name: listed} if listed else {}
    for name in ("low", "high"):
        found |= {name: _number(row[name])} if row[name] else {}
    return found


def _scale(typed: Row) -> Row:
    found: Row = {name: _number(typed[name]) for name in ("low", "high", "step")}
    lines = [line.partition(":") for line in typed["labels"].splitlines() if line.strip()]
    words = {value.strip(): text.strip() for value, _, text in lines}
    return found | ({"labels": words} if words else {})


def _number(text: str) -> float | str:
    # What is no number is left to the check, which names its field.
    try:
        return float(text)
    except ValueError:
        return text
