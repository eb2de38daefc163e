"""Edit distance against the whole table, and the error rates made of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import texts

TEXT = st.text(alphabet="ab é\n🙂", max_size=40)


def table(one, other):
    """The distance by the full table of Wagner and Fischer (1974)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@given(TEXT, TEXT)
def test_the_distance_is_that_of_the_table(one, other):
    assert texts.edit_distance(one, other) == table(one, other)
    assert texts.edit_distance(other, one) == table(one, other)
    assert texts.edit_distance(one, one) == 0


@given(st.lists(st.sampled_from(["a", "bc", "d"]), max_size=30), st.integers(0, 99))
def test_words_are_signs_too(words, seed):
    other = sorted(words, key=lambda w: hash((w, seed)))
    assert texts.edit_distance(words, other) == table(words, other)
    rate = texts.word_error_rate(" ".join(words), " ".join(other))
    assert rate == (table(words, other) / len(other) if other else 0)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_rates_of_many_are_all_edits_over_the_whole_length(pairs):
    given_, truth = [p[0] for p in pairs], [p[1] for p in pairs]
    found = texts.total_rates(given_, truth)
    assert found.n.tolist() == [sum(map(bool, truth)), sum(bool(t.split()) for t in truth)]
    edits, length = sum(table(*p) for p in pairs), sum(map(len, truth))
    assert found.value[0] == pytest.approx(edits / length if length else np.nan, nan_ok=True)
    words = [(g.split(), t.split()) for g, t in pairs]
    edits, length = sum(table(*p) for p in words), sum(len(t) for _, t in words)
    assert found.value[1] == pytest.approx(edits / length if length else np.nan, nan_ok=True)
    known = ~np.isnan(found.value)
    assert (found.low[known] <= found.value[known]).all()
    assert (found.value[known] <= found.high[known]).all()
    each = texts.likenesses(given_, truth)
    for share, (g, t) in zip(each, pairs, strict=True):
        assert share == pytest.approx(max(0, 1 - table(g, t) / len(t)) if t else float(not g))


def test_an_empty_truth_is_either_met_or_infinitely_wrong():
    assert texts.character_error_rate("", "") == texts.word_error_rate(" ", "") == 0
    assert texts.character_error_rate("a", "") == texts.word_error_rate("a", " ") == float("inf")


def test_as_many_texts_as_truths():
    with pytest.raises(ValueError, match="as many texts"):
        texts.total_rates(["a"], [])
