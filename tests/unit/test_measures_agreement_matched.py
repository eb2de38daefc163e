"""Agreement after matching: brute force, chance taken out, and what must not change it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures.agreement import krippendorff_alpha, label_counts
from quality.measures.agreement_matched import agreement_on_things, likeness_of_answers
from quality.measures.likeness import compare
from tests.unit import label_payloads as payloads


def box(name, x, y=0, w=10, h=10):
    return {"id": f"{x},{y}", "class": name, "box": [x, y, w, h]}


@st.composite
def work(draw, types=payloads.TYPES):
    """A type, the answers on a few assets, and who gave them."""
    label_type = draw(st.sampled_from(types))
    assets = draw(st.lists(payloads.answers(label_type, 3), min_size=1, max_size=3))
    labellers = [draw(st.permutations(range(6)))[: len(answers)] for answers in assets]
    return label_type, assets, labellers


@given(work())
@settings(max_examples=60, deadline=None)
def test_likeness_is_the_mean_over_pairs_both_ways(case):
    label_type, assets, labellers = case
    found = likeness_of_answers(label_type, assets, labellers, 6)
    together = {}
    for a, answers in enumerate(assets):
        alike = {
            (i, j): compare(label_type, answers[i], answers[j]).score
            for i, j in itertools.permutations(range(len(answers)), 2)
        }
        if alike:
            assert found.each[a] == pytest.approx(np.mean(list(alike.values())))
        else:
            assert np.isnan(found.each[a])
        for (i, j), score in alike.items():
            pair = labellers[a][i], labellers[a][j]
            together.setdefault(pair, []).append((score + alike[j, i]) / 2)
    assert found.mean.n == sum(len(answers) > 1 for answers in assets)
    for i, j in itertools.permutations(range(6), 2):
        assert found.pairs.shared[i, j] == len(together.get((i, j), ()))
        if (i, j) in together:
            assert found.pairs.agreement[i, j] == pytest.approx(np.mean(together[i, j]))
    own = [sum(w in who for who in labellers) for w in range(6)]
    assert found.pairs.shared.diagonal().tolist() == own


@given(work(["boxes", "polygons", "masks", "keypoints", "spans"]))
@settings(max_examples=60, deadline=None)
def test_alpha_of_things_is_in_range_and_confusions_count_every_pair(case):
    label_type, assets, _ = case
    found = agreement_on_things(label_type, assets)
    assert np.isnan(found.alpha.value) or -1 <= found.alpha.value <= 1
    assert found.classes[-1] == "background"
    assert (found.confusion == found.confusion.T).all()
    assert found.confusion[-1, -1] <= np.tril(found.confusion).sum()
    drawn = [
        (a, x["class"])
        for a, answers in enumerate(assets)
        if len(answers) > 1
        for label in answers
        for x in label.get("objects", label.get("spans"))
    ]
    assert set(found.classes[:-1]) == {name for _, name in drawn}
    assert found.assets == len({a for a, _ in drawn})


def test_alpha_of_things_equals_that_of_the_table_it_stands_for():
    generator = np.random.default_rng(5)
    assets, rows = [], []
    for _ in range(30):
        # Ten places apart, at each of which three people draw a car, a bus or nothing.
        said = generator.choice([0, 1, 2], (10, 3), p=[0.5, 0.3, 0.2])
        said[generator.random(10) < 0.6, 1:] = 0
        assets.append(
            [
                {"objects": [box(["car", "bus"][s], 30 * k) for k, s in enumerate(column) if s < 2]}
                for column in said.T
            ]
        )
        rows += [np.bincount(row, minlength=3) for row in said if (row < 2).any()]
    found = agreement_on_things("boxes", assets)
    table = np.array(rows)[:, [1, 0, 2]]  # bus, car, background
    assert found.classes == ["bus", "car", "background"]
    assert found.alpha.value == pytest.approx(krippendorff_alpha(table))
    assert found.alpha.n == len(rows)
    pairs = sum(
        np.bincount([3 * min(p) + max(p)], minlength=9)
        for row in table
        for p in itertools.combinations(np.repeat([0, 1, 2], row), 2)
    ).reshape(3, 3)
    both = np.triu(pairs) + np.triu(pairs, 1).T
    np.testing.assert_array_equal(found.confusion, both)
    assert found.alpha.low < found.alpha.value < found.alpha.high


def test_who_draws_alike_agrees_and_who_draws_at_random_does_not():
    generator = np.random.default_rng(1)
    alike, random = [], []
    for _ in range(40):
        places = generator.choice(20, 6, replace=False)
        one = {"objects": [box(str(generator.choice(["car", "bus"])), 30 * k) for k in places]}
        alike.append([one, one, one])
        random.append(
            [
                {
                    "objects": [
                        box(str(generator.choice(["car", "bus"])), 30 * k)
                        for k in generator.choice(20, 6, replace=False)
                    ]
                }
                for _ in range(3)
            ]
        )
    assert agreement_on_things("boxes", alike).alpha.value == 1
    assert agreement_on_things("boxes", random).alpha.high < 0.1
    labellers = [[0, 1, 2]] * 40
    assert likeness_of_answers("boxes", alike, labellers, 3).mean[:3] == (1, 1, 1)
    assert likeness_of_answers("boxes", random, labellers, 3).mean.high < 0.3


def test_things_on_one_asset_are_no_independent_witnesses():
    # The same 10 boxes on an asset are all agreed on, or all not.
    generator = np.random.default_rng(2)
    assets, rows = [], []
    for _ in range(30):
        names = ["car", "bus"] if generator.random() < 0.5 else ["car", "car"]
        assets.append([{"objects": [box(name, 30 * k) for k in range(10)]} for name in names])
        rows += [names] * 10
    wide = agreement_on_things("boxes", assets).alpha
    asset = np.repeat(np.arange(len(rows)), 2)
    label = np.array([name == "car" for row in rows for name in row]).astype(int)
    from quality.measures.agreement import alpha_estimate

    narrow = alpha_estimate(label_counts(asset, label, len(rows), 2))
    assert wide.value == pytest.approx(narrow.value)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_nothing_to_compare_is_undefined():
    alone = [[{"objects": [box("car", 0)]}]]
    found = likeness_of_answers("boxes", alone, [[0]], 1)
    assert np.isnan(found.mean.value)
    assert found.mean.n == 0
    things = agreement_on_things("boxes", alone)
    assert np.isnan(things.alpha.value)
    assert things.classes == ["background"]
    empty = likeness_of_answers("spans", [[{"spans": []}] * 2], [[0, 1]], 2)
    assert empty.mean.value == 1
    assert np.isnan(empty.mean.low)


def test_labellers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="labellers: expected 1 codes, got 2"):
        likeness_of_answers("tags", [[{"tags": []}]], [[0, 1]], 2)
    with pytest.raises(ValueError, match="labellers: expected codes from 0 to 0"):
        likeness_of_answers("tags", [[{"tags": []}]], [[1]], 1)
