"""The adaptive test against all paths written out, scipy's binomial, and a small simulation."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.assessments import judged
from quality.measures import adaptive

TERMS = adaptive.Terms(0.9, 0.5, 0.1, 0.1, least=3, most=10)


@pytest.fixture(scope="module")
def plan():
    return adaptive.plan(TERMS)


def paths(plan, accuracy):
    """Every sequence of right and wrong answers, cut off at its decision: {(n, s, outcome): P}."""
    ends = {}
    for path in itertools.product((0, 1), repeat=plan.most):
        chance = accuracy ** sum(path) * (1 - accuracy) ** (plan.most - sum(path))
        n = next(i for i in range(1, plan.most + 1) if plan.decide(path[:i]))
        end = (n, sum(path[:n]), plan.decide(path[:n]))
        ends[end] = ends.get(end, 0.0) + chance
    return ends


@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.9])
def test_characters_are_those_of_all_paths(plan, accuracy):
    ends = paths(plan, accuracy)
    found = adaptive.character(plan, accuracy)
    assert found.passes == pytest.approx(sum(p for e, p in ends.items() if e[2] == "passed"))
    assert found.questions == pytest.approx(sum(e[0] * p for e, p in ends.items()))
    assert min(e[0] for e in ends) >= TERMS.least


@pytest.mark.parametrize("accuracy", [0.3, 0.62, 0.8, 0.95])
def test_the_interval_covers_though_the_test_stopped_itself(plan, accuracy):
    held = 0.0
    for (n, s, _), chance in paths(plan, accuracy).items():
        low, high = adaptive.interval(plan, n, s)
        assert low < high
        held += chance * (low <= accuracy <= high)
    assert held >= 0.95


def test_errors_are_as_stated_and_the_fixed_test_is_the_shortest():
    for good, bad, alpha, beta in ((0.9, 0.7, 0.05, 0.05), (0.85, 0.6, 0.02, 0.1)):
        terms = adaptive.Terms(good, bad, alpha, beta, most=1)
        n, cut = adaptive.fixed(terms)
        assert binom.sf(cut - 1, n, bad) <= alpha and binom.cdf(cut - 1, n, good) <= beta
        for m in range(1, n):
            cuts = np.arange(m + 1)
            rare = binom.sf(cuts - 1, m, bad) <= alpha
            assert not (rare & (binom.cdf(cuts - 1, m, good) <= beta)).any()
        assert adaptive.plan(terms._replace(most=n - 1)) is None
        made = adaptive.plan(terms._replace(most=n + n // 2))
        assert adaptive.character(made, bad).passes <= alpha
        assert 1 - adaptive.character(made, good).passes <= beta


def test_credit_in_parts_counts_in_parts(plan):
    assert plan.decide([1.0] * 10) == "passed"
    assert plan.decide([0.1] * 10) == "failed"
    assert plan.decide([0.75, 0.75]) is None
    n = int(np.argmax(plan.passing <= np.arange(1, 11))) + 1
    assert plan.decide([1.0] * (n - 1) + [0.5]) is None
    assert plan.decide([0.9] * 10) == "passed"


@pytest.mark.parametrize("kind", ["right or wrong", "right in part", "from a pool"])
def test_a_third_of_the_questions_is_spared(kind):
    row = judged((0.85, 0.65, 0.05, 0.05), kind, 1000, np.random.default_rng(5))
    assert row["errors hold"]
    assert min(row["spared"].values()) > 0.3


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        (adaptive.Terms(0.6, 0.8), "fail_mark"),
        (adaptive.Terms(0.8, 0.6, false_pass=0.5), "false_pass"),
        (adaptive.Terms(0.8, 0.6, least=9, most=8), "least"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms, names):
    with pytest.raises(ValueError, match=names):
        adaptive.plan(terms)
