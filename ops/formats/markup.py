"""XML that comes from outside, element by element, with the line of each.

Expat, told to refuse every document type: without one there are no entities, neither ones that
read files or addresses nor ones that swell. Only the elements asked for are held in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from ops.errors import InvalidInput

CHUNK = 1 << 16
DEEPEST = 32
LONGEST_TEXT = 64 * 2**20


@dataclass(slots=True)
class Element:
    """An element with its attributes, its children and its own text."""

    tag: str
    line: int
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def find(self, *tags: str) -> "Element | None":
        """The first descendant along `tags`."""
        here: Element | None = self
        for tag in tags:
            here = next((c for c in here.children if c.tag == tag), None) if here else None
        return here

    def all(self, tag: str) -> list["Element"]:
        """Its children of this tag."""
        return [c for c in self.children if c.tag == tag]

    def said(self, *tags: str) -> str:
        """The text of a descendant, without blanks around it; "" when there is none."""
        found = self.find(*tags)
        return found.text.strip() if found else ""


class _Builder:
    """Builds the elements that are asked for and forgets them when they are handed over."""

    def __init__(self, wanted: frozenset[str]):
        self.wanted = wanted
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.path: list[str] = []
        self.open: list[Element] = []
        self.done: list[Element] = []
        self.root = ""
        self.characters = 0

    def _doctype(self, *_: object) -> None:
        raise InvalidInput("has a document type (<!DOCTYPE …>), which is not allowed", field="file")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        self.path.append(tag)
        if len(self.path) > DEEPEST:
            raise InvalidInput(f"nests deeper than {DEEPEST} elements", field="file")
        if self.open or tag in self.wanted:
            made = Element(tag, self.parser.CurrentLineNumber, attributes)
            if self.open:
                self.open[-1].children.append(made)
            self.open.append(made)

    def _end(self, _: str) -> None:
        self.path.pop()
        if self.open:
            ended = self.open.pop()
            if not self.open:
                self.done.append(ended)
                self.characters = 0

    def _data(self, text: str) -> None:
        if self.open:
            self.characters += len(text)
            if self.characters > LONGEST_TEXT:
                raise InvalidInput("holds an element with too much text", field="file")
            self.open[-1].text += text


def elements(file: IO[bytes], *wanted: str, name: str = "the file") -> Iterator[Element]:
    """Every outermost element with one of the tags `wanted`, as the file is read.

    Raises InvalidInput naming the line of what is no XML.
    """
    builder = _Builder(frozenset(wanted))
    last = False
    while not last:
        data = file.read(CHUNK)
        last = not data
        try:
            builder.parser.Parse(data, last)
        except expat.ExpatError as error:
            said = expat.ErrorString(error.code)
            raise InvalidInput(f"{name}: line {error.lineno}: {said}", field="file") from None
        except InvalidInput as error:
            raise InvalidInput(f"{name}: {error.message}", field="file") from None
        yield from builder.done
        builder.done.clear()


def root_tag(file: IO[bytes]) -> str:
    """The tag of the root element; "" when the file does not begin like XML."""
    builder = _Builder(frozenset())
    try:
        while not builder.root and (data := file.read(CHUNK)):
            builder.parser.Parse(data)
    except (expat.ExpatError, InvalidInput):
        return builder.root
    return builder.root


def tag(name: str, attributes: dict[str, str], *inner: str) -> str:
    """An element as text; `inner` is markup already."""
    listed = "".join(f" {key}={quoteattr(clean(value))}" for key, value in attributes.items())
    return f"<{name}{listed}>{''.join(inner)}</{name}>" if inner else f"<{name}{listed}/>"


def escape(text: str) -> str:
    """A text as the content of an element; a carriage return would otherwise be read as another."""
    said = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return said.replace("\r", "&#13;")


def clean(text: str) -> str:
    """Without the characters that no XML can hold."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if storable(c))


def storable(text: str) -> bool:
    """Whether XML 1.0 can hold every character."""
    return all(c >= " " or c in "\t\n\r" for c in text) and not any(
        "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" for c in text
    )
