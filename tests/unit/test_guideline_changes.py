"""What changed between two guidelines: both versions can be put together from the pieces."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.guideline_changes import Block, Piece, anything, blocks, changes

WORDS = st.lists(st.sampled_from(["look", "the", "cat", "**not**", "<b>", "ü", "2."]), min_size=1)
PARAGRAPHS = st.lists(WORDS.map(" ".join), max_size=6).map("\n\n".join)


def version(found: list[Block], kinds: set[str]) -> list[str]:
    """The blocks of one of the two versions, from the pieces of these kinds."""
    texts = ("".join(p.text for p in block.pieces if p.kind in kinds) for block in found)
    return [text for text in texts if text]


@given(PARAGRAPHS, PARAGRAPHS)
def test_both_versions_come_back_from_the_pieces(before: str, after: str) -> None:
    found = changes(before, after)
    assert sorted(version(found, {"kept", "removed"})) == sorted(blocks(before))
    assert version(found, {"kept", "added"}) == blocks(after)
    assert anything(found) == (blocks(before) != blocks(after))


@given(PARAGRAPHS)
def test_the_same_is_kept(text: str) -> None:
    assert {block.kind for block in changes(text, text)} <= {"kept"}


def test_within_a_block_words_are_marked() -> None:
    found = changes(
        "# Cats\n\nChoose the larger one.\n\nGone for good.",
        "# Cats\n\nChoose the smaller one.\n\n- Quite another\n- list",
    )
    assert found == [
        Block("kept", (Piece("kept", "# Cats"),)),
        Block("changed", (Piece("kept", "Choose the "), Piece("removed", "larger"),
                          Piece("added", "smaller"), Piece("kept", " one."))),
        Block("removed", (Piece("removed", "Gone for good."),)),
        Block("added", (Piece("added", "- Quite another\n- list"),)),
    ]  # fmt: skip


def test_a_space_between_two_changes_is_part_of_the_change() -> None:
    [block] = changes("say it all out loud please now", "say it in so many words please now")
    assert [piece.kind for piece in block.pieces] == ["kept", "removed", "added", "kept"]


def test_blocks_are_those_of_markdown() -> None:
    text = "# One\ntwo\nthree\n\n- a\n\n- b\n\n```\nx\n\ny\n```\n\n| a |\n|---|\n| b |\n"
    assert blocks(text) == ["# One", "two\nthree", "- a\n\n- b", "```\nx\n\ny\n```",
                            "| a |\n|---|\n| b |"]  # fmt: skip


def test_a_text_made_to_be_slow_is_compared_more_coarsely() -> None:
    before = "\n\n".join(f"p{i} a b c d e" for i in range(4000))
    after = "\n\n".join(f"q{i} a b c d f" for i in range(4000))
    began = time.process_time()
    found = changes(before, after)
    # Word by word, every block against every other, it would be minutes.
    assert time.process_time() - began < 20
    assert version(found, {"kept", "added"}) == blocks(after)


@pytest.mark.parametrize(("between", "n"), [(" ", 345), ("\n\n", 690)], ids=["words", "blocks"])
def test_nor_does_what_stands_everywhere_make_it_slow(between: str, n: int) -> None:
    """One word between words that are all others: each of its places could match any other."""
    before, after = (between.join(f"x{between}{new}{i}" for i in range(n)) for new in "pq")
    began = time.process_time()
    found = changes(before, after)
    # With every match looked for to the end it is the third power of their number: over 4 seconds.
    assert time.process_time() - began < 3
    assert version(found, {"kept", "added"}) == blocks(after)
