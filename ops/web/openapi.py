"""What every documented endpoint shares: how to authenticate, and how errors look."""

import re
from typing import Any

from apiflask import APIFlask
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ops.errors import InvalidInput
from ops.labels import KINDS
from ops.labels.decision import ErrorFound

PREFIX = "/api/v1/"

SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, made on the page Your account or with `touchstone tokens`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "touchstone",
        "description": "The session of a signed-in person. Writes also need the header "
        "`X-CSRFToken` with the token from the page's `<meta name=csrf-token>`.",
    },
}

PROBLEM = {
    "type": "object",
    "description": "An RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Every fault found in the input, with the field it stands in.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": ["string", "null"]},
                    "message": {"type": "string"},
                    "line": {"type": "integer"},
                },
            },
        },
    },
}

DESCRIPTION = """\
Everything the pages do, for programs. Send `Authorization: Bearer <token>`; a token acts as the \
person who made it, within its scope (`read`, or `write` which includes it).

Errors are problem documents (`application/problem+json`). Times are in UTC, in ISO 8601."""


def init_app(app: APIFlask) -> None:
    """Install the shared parts of the document, and our form of validation errors."""
    app.security_schemes = SECURITY
    app.description = DESCRIPTION
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_OPERATION_ID"] = True
    # Not `error_processor()`: that would take over every other HTTP error as well.
    app.error_callback = _as_problem  # type: ignore[assignment]  # any view's answer will do
    app.spec_processor(_complete(app))


def _as_problem(error: Any) -> ResponseReturnValue:
    """APIFlask's error as ours: {location: {field: [message]}} becomes a list of faults."""
    from ops.web import errors

    found = error.detail if isinstance(error.detail, dict) else {}
    faults = [
        {"field": _field(location, name), "message": message}
        for location, fields in found.items()
        for name, messages in fields.items()
        for message in messages
    ]
    if not faults:
        return errors.problem(error.status_code, error.message or "Error", error.message or "")
    first = faults[0]
    where = f"{first['field']}: " if first["field"] else ""
    return errors.ours(InvalidInput(f"{where}{first['message']}", errors=faults))


def _field(_location: str, name: str) -> str | None:
    return None if name == "_schema" else name


def _complete(app: APIFlask) -> Any:
    def complete(spec: dict[str, Any]) -> dict[str, Any]:
        spec["openapi"] = "3.1.0"
        paths = {p: ops for p, ops in spec["paths"].items() if p.startswith(PREFIX)}
        spec["paths"] = paths
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = PROBLEM
        schemas.update(_labels())
        formats = _formats(app)
        for path, operations in paths.items():
            for operation in operations.values():
                _add_shared(operation, formats.get(path, {}))
        return spec

    return complete


def _labels() -> dict[str, Any]:
    """A schema for each type of label, and for what a reviewer says of errors."""
    models: list[type[BaseModel]] = [*(kind.model for kind in KINDS.values()), ErrorFound]
    _, found = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    described: dict[str, Any] = found["$defs"]
    return described


def _formats(app: APIFlask) -> dict[str, dict[str, str]]:
    """{path: {parameter: format}} of the parameters that are UUIDs."""
    found: dict[str, dict[str, str]] = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        kinds = {name: type(kind).__name__ for name, kind in rule._converters.items()}
        found[path] = {name: "uuid" for name, kind in kinds.items() if kind == "UUIDConverter"}
    return found


def _add_shared(operation: dict[str, Any], formats: dict[str, str]) -> None:
    operation.setdefault("security", [{"token": []}, {"session": []}])
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    shared = {"description": "Refused: a problem document says why", "content": content}
    operation["responses"].setdefault("4XX", shared)
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in formats:
            parameter["schema"]["format"] = formats[parameter["name"]]
    if "requestBody" in operation:
        operation["requestBody"].setdefault("required", True)
