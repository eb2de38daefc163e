"""What is wrong with the parts of an ontology, each fault with its field as `attributes.2.kind`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from ops.labels.faults import said_by
from ops.labels.ground import Fault
from ops.labels.rating import values
from ops.ontology_parts import Attribute, OntologyClass, Part, Reason, Scale, Skeleton

Any_ = TypeVar("Any_", bound=Part)


def parsed(
    model: type[Any_], rows: Sequence[Mapping[str, Any]], name: str
) -> tuple[list[Any_ | None], list[Fault]]:
    """(row → part, None where it is none; faults below `name`.<index>)."""
    found: list[Any_ | None] = []
    faults: list[Fault] = []
    for n, row in enumerate(rows):
        try:
            found.append(model.model_validate(row))
        except ValidationError as error:
            found.append(None)
            faults += said_by(error, f"{name}.{n}")
    return found, faults


def repeated(rows: Sequence[Part | None], name: str, *columns: str) -> Iterator[Fault]:
    """Rows that have the same value as an earlier one where each must be its own."""
    called = {"classes": "class", "attributes": "attribute", "reasons": "reason"}[name]
    for column in columns:
        seen: dict[str, int] = {}
        for n, one in enumerate(rows):
            value = getattr(one, column).casefold() if one else ""
            if value and value in seen:
                yield f"{name}.{n}.{column}", f"{called} {seen[value] + 1} has the same {column}"
            seen.setdefault(value, n)


def of_classes(classes: Sequence[OntologyClass | None], skeletons: bool) -> Iterator[Fault]:
    """Beside what each says for itself; `skeletons`: every class needs one, else none has one."""
    yield from repeated(classes, "classes", "key", "name", "hotkey")
    for n, one in enumerate(classes):
        where = f"classes.{n}.skeleton"
        if one and one.skeleton:
            if not skeletons:
                yield where, "only a class of keypoints has a skeleton"
            yield from _of_skeleton(one.skeleton, where)
        elif one and skeletons:
            yield where, "a class of keypoints needs a skeleton"


def _of_skeleton(skeleton: Skeleton, where: str) -> Iterator[Fault]:
    points = len(skeleton.points)
    yield from _twice(skeleton.points, f"{where}.points")
    for n, (one, other) in enumerate(skeleton.edges):
        if not (0 <= one < points and 0 <= other < points) or one == other:
            yield f"{where}.edges.{n}", f"must join two of the points 0 to {points - 1}"
    if skeleton.sigmas is not None and len(skeleton.sigmas) != points:
        yield f"{where}.sigmas", f"needs one number for each of the {points} points"


def of_attributes(
    attributes: Sequence[Attribute | None], classes: set[str] | None
) -> Iterator[Fault]:
    """Beside what each says for itself; `classes` are the keys there are, None if unknown."""
    yield from repeated(attributes, "attributes", "key", "name")
    for n, one in enumerate(attributes):
        if one is not None:
            yield from _of_attribute(one, classes, f"attributes.{n}")


def _of_attribute(one: Attribute, classes: set[str] | None, where: str) -> Iterator[Fault]:
    if one.kind in ("choice", "choices"):
        if len(one.choices or ()) < 2:
            yield f"{where}.choices", "give at least two choices"
        yield from _twice(one.choices or (), f"{where}.choices")
    elif one.choices:
        yield f"{where}.choices", f"an attribute of the kind {one.kind} has no choices"
    if one.kind != "number" and (one.low is not None or one.high is not None):
        yield f"{where}.{'high' if one.low is None else 'low'}", "only a number has bounds"
    if one.low is not None and one.high is not None and one.low > one.high:
        yield f"{where}.high", "must not be below low"
    for n, key in enumerate(one.of or ()):
        if classes is not None and key not in classes:
            yield f"{where}.of.{n}", "there is no class with this key"


def _twice(texts: Sequence[str], where: str) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for n, text in enumerate(texts):
        if text.casefold() in seen:
            yield f"{where}.{n}", f"the same as {seen[text.casefold()] + 1} in the list"
        seen.setdefault(text.casefold(), n)


def of_reasons(reasons: Sequence[Reason | None]) -> Iterator[Fault]:
    """Reasons that are there twice."""
    yield from repeated(reasons, "reasons", "key", "name")


def of_scale(scale: Scale) -> Iterator[Fault]:
    """Words for ratings that the scale does not have."""
    offered = [str(value) for value in values(scale.model_dump())]
    for text in scale.labels or {}:
        if text not in offered:
            yield f"scale.labels.{text}", "the scale has no such rating"
