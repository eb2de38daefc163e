"""How sure merged labels are, ratings that are nearly right, and what stands beside a choice."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.judging import beside, fit, sureness
from quality.judging.answers import Answer
from quality.judging.belief import Belief
from quality.judging.merged import majority_right

accuracies = st.lists(st.floats(0.51, 0.99), min_size=1, max_size=5)


@given(accuracies)
def test_the_majority_is_right_as_often_as_all_its_outcomes_say(accuracy):
    total = 0.0
    for right in product((0, 1), repeat=len(accuracy)):
        chance = np.prod([p if r else 1 - p for p, r in zip(accuracy, right, strict=True)])
        votes = sum(right) - len(right) / 2
        total += chance * (1 if votes > 0 else 0.5 if votes == 0 else 0)
    assert majority_right(accuracy) == pytest.approx(total)


VALUES = (None, "a", "b", "c")


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.floats(0.51, 0.99)), min_size=1, max_size=4))
def test_a_thing_is_as_sure_as_bayes_says(answers):
    """Brute force: each of the four things that could be there, by how likely the answers are."""
    likely = {
        truth: np.prod([p if said == truth else (1 - p) / 3 for said, p in answers])
        for truth in VALUES
    }
    found = {}
    labels = [
        {"objects": [] if said is None else [{"id": "x", "class": said}]} for said, _ in answers
    ]
    by = [i for i, (said, _) in enumerate(answers) if said is not None]
    ontology = {"classes": [{"key": key} for key in VALUES[1:]]}
    for truth in VALUES:
        label = {"objects": [] if truth is None else [{"id": "1", "class": truth}]}
        support = {"1": {"by": by, "ids": ["x"] * len(by)}}
        found[truth] = sureness.sure(
            "boxes", labels, [p for _, p in answers], label, support, ontology
        )
    total = sum(likely.values())
    for truth in VALUES:
        assert found[truth] == pytest.approx(likely[truth] / total, abs=1e-6)


@given(accuracies)
def test_who_agree_that_nothing_is_there_are_as_sure_as_they_are_good(accuracy):
    label = {"objects": []}
    found = sureness.sure("boxes", [label] * len(accuracy), accuracy, label, {}, {})
    right, wrong = np.prod(accuracy), np.prod([1 - p for p in accuracy])
    assert found == pytest.approx(right / (right + wrong))


@given(st.lists(st.floats(0.6, 0.99), min_size=1, max_size=6), st.integers(2, 30))
def test_raters_are_worth_their_accuracy_on_average(accuracy, steps):
    alike = fit.likeness(list(range(steps)))
    model = fit.near_misses(np.array(accuracy), alike)
    assert model.confusion.sum(axis=2) == pytest.approx(np.ones((len(accuracy), steps)))
    worth = (model.confusion * alike).sum(axis=2).mean(axis=1)
    least = alike.mean()
    assert worth == pytest.approx(np.maximum(accuracy, least), abs=0.01)
    # The further off, the rarer.
    assert np.all(np.diff(model.confusion[:, 0, :], axis=1) <= 1e-12)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_a_rating_lies_within_what_was_answered_and_the_others_are_judged_without_it(said):
    alike = fit.likeness(list(range(1, 8)))
    model = fit.near_misses(np.array([0.8, 0.8]), alike)
    held = Belief(tuple("1234567"), {}, model, "majority", 0, alike, ordinal=True)
    n = len(said)
    asset, seat, label = np.zeros(n, int), np.zeros(n, int), held.encode(map(str, said))
    worth = held.worth(held.posterior(asset, seat, label, 1), asset, label)
    winner = int(worth.argmax()) + 1
    assert min(said) <= winner <= max(said) and 0 <= worth.max() <= 1
    best, sure = held.of_others(asset, seat, label, 1)
    if n > 1:
        for i in range(n):
            rest = np.delete(np.arange(n), i)
            alone = held.worth(
                held.posterior(asset[rest], seat[rest], label[rest], 1), asset[rest], label[rest]
            )
            assert (best[i], sure[i]) == (alone.argmax(), pytest.approx(alone.max()))


def answers(label_type, *said):
    return [
        Answer(i, 1, 1, 1, 1, 1, i, "label", 1, False, None, i, key, 2, None, label_type, more)
        for i, (key, more) in enumerate(said)
    ]


def test_what_stands_beside_a_class_is_what_most_of_those_who_chose_it_say():
    given_ = answers(
        "class",
        ("a", {"attributes": {"wet": True, "colour": "red"}}),
        ("b", {"attributes": {"wet": False, "size": [1, 2]}}),
        ("a", {"attributes": {"wet": True, "colour": "blue"}}),
        ("a", {"attributes": {"wet": False, "colour": "blue"}}),
    )
    assert beside.with_the_rest(given_, "a") == {
        "class": "a", "attributes": {"wet": True, "colour": "blue"},
    }  # fmt: skip
    assert beside.with_the_rest(given_, "b")["attributes"] == {"wet": False, "size": [1, 2]}
    assert beside.with_the_rest(answers("class", ("a", {}), ("b", None)), "a") == {"class": "a"}


def test_reasons_are_kept_when_half_of_those_who_prefer_it_name_them():
    given_ = answers(
        "preference",
        ("a", {"reasons": ["clear", "short"]}), ("a", {"reasons": ["clear"]}), ("a", {}),
        ("b", {"reasons": ["short"]}),
    )  # fmt: skip
    assert beside.with_the_rest(given_, "a") == {"preference": "a", "reasons": ["clear"]}
    assert beside.with_the_rest(answers("rating", ("4", {}), ("4.5", {})), "4.5") == {"rating": 4.5}
