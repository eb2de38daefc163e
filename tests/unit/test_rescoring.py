"""Re-scoring on real pictures (the handwritten digits of scikit-learn) with planted errors."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from quality.rescoring import crossval, features, suspects


@pytest.fixture(scope="module")
def digits():
    """Features and true labels of the 1,797 digits, through the encoded pictures."""
    data = load_digits()
    encoded = []
    for grey in data.images:
        buffer = io.BytesIO()
        Image.fromarray((grey * 15.9).astype(np.uint8)).save(buffer, "PNG")
        encoded.append(buffer.getvalue())
    heard = []
    numbers = features.of_pictures(len(encoded), iter(encoded), heard.append)
    assert heard[-1] == len(encoded)
    return numbers, data.target.astype(int)


@pytest.fixture(scope="module")
def planted(digits):
    """Labels of which 3 % are wrong, which those are, and out-of-sample probabilities."""
    numbers, truth = digits
    rng = np.random.default_rng(7)
    wrong = rng.random(len(truth)) < 0.03
    labels = np.where(wrong, (truth + rng.integers(1, 10, len(truth))) % 10, truth)
    fold = crossval.folds(labels, 5, seed=1)
    chance = np.empty((len(labels), 10))
    for k in range(5):
        chance[fold == k] = crossval.predict_fold(numbers, labels, fold == k, 10, crossval.Fit())
    return labels, wrong, truth, chance


def test_probabilities_are_probabilities(planted):
    chance = planted[3]
    assert np.allclose(chance.sum(axis=1), 1.0, atol=1e-9)
    assert chance.min() >= 0


def test_the_reference_model_knows_digits_it_never_saw(planted):
    _, _, truth, chance = planted
    assert (chance.argmax(axis=1) == truth).mean() > 0.95


def test_most_suspects_are_planted_errors(planted):
    labels, wrong, _, chance = planted
    verdict = suspects.judge(labels, chance)
    assert not verdict.weak
    assert wrong[verdict.ranked].mean() > 0.8
    assert wrong[verdict.ranked].sum() > 0.75 * wrong.sum()
    # Worst first: the given class's probability rises along the ranking.
    assert (np.diff(verdict.quality[verdict.ranked]) >= -1e-12).all()
    assert verdict.low <= verdict.error_rate <= verdict.high


def test_the_error_rate_equals_cleanlabs_joint(planted):
    from cleanlab.count import estimate_joint

    labels, _, _, chance = planted
    oracle = 1.0 - np.trace(estimate_joint(labels, chance))
    assert suspects.off_diagonal(labels, chance) == pytest.approx(oracle, abs=2e-3)


def test_a_model_that_knows_nothing_is_said_to_be_weak():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    verdict = suspects.judge(labels, rng.dirichlet(np.ones(4), 400))
    assert verdict.weak


def test_one_class_alone_cannot_be_judged():
    verdict = suspects.judge(np.zeros(30, int), np.tile([0.9, 0.1], (30, 1)))
    assert verdict.error_rate is None
    assert verdict.weak
    assert len(verdict.ranked) == 0


def test_folds_are_stratified_and_repeatable():
    labels = np.repeat([0, 1, 2], [50, 25, 7])
    fold = crossval.folds(labels, 5, seed=3)
    assert (fold == crossval.folds(labels, 5, seed=3)).all()
    for label in range(3):
        counts = np.bincount(fold[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_a_class_without_training_items_is_no_error():
    rng = np.random.default_rng(0)
    labels = np.array([0] * 20 + [1] * 20 + [2])
    held_out = np.zeros(41, bool)
    held_out[-1] = True
    numbers = rng.normal(size=(41, 5)).astype(np.float32)
    chance = crossval.predict_fold(numbers, labels, held_out, 3, crossval.Fit(epochs=5))
    assert chance.shape == (1, 3)


def test_gradients_against_a_plain_loop():
    rng = np.random.default_rng(2)
    grey = rng.random((3, features.SIDE, features.SIDE)).astype(np.float32)
    fast = features.gradients(grey)
    step = features.SIDE // features.CELLS
    for n, picture in enumerate(grey):
        down, across = np.gradient(picture)
        slow = np.zeros((features.ORIENTATIONS, features.CELLS, features.CELLS))
        for y in range(features.SIDE):
            for x in range(features.SIDE):
                angle = np.arctan2(down[y, x], across[y, x]) % np.pi
                bin_ = min(int(angle / np.pi * features.ORIENTATIONS), features.ORIENTATIONS - 1)
                slow[bin_, y // step, x // step] += np.hypot(down[y, x], across[y, x])
        flat = slow.ravel()
        assert np.allclose(fast[n], flat / (np.linalg.norm(flat) + 1e-6), atol=1e-4)


@pytest.mark.parametrize("texts", [["a b", "b c", "c d"], ["", "", ""], ["same", "same"]])
def test_texts_become_finite_numbers(texts):
    numbers = features.of_texts(texts, lambda _: None)
    assert numbers.shape[0] == len(texts)
    assert np.isfinite(numbers).all()
