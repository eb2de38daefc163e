"""Standing: exact where a Beta posterior is known, and intervals that cover by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from quality.measures.standing import PRIOR, bin_evidence, posterior, posteriors

counts = st.integers(0, 300)


@given(counts, counts, counts, counts)
def test_gold_and_reviews_alone_give_the_beta_posterior(gold, gold_wrong, review, review_wrong):
    found = posterior(gold + gold_wrong, gold, review + review_wrong, review)
    exact = beta(PRIOR[0] + gold + review, PRIOR[1] + gold_wrong + review_wrong)
    assert found.mean == pytest.approx(exact.mean(), abs=1e-4)
    assert found.low == pytest.approx(exact.ppf(0.025), abs=1e-3)
    assert found.high == pytest.approx(exact.ppf(0.975), abs=1e-3)
    assert found.n == gold + gold_wrong + review + review_wrong


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=30),
    st.integers(2, 6),
    st.integers(0, 20),
)
def test_bounds_hold_the_mean_and_lie_within_zero_and_one(evidence, n_classes, gold):
    agree, q = [e[0] for e in evidence], [e[1] for e in evidence]
    found = posterior(gold, gold // 2, agree=agree, q=q, n_classes=n_classes)
    assert 0 <= found.low < found.mean < found.high <= 1


def test_consensus_that_is_surely_right_is_worth_gold_and_one_at_chance_nothing():
    agree = [True] * 30 + [False] * 10
    sure = posterior(agree=agree, q=[1.0] * 40, n_classes=4)
    gold = posterior(40, 30, n_classes=4)
    assert sure == pytest.approx(gold, abs=1e-9)
    blind = posterior(agree=agree, q=[0.25] * 40, n_classes=4)
    prior = posterior(n_classes=4)
    assert blind[:3] == pytest.approx(prior[:3], abs=1e-6)
    # An accuracy of 0.75 agrees with a consensus that is right in 0.7 in 22 of 40 cases.
    half = posterior(agree=[True] * 22 + [False] * 18, q=[0.7] * 40, n_classes=4)
    assert half.high - half.low > sure.high - sure.low


@pytest.mark.parametrize("prior", [(3.0, 1.0), (8.0, 2.0), (1.0, 1.0)])
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("evidence", ["gold", "consensus", "both"])
def test_interval_holds_the_truth_in_95_of_100_labellers(prior, n_classes, evidence):
    """Averaged over the stated prior, as promised: 93 to 97 %."""
    generator = np.random.default_rng([int(prior[0]), n_classes, len(evidence)])
    labellers, answers = 4000, 30
    truth = generator.beta(*prior, labellers)
    n = (
        np.zeros(labellers, int)
        if evidence == "consensus"
        else generator.integers(1, 60, labellers)
    )
    k = generator.binomial(n, truth)
    who = np.repeat(np.arange(labellers), 0 if evidence == "gold" else answers)
    q = generator.uniform(1 / n_classes, 1, who.size)
    mine = np.where(
        generator.random(who.size) < truth[who], 0, generator.integers(1, n_classes, who.size)
    )
    others = np.where(generator.random(who.size) < q, 0, generator.integers(1, n_classes, who.size))
    agreed, disagreed, centres = bin_evidence(who, mine == others, q, labellers)
    found = posteriors(n, k, agreed, disagreed, centres, n_classes, prior)
    assert 0.93 <= np.mean((found.low <= truth) & (truth <= found.high)) <= 0.97


def test_much_evidence_is_resolved_finely():
    found = posterior(10_000_000, 9_990_000)
    exact = beta(PRIOR[0] + 9_990_000, PRIOR[1] + 10_000)
    assert found.low == pytest.approx(exact.ppf(0.025), abs=1e-7)
    assert found.high == pytest.approx(exact.ppf(0.975), abs=1e-7)


def test_many_labellers_at_once_equal_one_by_one():
    generator = np.random.default_rng(2)
    who, agree, q = generator.integers(0, 3, 90), generator.random(90) < 0.8, np.full(90, 0.9)
    agreed, disagreed, centres = bin_evidence(who, agree, q, 3)
    found = posteriors([5, 0, 9], [4, 0, 9], agreed, disagreed, centres, 3)
    for i, (n, k) in enumerate([(5, 4), (0, 0), (9, 9)]):
        one = posterior(n, k, agree=agree[who == i], q=q[who == i], n_classes=3)
        assert (found.mean[i], found.low[i], found.high[i]) == pytest.approx(one[:3], abs=1e-9)
        assert found.n[i] == one.n


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="direct_k"):
        posterior(3, 4)
    with pytest.raises(ValueError, match="q: expected one probability"):
        posterior(agree=[True], q=[])
    with pytest.raises(ValueError, match="q: expected probabilities"):
        posterior(agree=[True], q=[1.5])
