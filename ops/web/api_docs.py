"""The OpenAPI document as sections a template can lay out."""

from dataclasses import dataclass
from typing import Any

from ops.labels import KINDS

Spec = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body; `depth` is how far it is nested."""

    name: str
    kind: str
    required: bool
    text: str
    depth: int = 0


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    summary: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]

    @property
    def anchor(self) -> str:
        return f"{self.method}{self.path}".lower().translate(str.maketrans("/{}", "---"))


def sections(spec: Spec) -> list[tuple[str, list[Operation]]]:
    """(tag, operations) in the order of the tags' first appearance by path."""
    found: dict[str, list[Operation]] = {}
    for path, operations in sorted(spec["paths"].items()):
        for method, described in operations.items():
            tag = (described.get("tags") or ["Other"])[0]
            found.setdefault(tag, []).append(_operation(spec, method, path, described))
    return sorted(found.items())


def labels(spec: Spec) -> list[tuple[str, str, list[Field]]]:
    """(label type, what it says, fields of its payload) of every type."""
    return [
        (key, kind.words, _fields(spec, {"$ref": f"/{kind.model.__name__}"}, 0, frozenset()))
        for key, kind in KINDS.items()
    ]


def _operation(spec: Spec, method: str, path: str, described: Spec) -> Operation:
    body = described.get("requestBody", {}).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=described.get("summary", ""),
        text=described.get("description", ""),
        parameters=[_parameter(spec, p) for p in described.get("parameters", [])],
        body=_content(spec, body),
        answers=[
            (code, answer.get("description", ""), _content(spec, answer.get("content", {})))
            for code, answer in sorted(described.get("responses", {}).items())
            if code != "4XX"
        ],
    )


def _parameter(spec: Spec, parameter: Spec) -> Field:
    schema, where = parameter.get("schema", {}), parameter["in"]
    text = parameter.get("description") or schema.get("description", "")
    kind = f"{_kind(spec, schema)}, in the {where}"
    return Field(parameter["name"], kind, parameter.get("required", False), text)


def _content(spec: Spec, content: Spec) -> list[Field]:
    described: Spec = next(iter(content.values()), {})
    return _fields(spec, described.get("schema", {}), 0, frozenset())


def _fields(spec: Spec, schema: Spec, depth: int, inside: frozenset[str]) -> list[Field]:
    name = schema.get("$ref", "")
    if name in inside:  # a type that holds itself is shown once
        return []
    schema, inside = _resolved(spec, schema), inside | {name} - {""}
    required = schema.get("required", [])
    rows = []
    for key, value in schema.get("properties", {}).items():
        text = _resolved(spec, value).get("description", "")
        text = value.get("description", text)
        rows.append(Field(key, _kind(spec, value), key in required, text, depth))
        for inner in _objects_in(spec, value):
            rows += _fields(spec, inner, depth + 1, inside)
    return rows


def _objects_in(spec: Spec, schema: Spec) -> list[Spec]:
    whole = _resolved(spec, schema)
    if whole.get("type") == "array":
        return _objects_in(spec, whole.get("items", {}))
    options = [o for key in ("anyOf", "oneOf", "allOf") for o in whole.get(key, [])]
    if options:
        return [found for option in options for found in _objects_in(spec, option)]
    return [schema] if "properties" in whole else []


def _kind(spec: Spec, schema: Spec) -> str:
    whole = _resolved(spec, schema)
    options = whole.get("anyOf") or whole.get("oneOf")
    if options:
        return " or ".join(_kind(spec, option) for option in options)
    if "enum" in whole or "const" in whole:
        return "one of " + ", ".join(str(v) for v in whole.get("enum", [whole.get("const")]))
    if whole.get("type") == "array":
        return f"list of {_kind(spec, whole.get('items', {}))}"
    kind = whole.get("format") or whole.get("type", "anything")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    return f"{kind}{_bounds(whole)}"


def _bounds(schema: Spec) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if high is not None and high >= 2**53:
        high = None
    if low is None and high is None:
        return ""
    return f" from {low}" if high is None else f" up to {high}" if low is None else f" {low}–{high}"


def _resolved(spec: Spec, schema: Spec) -> Spec:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Spec = spec.get("components", {}).get("schemas", {}).get(name, {}) if name else schema
    return found
