"""Names and keys: files show the names of classes and attributes, labels keep their keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from ops.labels.ground import Ontology
from ops.ontologies import key_from

TRUE = frozenset({"true", "yes", "1", "on"})
FALSE = frozenset({"false", "no", "0", "off"})


class Vocabulary:
    """The classes and attributes of an ontology version, by name and by key."""

    def __init__(self, ontology: Any):
        self.ontology = Ontology.of(ontology)
        self.classes: list[dict[str, Any]] = [dict(one) for one in self.ontology.classes]
        self.adopted = False
        self._index()

    def _index(self) -> None:
        self.by_key = {one["key"]: one for one in self.classes}
        names = {one["name"].casefold(): one["key"] for one in self.classes}
        self.keys = names | {one["key"]: one["key"] for one in self.classes}
        self.places = {one["key"]: n for n, one in enumerate(self.classes)}

    def key_of(self, name: Any) -> str | None:
        """The key of a class from its key, or its name in any case; a key wins."""
        said = str(name).strip()
        return self.keys.get(said) or self.keys.get(said.casefold())

    def adopt(self, name: str, key: str = "", points: Sequence[str] = ()) -> str:
        """The key of a new class with this name; `adopted` says that there are some."""
        made: dict[str, Any] = {"name": name.strip(), "key": key}
        if points:
            made["skeleton"] = {"points": list(points), "edges": []}
        taken = {one["key"].casefold() for one in self.classes}
        if not key or key.casefold() in taken:
            made["key"] = key_from(name, taken)
        self.classes.append(made)
        self.adopted = True
        self._index()
        return str(made["key"])

    def name_of(self, key: str) -> str:
        """The name of a class; the key itself when the ontology no longer has it."""
        known = self.by_key.get(key)
        return known["name"] if known else key

    def listed(self) -> str:
        """The first ten keys, for messages."""
        keys = sorted(self.by_key)
        return ", ".join(keys[:10]) + (" …" if len(keys) > 10 else "") or "none yet"

    def skeleton(self, key: str) -> list[str]:
        """The names of the points of a class; [] when it has none."""
        known = self.by_key.get(key) or {}
        return list((known.get("skeleton") or {}).get("points") or [])

    def edges(self, key: str) -> list[list[int]]:
        """Pairs of points (from 0) that a line joins."""
        known = self.by_key.get(key) or {}
        return [list(edge) for edge in (known.get("skeleton") or {}).get("edges") or []]

    def attributes(self, of: str | None = None) -> list[Mapping[str, Any]]:
        """The attributes asked of a class; of all with None."""
        every: Sequence[Mapping[str, Any]] = self.ontology.attributes
        return [a for a in every if of is None or not a.get("of") or of in a["of"]]

    def attribute(self, name: str, of: str | None = None) -> Mapping[str, Any] | None:
        """The attribute of a class that has this key, or this name in any case."""
        asked = self.attributes(of)
        said = str(name).strip()
        found = [a for a in asked if a["key"] == said]
        found += [a for a in asked if str(a.get("name", "")).casefold() == said.casefold()]
        return found[0] if found else None

    def attribute_name(self, key: str) -> str:
        """The name of an attribute; its key when the ontology no longer has it."""
        found = self.attribute(key)
        return str(found.get("name") or key) if found else key

    def put(self, values: dict[str, Any], attribute: Mapping[str, Any], value: Any) -> None:
        """Add what a file says of an attribute; a list of choices may come one by one."""
        key = attribute["key"]
        read = _typed(attribute["kind"], value)
        if attribute["kind"] == "choices" and key in values:
            values[key] = [*values[key], *(read if isinstance(read, list) else [read])]
        else:
            values[key] = read


def _typed(kind: str, value: Any) -> Any:
    """A value as the kind of attribute wants it; as it is where that cannot be: `check` says so."""
    if kind == "choices":
        return value if isinstance(value, list) else [value]
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        return value
    said = value.strip().casefold()
    if kind == "flag":
        return True if said in TRUE else False if said in FALSE else value
    if kind == "number":
        try:
            return float(said)
        except ValueError:
            return value
    return value


def as_texts(value: Any) -> list[str]:
    """A value of an attribute as a format writes it that knows only text: one text a choice."""
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, float) and value.is_integer():
        return [str(int(value))]
    return [repr(value) if isinstance(value, float) else str(value)]
