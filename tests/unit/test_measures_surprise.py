"""Gold that good labellers miss is questioned; right gold hardly ever, however often one asks."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import surprise as measure
from quality.measures.surprise import surprise

answers = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0.5, 0.98)), max_size=12)


def ratio(right, p, hit):
    return prod(
        (h / q if r else (1 - h) / (1 - q)) for r, q, h in zip(right, p, map(hit, p), strict=True)
    )


@given(answers, st.integers(2, 10))
def test_it_is_the_mean_of_two_likelihood_ratios(given_answers, k):
    right, p = [a[0] for a in given_answers], [a[1] for a in given_answers]
    expected = (ratio(right, p, lambda q: (1 - q) / (k - 1)) + ratio(right, p, lambda q: q / 2)) / 2
    assert surprise(right, p, k).evidence == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("k", [2, 4])
def test_were_the_gold_right_it_is_worth_1_on_average(k):
    p = [0.8, 0.9, 0.95, 0.7]
    mean = sum(
        surprise(right, p, k).evidence
        * prod(q if r else 1 - q for r, q in zip(right, p, strict=True))
        for right in product([0.0, 1.0], repeat=4)
    )
    assert mean == pytest.approx(1)


def ever_contended(rng, chance_right, n, k=4):
    """Whether a gold is called in question at any of `n` answers of good labellers."""
    p = rng.uniform(0.8, 0.97, n)
    right = (rng.random(n) < chance_right(p)).astype(float)
    return any(surprise(right[:i], p[:i], k).contended for i in range(1, n + 1))


def test_right_gold_asked_about_after_every_answer_is_seldom_contended():
    rng = np.random.default_rng(1)
    false = sum(ever_contended(rng, lambda p: p, 60) for _ in range(3000))
    # At most alpha: 3 standard errors above it.
    assert false / 3000 <= measure.ALPHA + 3 * np.sqrt(measure.ALPHA / 3000)


@pytest.mark.parametrize(
    ("chance_right", "n", "least"),
    [(lambda p: (1 - p) / 3, 4, 0.8), (lambda p: p / 2, 20, 0.8)],
    ids=["wrong", "two answers right"],
)
def test_wrong_gold_is_found_after_a_few_answers(chance_right, n, least):
    rng = np.random.default_rng(2)
    assert sum(ever_contended(rng, chance_right, n) for _ in range(300)) / 300 > least


def test_two_answers_settle_nothing():
    assert not surprise([0, 0], [0.98, 0.98], 10).contended
    assert surprise([0, 0, 0], [0.98, 0.98, 0.98], 10).contended


def test_partial_credit_speaks_less_against_a_gold():
    p = [0.9] * 5
    assert surprise([0.5] * 5, p, 4).evidence < surprise([0.0] * 5, p, 4).evidence


def test_who_is_good_depends_on_what_guessing_gets():
    assert measure.good([0.54, 0.56, 0.69, 0.71], [4, 4, 2, 2]).tolist() == [
        False, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(("right", "p", "k"), [([1], [0.5, 0.5], 3), ([1], [0.9], 1)])
def test_refuses_what_is_no_evidence(right, p, k):
    with pytest.raises(ValueError, match="expected"):
        surprise(right, p, k)
