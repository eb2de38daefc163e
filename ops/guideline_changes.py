"""What changed between two versions of a guideline: block by block, and within one word by word.

Pure: two texts of markdown in, pieces out. Blocks are those of markdown (a paragraph, a heading, a
list, a table), compared by difflib, which is Ratcliff and Obershelp's gestalt pattern matching
(Dr. Dobb's Journal, July 1988).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from functools import cache
from itertools import accumulate, pairwise
from typing import Literal

from markdown_it import MarkdownIt

Kind = Literal["kept", "added", "removed"]

# A block less alike than this is not the other one changed, but another one.
LEAST_LIKE = 0.4
# One look for the longest match of n pieces in m takes up to n × m steps, and each match that is
# found asks for two more. A text that is made to be slow is answered more coarsely, so that no
# comparison takes longer than about a second.
MOST_STEPS = 2_000_000

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both versions have, only the newer (added) or only the older."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Block:
    """A block of markdown: kept, added or removed as a whole, or changed within."""

    kind: Literal["kept", "added", "removed", "changed"]
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The markdown of a block that did not change within."""
        return "".join(piece.text for piece in self.pieces)


def changes(before: str, after: str) -> list[Block]:
    """The blocks of both versions in order, removed ones where they stood.

    Of the pieces, kept and removed make the blocks of `before`, kept and added those of `after`.
    """
    budget = _Budget(MOST_STEPS)
    old, new = blocks(before), blocks(after)
    found: list[Block] = []
    for tag, gone, come in _steps(old, new, budget):
        if tag == "equal":
            found += [_whole("kept", text) for text in come]
        else:
            found += _replaced(gone, come, budget)
    return found


def anything(found: Sequence[Block]) -> bool:
    """Whether anything changed at all."""
    return any(block.kind != "kept" for block in found)


def blocks(markdown: str) -> list[str]:
    """The top-level blocks of a text, without the blank lines around them."""
    lines = markdown.split("\n")
    starts = sorted({token.map[0] for token in _parser().parse(markdown)
                     if token.level == 0 and token.map})  # fmt: skip
    # What belongs to no block, as the definition of a link, is part of the one before.
    edges = [0, *(start for start in starts if start > 0), len(lines)]
    parts = ("\n".join(lines[a:b]).strip("\n") for a, b in pairwise(edges))
    return [part for part in parts if part.strip()]


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


class _Budget:
    """How many steps of comparing are left."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def allows(self, steps: int) -> bool:
        self.left -= steps
        return self.left >= 0


class _Matcher(SequenceMatcher[str]):
    """Finds nothing more once the budget is spent."""

    def __init__(self, old: Sequence[str], new: Sequence[str], budget: _Budget) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._budget, self._n, times = budget, len(old), Counter(new)
        # Steps of a look at the first pieces: each with every place where the other has it too.
        self._steps = [0, *accumulate(1 + times[piece] for piece in old)]

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        end = self._n if ahi is None else ahi
        if not self._budget.allows(self._steps[end] - self._steps[alo]):
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def _steps(
    old: Sequence[str], new: Sequence[str], budget: _Budget
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """("equal" | "replace", of old, of new); what begins and ends alike costs nothing."""
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    yield "equal", old[:head], new[:head]
    if not a or not b or not budget.allows(len(a) + len(b)):
        yield "replace", a, b
    else:
        for tag, i, j, k, m in _Matcher(a, b, budget).get_opcodes():
            yield "equal" if tag == "equal" else "replace", a[i:j], b[k:m]
    yield "equal", old[len(old) - tail :], new[len(new) - tail :]


def _alike(a: Sequence[str], b: Sequence[str]) -> int:
    """How many begin alike."""
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def _whole(kind: Kind, text: str) -> Block:
    return Block(kind, (Piece(kind, text),))


def _replaced(gone: Sequence[str], come: Sequence[str], budget: _Budget) -> Iterator[Block]:
    """Blocks that are others now: each new one is an old one changed, where one is alike."""
    old = [_WORDS.findall(text) for text in gone]
    at, fresh = 0, list[Block]()
    for text in come:
        place, pieces = _first_alike(old, at, _WORDS.findall(text), budget)
        if pieces is None:
            fresh.append(_whole("added", text))
            continue
        yield from (_whole("removed", one) for one in gone[at:place])
        yield from fresh
        yield Block("changed", pieces)
        at, fresh = place + 1, []
    yield from (_whole("removed", one) for one in gone[at:])
    yield from fresh


def _first_alike(
    old: Sequence[list[str]], at: int, new: list[str], budget: _Budget
) -> tuple[int, tuple[Piece, ...] | None]:
    """The place of the first block from `at` on of which `new` is a changed one, and how."""
    for place in range(at, len(old)):
        if not budget.allows(len(old[place]) + len(new)):
            break
        pieces = _within(old[place], new, budget)
        if pieces is not None:
            return place, pieces
    return at, None


def _within(old: list[str], new: list[str], budget: _Budget) -> tuple[Piece, ...] | None:
    """What changed in a block, word by word; None where the two have too little in common."""
    least = LEAST_LIKE * (_weight(old) + _weight(new)) / 2
    # No more can be shared than the lighter has.
    if min(_weight(old), _weight(new)) < least:
        return None
    steps = list(_steps(old, new, budget))
    if sum(_weight(words) for tag, words, _ in steps if tag == "equal") < least:
        return None
    return tuple(_joined(steps))


def _weight(words: Sequence[str]) -> int:
    """How many characters they have, spaces aside."""
    return sum(len(word) for word in words if not word.isspace())


def _joined(steps: Sequence[tuple[str, Sequence[str], Sequence[str]]]) -> Iterator[Piece]:
    """The pieces, where a space between two changes is part of the change."""
    gone, come, space = "", "", ""
    for tag, old, new in steps:
        text = "".join(new)
        if tag == "equal" and (gone or come) and not space and text.isspace():
            space = text
        elif tag == "replace" and (old or new):
            gone, come, space = gone + space + "".join(old), come + space + text, ""
        elif text:
            yield from _change(gone, come)
            yield Piece("kept", space + text)
            gone, come, space = "", "", ""
    yield from _change(gone, come)
    if space:
        yield Piece("kept", space)


def _change(gone: str, come: str) -> Iterator[Piece]:
    if gone:
        yield Piece("removed", gone)
    if come:
        yield Piece("added", come)
