"""What the labels of a project may say: immutable versions, each validated once."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from ops import ontology_faults, versions
from ops.labels import KINDS
from ops.labels.faults import refuse, said_by
from ops.labels.ground import Fault
from ops.models import OntologyVersion, Project, User
from ops.ontology_parts import Attribute, OntologyClass, Reason, Scale

# The letters that the desk uses itself (skip, guideline, break, …) are given last.
HOTKEYS = "1234567890acdehijklnqtuvwxyzbfgmoprs"
# Okabe & Ito (2008), then Tol's "muted" scheme: told apart by colour-blind people as well.
PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#666666",
    "#332288", "#882255", "#44aa99", "#999933", "#cc6677", "#117733", "#ddcc77", "#aa4499",
)  # fmt: skip
MOST_CLASSES, MOST_ATTRIBUTES, MOST_REASONS = 500, 100, 50
# What is asked beside classes, and of which label types.
PARTS: dict[str, Callable[[str], bool]] = {
    "attributes": lambda label_type: label_type not in ("rating", "preference"),
    "scale": lambda label_type: label_type == "rating",
    "reasons": lambda label_type: label_type == "preference",
    "tie": lambda label_type: label_type == "preference",
}
# Labels of these types can be given before anything is defined.
NOTHING_NEEDED = ("transcription", "preference")
Rows = Sequence[Mapping[str, Any]]


def publish(
    session: Session,
    project: Project,
    classes: Rows | None,
    by: User | None,
    *,
    attributes: Rows | None = None,
    scale: Mapping[str, Any] | None = None,
    reasons: Rows | None = None,
    tie: bool | None = None,
) -> OntologyVersion:
    """A new version; the version in force when nothing changed. What is None stays as it is.

    Raises InvalidInput with one error per fault, its field named as `attributes.2.choices.0`.
    """
    before = current(session, project.id)
    given: dict[str, Any] = {
        "classes": classes, "attributes": attributes, "scale": scale, "reasons": reasons, "tie": tie
    }  # fmt: skip
    kept = {
        name: getattr(before, name) if value is None and before else value
        for name, value in given.items()
    }
    content = whole(project.label_type, **kept)
    return versions.publish(
        session,
        OntologyVersion,
        project,
        by,
        content=content,
        event="ontology.published",
        classes=[c["key"] for c in content["classes"]],
    )


def current(session: Session, project_id: int) -> OntologyVersion | None:
    """The version in force; None before the first."""
    return versions.current(session, OntologyVersion, project_id)


def whole(
    label_type: str,
    classes: Rows | None = None,
    attributes: Rows | None = None,
    scale: Mapping[str, Any] | None = None,
    reasons: Rows | None = None,
    tie: bool | None = None,
) -> dict[str, Any]:
    """The columns of an ontology version for labels of `label_type`, with nothing left out.

    Raises InvalidInput with every fault.
    """
    faults = _unused(label_type, attributes=attributes, scale=scale, reasons=reasons, tie=tie)
    found_classes, more = _classes(classes or (), label_type)
    faults += more
    keys = {one.key for one in found_classes} if not more else None
    found_attributes, more = _attributes(attributes or (), label_type, keys)
    faults += more
    found_reasons, more = _reasons(reasons or ())
    faults += more
    found_scale, more = _scale(scale, label_type)
    refuse([*faults, *more])
    return {
        "classes": [_dumped(one) for one in found_classes],
        "attributes": [_dumped(one) for one in found_attributes],
        "scale": _dumped(found_scale) if found_scale else None,
        "reasons": [_dumped(one) for one in found_reasons],
        "tie": bool(tie),
    }


def clean(classes: Rows, label_type: str = "class") -> list[dict[str, Any]]:
    """Validated classes with nothing left out. Raises InvalidInput."""
    found, faults = _classes(classes, label_type)
    refuse(faults)
    return [_dumped(one) for one in found]


def _dumped(part: Any) -> dict[str, Any]:
    # JSON of the database makes no difference between 1 and 1.0, nor does this comparison.
    found: dict[str, Any] = part.model_dump(exclude_none=True)
    return found


def _unused(label_type: str, **parts: Any) -> list[Fault]:
    title = KINDS[label_type].title.lower()
    return [
        (name, f"labels of the type “{title}” have no {name}")
        for name, value in parts.items()
        if value and not PARTS[name](label_type)
    ]


def _classes(classes: Rows, label_type: str) -> tuple[list[OntologyClass], list[Fault]]:
    kind = KINDS[label_type]
    least = kind.least_classes
    if not least and classes:
        return [], [("classes", f"labels of the type “{kind.title.lower()}” have no classes")]
    if least and not least <= len(classes) <= MOST_CLASSES:
        asked = f"give {least} to {MOST_CLASSES} classes, there are {len(classes)}"
        return [], [("classes", asked)]
    parsed, faults = ontology_faults.parsed(OntologyClass, classes, "classes")
    faults += ontology_faults.of_classes(parsed, skeletons=label_type == "keypoints")
    return ([] if faults else _fill([c for c in parsed if c is not None])), faults


def _attributes(
    attributes: Rows, label_type: str, keys: set[str] | None
) -> tuple[list[Attribute], list[Fault]]:
    if label_type == "attributes" and not attributes:
        return [], [("attributes", "give at least one attribute")]
    if len(attributes) > MOST_ATTRIBUTES:
        return [], [("attributes", f"give at most {MOST_ATTRIBUTES} attributes")]
    parsed, faults = ontology_faults.parsed(Attribute, attributes, "attributes")
    faults += ontology_faults.of_attributes(parsed, keys)
    found = [one for one in parsed if one is not None]
    for one in found:
        one.choices, one.of = one.choices or None, one.of or None
    return ([] if faults else _keyed(found)), faults


def _reasons(reasons: Rows) -> tuple[list[Reason], list[Fault]]:
    if len(reasons) > MOST_REASONS:
        return [], [("reasons", f"give at most {MOST_REASONS} reasons")]
    parsed, faults = ontology_faults.parsed(Reason, reasons, "reasons")
    faults += ontology_faults.of_reasons(parsed)
    return ([] if faults else _keyed([one for one in parsed if one is not None])), faults


def _scale(scale: Mapping[str, Any] | None, label_type: str) -> tuple[Scale | None, list[Fault]]:
    if scale is None:
        missing = [("scale", "a rating needs a scale")] if label_type == "rating" else []
        return None, missing
    try:
        found = Scale.model_validate(scale)
    except ValidationError as error:
        return None, said_by(error, "scale")
    return found, list(ontology_faults.of_scale(found))


def _fill(classes: list[OntologyClass]) -> list[OntologyClass]:
    """Choose what was left out, taking nothing that was asked for."""
    free_keys = [k for k in HOTKEYS if k not in {c.hotkey for c in classes}]
    free_colours = [p for p in PALETTE if p not in {c.colour.lower() for c in classes}]
    for n, one in enumerate(_keyed(classes)):
        if not one.hotkey and free_keys:
            one.hotkey = free_keys.pop(0)
        if not one.colour:
            one.colour = free_colours.pop(0) if free_colours else PALETTE[n % len(PALETTE)]
        one.colour = one.colour.lower()
    return classes


def _keyed(parts: list[Any]) -> list[Any]:
    """Each with a key of its own."""
    keys = {one.key.casefold() for one in parts}
    for one in parts:
        if not one.key:
            one.key = key_from(one.name, keys)
            keys.add(one.key)
    return parts


def key_from(name: str, taken: set[str]) -> str:
    """A key made of a name, none of those `taken` (in lower case)."""
    stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:56] or "class"
    key, n = stem, 1
    while key in taken:
        n += 1
        key = f"{stem}_{n}"
    return key
