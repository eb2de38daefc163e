"""What a label is checked against: the ontology, the picture's size or the text's length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# (field, message): what is wrong where.
Fault = tuple[str, str]


@dataclass(frozen=True)
class Ontology:
    """The parts of an ontology version, wherever they were read from."""

    classes: Sequence[Mapping[str, Any]] = ()
    attributes: Sequence[Mapping[str, Any]] = ()
    scale: Mapping[str, Any] | None = None
    reasons: Sequence[Mapping[str, Any]] = ()
    tie: bool = False

    @classmethod
    def of(cls, source: Any) -> "Ontology":
        """From an `OntologyVersion`, a row with its columns, or a mapping of them."""
        if isinstance(source, cls):
            return source

        def read(name: str) -> Any:
            return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)

        return cls(
            read("classes") or (),
            read("attributes") or (),
            read("scale"),
            read("reasons") or (),
            bool(read("tie")),
        )

    @cached_property
    def by_key(self) -> dict[str, Mapping[str, Any]]:
        """The classes by their keys, in order."""
        return {one["key"]: one for one in self.classes}


@dataclass(frozen=True)
class Ground:
    """The ontology; (width, height) of the picture in px or the characters of the text, if known.

    Only a `prediction` may say how sure it is of an object.
    """

    ontology: Ontology = field(default_factory=Ontology)
    size: tuple[int, int] | None = None
    length: int | None = None
    prediction: bool = False

    def class_faults(self, key: str, where: str) -> Iterator[Fault]:
        """Nothing when `key` is a class of the ontology."""
        if key not in self.ontology.by_key:
            yield where, f"class must be one of {listed(self.ontology.by_key)}"


def listed(keys: Any) -> str:
    """The first ten, for a message."""
    every = list(keys)
    return f"{', '.join(map(str, every[:10]))}{' …' if len(every) > 10 else ''}"


def plain(number: float) -> int | float:
    """A whole number as an integer, so that 3 and 3.0 are stored as the same text."""
    return int(number) if float(number).is_integer() and abs(number) < 2**53 else float(number)


def words(number: float) -> str:
    """A number with at most two decimals."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
