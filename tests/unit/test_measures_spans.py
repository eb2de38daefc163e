"""Spans against sets of characters, exact and in part, with their relations."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.likeness import Terms, compare, compare_many

SPAN = st.tuples(st.sampled_from("pq"), st.integers(0, 12), st.integers(1, 6))
SPANS = st.lists(SPAN, max_size=5)
PART = Terms(partial=True)


def label(spans, relations=()):
    return {
        "spans": [
            {"id": str(n), "class": c, "start": s, "end": s + length}
            for n, (c, s, length) in enumerate(spans)
        ],
        "relations": [{"from": str(a), "to": str(b), "class": c} for a, b, c in relations],
    }


def characters(span):
    return {(span[0], at) for at in range(span[1], span[1] + span[2])}


@given(SPANS, SPANS)
def test_exact_is_the_f1_of_two_bags(one, other):
    rest, hits = list(other), 0
    for span in one:
        if span in rest:
            rest.remove(span)
            hits += 1
    whole = len(one) + len(other)
    assert compare("spans", label(one), label(other)).score == (2 * hits / whole if whole else 1)


@given(SPANS, SPANS)
def test_in_part_is_the_share_of_characters_of_the_closest_pairs(one, other):
    def share(a, b):
        return len(characters(a) & characters(b)) / len(characters(a) | characters(b))

    left = sorted(((-share(a, b), i, j) for i, a in enumerate(one) for j, b in enumerate(other)))
    taken, total = (set(), set()), 0.0
    for minus, i, j in left:
        if i not in taken[0] and j not in taken[1]:
            taken[0].add(i), taken[1].add(j)
            total -= minus
    whole = len(one) + len(other)
    found = compare("spans", label(one), label(other), PART).score
    assert found == pytest.approx(2 * total / whole if whole else 1)
    assert found >= compare("spans", label(one), label(other)).score - 1e-12


@given(st.lists(SPAN, max_size=4), st.lists(SPAN, max_size=4))
def test_the_order_of_spans_does_not_matter_when_they_are_exact(one, other):
    expected = compare("spans", label(one), label(other)).score
    orders = [list(order) for order in permutations(one)]
    found = compare_many("spans", [label(x) for x in orders], [label(other)] * len(orders))
    assert {x.score for x in found} == {expected}


def test_what_is_wrong_with_spans_is_named():
    truth = label([("p", 0, 5), ("p", 10, 5), ("p", 20, 5)])
    found = label([("q", 0, 5), ("p", 11, 5), ("p", 40, 5)])
    assert [e.kind for e in compare("spans", found, truth).errors] == [
        "wrong class", "low overlap", "extra", "missing",
    ]  # fmt: skip
    in_part = compare("spans", found, truth, PART)
    assert [e.kind for e in in_part.errors] == ["wrong class", "low overlap", "extra", "missing"]
    assert in_part.score == pytest.approx(2 * (4 / 6) / 6)


def test_relations_count_by_the_spans_they_join():
    spans = [("p", 0, 5), ("p", 10, 5), ("q", 20, 5)]
    truth = label(spans, [(0, 1, "knows"), (1, 2, "at")])
    turned = label(spans[::-1], [(2, 1, "knows"), (1, 0, "at")])  # other ids, the same relations
    assert compare("spans", turned, truth).score == 1
    backwards = label(spans, [(1, 0, "knows"), (1, 2, "in")])
    assert compare("spans", backwards, truth).score == 2 * 3 / 10
    none = compare("spans", label(spans), truth)
    assert none.score == 2 * 3 / 8


def test_each_relation_that_is_wrong_is_named():
    spans = [("p", 0, 5), ("p", 10, 5), ("q", 20, 5)]
    truth = label(spans, [(0, 1, "knows"), (1, 2, "at")])
    given = label(spans, [(1, 0, "knows"), (1, 2, "at"), (1, 2, "at")])
    assert [(e.kind, e.words) for e in compare("spans", given, truth).errors] == [
        ("extra", "the relation knows is not there"),
        ("duplicate", "the relation at is there once only"),
        ("missing", "the relation knows is missing"),
    ]
    assert len(compare("spans", label(spans), truth).errors) == 2
