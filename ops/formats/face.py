"""The one face of every format: what goes in, what comes out, and what could not be held.

A format is a module with `NAME`, `WORDS`, `SUFFIX`, `MIMETYPE`, `HOLDS` (label types), `read` and
`write`; `ops.formats.catalogue` lists them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ops.formats.losses import Losses
from ops.formats.sources import Source
from ops.formats.vocabulary import Vocabulary
from ops.intake.faults import Faults
from ops.intake.known import Known
from ops.intake.rows import Row

# px: coordinates that a format writes as shares of the picture come back as near as this.
PLACES = 6
SIZE = tuple[int, int]


@dataclass(slots=True)
class Item:
    """An asset with its label, on the way out; `said` is what is known of the label besides.

    Width and height in px, None where nobody knows them.
    """

    external_id: str
    label: dict[str, Any]
    uri: str | None = None
    text: str | None = None
    width: int | None = None
    height: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Reading:
    """What a reader is told, and what it tells while it reads.

    `adopt`: classes that the ontology lacks are taken into the vocabulary. `find` looks an asset of
    the project up, by its external id or the stem of it. Pictures that the source does not hold
    have names below `pictures` (a folder or the beginning of a URI), or lie `beside` the file;
    `keep` stores one that lies in an archive and returns its URI. `gold_column` is for tables.
    `known` is the file that a file of results refers to. `predictions`: what models said is read,
    where a file tells it from what people said.
    """

    label_type: str
    medium: str
    vocabulary: Vocabulary
    faults: Faults
    losses: Losses = field(default_factory=Losses)
    wants_labels: bool = True
    adopt: bool = False
    beside: Path | None = None
    find: Callable[[str], Known | None] = lambda _: None
    keep: Callable[[bytes], str] | None = None
    pictures: str = ""
    gold_column: str | None = None
    known: Source | None = None
    predictions: bool = False

    def class_key(self, name: Any, line: int | None, where: str, asset: str = "") -> str | None:
        """The key of the class that is called so; None, and the fault noted, when there is none."""
        key = self.vocabulary.key_of(name)
        if key is None and self.adopt:
            key = self.vocabulary.adopt(str(name))
        if key is None:
            said = f"'{str(name)[:80]}' is no class (classes: {self.vocabulary.listed()})"
            self.faults.add(line, where, said, asset)
        return key

    def attributes(self, given: Iterable[tuple[str, Any]], of: str | None) -> dict[str, Any]:
        """Values of attributes under their keys; those that the ontology does not ask are lost."""
        kept: dict[str, Any] = {}
        for name, value in given:
            attribute = self.vocabulary.attribute(name, of)
            if attribute is None:
                self.losses.add(
                    f"attribute {str(name)[:60]}", "the ontology has no such attribute: not taken"
                )
            else:
                self.vocabulary.put(kept, attribute, value)
        return kept

    def take(self, label: Callable[[], Any]) -> Any:
        """The label that is read by `label`; None, and counted, when labels are not asked for."""
        if self.wants_labels:
            return label()
        self.losses.add("labels", "not asked for: not taken")
        return None

    def uri_of(self, source: Source, name: str) -> str | None:
        """Where the picture `name` lies; None if that is not known."""
        if source.has(name):
            return self._kept(source, name)
        if self.pictures:
            return f"{self.pictures.rstrip('/')}/{name}"
        if self.beside is not None and name and (self.beside / name).is_file():
            return str(self.beside / name)
        return None

    def _kept(self, source: Source, name: str) -> str | None:
        path = source.path_of(name)
        if path is not None:
            return str(path)
        return self.keep(source.read(name)) if self.keep else None


@dataclass
class Writing:
    """What a writer is told, and what it tells while it writes.

    `whole`: with uri, text, size and metadata of the asset, where that is a choice. `size_of`
    measures a picture whose size nobody has noted.
    """

    label_type: str
    vocabulary: Vocabulary
    losses: Losses = field(default_factory=Losses)
    whole: bool = False
    size_of: Callable[[Item], SIZE | None] = lambda _: None

    def size(self, item: Item) -> SIZE | None:
        """Width and height of the asset in px, if anybody can tell."""
        if item.width and item.height:
            return item.width, item.height
        return self.size_of(item)

    def lose_keys(self) -> None:
        """Classes are written by their names alone."""
        if self.label_type in ("attributes", "transcription", "rating", "preference"):
            return
        unlike = sum(one["key"] != one["name"] for one in self.vocabulary.classes)
        self.losses.add("key", "of classes: only their names are written", unlike)

    def lose_said(self, item: Item) -> None:
        """Method, probability and counts of answers find no place; nor do metadata."""
        if item.said:
            self.losses.add("method", "with probability, answers and agreement: not written")
        if item.metadata:
            self.losses.add("metadata", "of the asset: not written")

    def lose_objects(self, objects: Sequence[Mapping[str, Any]], **words: str) -> None:
        """Note each field of an object that finds no place: field=what becomes of it."""
        for name, said in words.items():
            self.losses.add(name, said, sum(bool(one.get(name)) for one in objects))


class Format(Protocol):
    """A format, as its module shows itself."""

    NAME: str
    WORDS: str
    SUFFIX: str
    MIMETYPE: str
    HOLDS: tuple[str, ...]

    def read(self, source: Source, reading: Reading) -> Iterator[Row]:
        """The rows of a source; what is wrong is noted as faults, what is not taken as losses."""

    def write(self, items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
        """A file, piece by piece; what it cannot hold is noted as losses."""


def exact(value: float) -> float:
    """A coordinate (px) freed of the last digits that reckoning left behind."""
    return round(float(value), PLACES)


def number(value: float) -> str:
    """A number as text that reads back as the same number; whole ones without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
