"""The classes of a project: immutable versions, validated once, checked against every answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from ops import versions
from ops.errors import InvalidInput
from ops.models import OntologyVersion, Project, User

# The letters that the desk uses itself (skip, guideline, break, …) are given last.
HOTKEYS = "1234567890acdehijklnqtuvwxyzbfgmoprs"
# Okabe & Ito (2008), then Tol's "muted" scheme: told apart by colour-blind people as well.
PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#666666",
    "#332288", "#882255", "#44aa99", "#999933", "#cc6677", "#117733", "#ddcc77", "#aa4499",
)  # fmt: skip
LEAST_CLASSES, MOST_CLASSES = 2, 500
# A reviewer accepts, fixes or sends back; an author stands by an answer that was sent back.
VERDICTS = ("accept", "fix", "return", "stand")
LONGEST_REMARK = 2000


class OntologyClass(BaseModel):
    """One class. Key, colour and hotkey may be left out and are then chosen."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)

    key: str = Field("", max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.\-]*)?$")
    name: str = Field(min_length=1, max_length=80)
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$", description="#rrggbb")
    hotkey: str = Field("", pattern=r"^[0-9a-z]?$", description="1–9, 0 or a–z")
    description: str = Field("", max_length=2000)


def publish(
    session: Session, project: Project, classes: Sequence[Mapping[str, Any]], by: User | None
) -> OntologyVersion:
    """A new version with `classes`; the version in force when nothing changed.

    Raises InvalidInput with one error per fault, its field named as `classes.3.hotkey`.
    """
    cleaned = clean(classes)
    return versions.publish(
        session,
        OntologyVersion,
        project,
        by,
        content={"classes": cleaned},
        event="ontology.published",
        classes=[c["key"] for c in cleaned],
    )


def current(session: Session, project_id: int) -> OntologyVersion | None:
    """The version in force; None before the first."""
    return versions.current(session, OntologyVersion, project_id)


def clean(classes: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Validated classes with nothing left out. Raises InvalidInput."""
    if not LEAST_CLASSES <= len(classes) <= MOST_CLASSES:
        raise InvalidInput(
            f"give {LEAST_CLASSES} to {MOST_CLASSES} classes, there are {len(classes)}",
            field="classes",
        )
    parsed, faults = _parse(classes)
    faults += _repeated(parsed)
    if faults:
        first = faults[0]
        raise InvalidInput(first["message"], field=first["field"], errors=faults)
    filled = _fill([c for c in parsed if c is not None])
    return [c.model_dump() for c in filled]


def _parse(
    classes: Sequence[Mapping[str, Any]],
) -> tuple[list[OntologyClass | None], list[dict[str, Any]]]:
    parsed: list[OntologyClass | None] = []
    faults: list[dict[str, Any]] = []
    for n, values in enumerate(classes):
        try:
            parsed.append(OntologyClass.model_validate(values))
        except ValidationError as error:
            parsed.append(None)
            for e in error.errors():
                field = ".".join(["classes", str(n), *(str(p) for p in e["loc"])])
                faults.append({"field": field, "message": e["msg"]})
    return parsed, faults


def _repeated(parsed: Sequence[OntologyClass | None]) -> list[dict[str, Any]]:
    faults = []
    for attribute in ("key", "name", "hotkey"):
        seen: dict[str, int] = {}
        for n, one in enumerate(parsed):
            value = getattr(one, attribute).casefold() if one else ""
            if value and value in seen:
                message = f"class {seen[value] + 1} has the same {attribute}"
                faults.append({"field": f"classes.{n}.{attribute}", "message": message})
            seen.setdefault(value, n)
    return faults


def _fill(classes: list[OntologyClass]) -> list[OntologyClass]:
    """Choose what was left out, taking nothing that was asked for."""
    keys = {c.key.casefold() for c in classes}
    free_keys = [k for k in HOTKEYS if k not in {c.hotkey for c in classes}]
    free_colours = [p for p in PALETTE if p not in {c.colour.lower() for c in classes}]
    for n, one in enumerate(classes):
        if not one.key:
            one.key = _key_from(one.name, keys)
            keys.add(one.key)
        if not one.hotkey and free_keys:
            one.hotkey = free_keys.pop(0)
        if not one.colour:
            one.colour = free_colours.pop(0) if free_colours else PALETTE[n % len(PALETTE)]
        one.colour = one.colour.lower()
    return classes


def _key_from(name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:56] or "class"
    key, n = stem, 1
    while key in taken:
        n += 1
        key = f"{stem}_{n}"
    return key


def check_label(
    ontology: OntologyVersion, payload: Any, verdicts: Sequence[str] = ("accept", "fix")
) -> dict[str, Any]:
    """The payload of an answer, checked: {"class": key, "verdict"?: of verdicts, "remark"?: text}.

    With the verdict return there is no class; return and stand ask for a remark. Raises
    InvalidInput naming the field.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInput("a label is an object with a class", field="class")
    unknown = sorted(set(payload) - {"class", "verdict", "remark"})
    if unknown:
        raise InvalidInput(f"unknown field {unknown[0]}", field=str(unknown[0]))
    verdict = payload.get("verdict")
    if verdict is not None and verdict not in verdicts:
        raise InvalidInput(f"verdict must be one of {', '.join(verdicts)}", field="verdict")
    result = {} if verdict == "return" else {"class": _checked_class(ontology, payload)}
    if verdict == "return" and payload.get("class") is not None:
        raise InvalidInput("a label that is sent back is given no class", field="class")
    if verdict is not None:
        result["verdict"] = verdict
    remark = _checked_remark(payload.get("remark"))
    if remark:
        result["remark"] = remark
    elif verdict in ("return", "stand"):
        raise InvalidInput(f"a remark is needed with the verdict {verdict}", field="remark")
    return result


def _checked_class(ontology: OntologyVersion, payload: Mapping[str, Any]) -> str:
    keys = [c["key"] for c in ontology.classes]
    given = payload.get("class")
    if given not in keys:
        raise InvalidInput(
            f"class must be one of {', '.join(keys[:10])}{' …' if len(keys) > 10 else ''}",
            field="class",
        )
    return str(given)


def _checked_remark(remark: Any) -> str:
    if remark is None:
        return ""
    if not isinstance(remark, str) or len(remark) > LONGEST_REMARK:
        raise InvalidInput(f"a text of up to {LONGEST_REMARK} characters", field="remark")
    return remark.strip()
