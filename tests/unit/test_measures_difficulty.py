"""Difficulty found from few answers on real work, and what it must not do."""

import json

import numpy as np
import pytest
from hypothesis import given

from quality.audit.reading import read_answers, read_truth
from quality.measures.agreement import asset_agreement, label_counts
from quality.measures.difficulty import CLUES, difficulty, one
from quality.measures.hard_found import auc, hard_found
from quality.timing import fit
from tests.unit.test_timing import floor
from tests.unit.work_history import histories


@given(histories())
def test_score_is_a_chance_or_undefined(history):
    found = difficulty(history.asset, history.label, history.n_assets, history.n_classes)
    answers = np.bincount(history.asset, minlength=history.n_assets)
    assert (np.isnan(found.score) == (answers < 2)).all()
    known = found.score[answers > 1]
    assert ((known > 0) & (known < 1)).all()


def test_more_disagreement_is_harder_all_else_equal():
    asset = np.repeat(np.arange(60), 4)
    label = np.tile([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2], 20)
    found = difficulty(asset, label, 60, 3)
    assert found.score[0] < found.score[1] < found.score[2]


def test_time_is_weighed_by_what_it_is_worth():
    asset, labeller, seconds, _, effect, _ = floor(per_asset=4)
    generator = np.random.default_rng(1)
    hard = effect > 0
    wrong = generator.random(asset.size) < np.where(hard[asset], 0.5, 0.05)
    label = np.where(wrong, generator.integers(1, 4, asset.size), 0)
    times = fit(labeller, asset, seconds, 20, 400).z
    telling = difficulty(asset, label, 400, 4, times)
    idle = difficulty(asset, label, 400, 4, generator.permutation(times))
    assert telling.weights["time"] > 0.6
    assert abs(idle.weights["time"]) < 0.3
    assert not difficulty(asset, label, 400, 4).learnt["time"]
    assert auc(telling.score, hard) > auc(
        1 - asset_agreement(label_counts(asset, label, 400, 4)), hard
    )


def worked(seed=4):
    """(asset, label, z, skips, questions, gold, misses) of 200 assets, of which 40 are hard."""
    r = np.random.default_rng(seed)
    hard = np.arange(200) < 40
    asset = np.repeat(np.arange(200), 4)
    label = np.where(r.random(800) < np.where(hard[asset], 0.5, 0.05), r.integers(1, 4, 800), 0)
    skips = r.binomial(2, np.where(hard, 0.5, 0.02))
    gold = np.where(np.arange(200) % 5 == 0, 4, 0)
    misses = r.binomial(gold, np.where(hard, 0.5, 0.05))
    return asset, label, r.normal(0, 1, 800), skips, r.poisson(0.2, 200), gold, misses


def test_parts_sum_to_the_score_and_each_clue_moves_it_its_way():
    asset, label, z, skips, questions, gold, misses = worked()
    told = {"skips": skips, "questions": questions, "gold": gold, "misses": misses}
    found = difficulty(asset, label, 200, 4, z, **told)
    np.testing.assert_allclose(sum(found.parts.values()), found.score)
    # People skip what is disputed; skips that say nothing of it come to weigh less.
    idle = np.random.default_rng(0).permutation(skips)
    shuffled = difficulty(asset, label, 200, 4, z, **dict(told, skips=idle))
    assert found.weights["skips"] > shuffled.weights["skips"] + 0.5
    assert found.learnt == dict.fromkeys(CLUES, True)
    assert not difficulty(asset, label, 200, 4, z).learnt["skips"]
    more = dict(told, misses=np.where(np.arange(200) == 5, 4, misses))
    assert difficulty(asset, label, 200, 4, z, **more).score[5] > found.score[5] + 0.1
    alone = difficulty([0, 0], [0, 0], 3, 1, skips=[0, 0, 2])
    assert np.isnan(alone.score[1]) and alone.score[2] > alone.score[0]


def test_one_asset_is_judged_from_the_stored_model_as_among_all():
    asset, label, z, skips, questions, gold, misses = worked()
    found = difficulty(
        asset, label, 200, 4, z, skips=skips, questions=questions, gold=gold, misses=misses
    )
    model = json.loads(json.dumps(found.stored(["a", "b", "c", "d"])))
    for i in range(0, 200, 7):
        mine = asset == i
        again = one(
            model, [f"{'abcd'[c]}" for c in label[mine]], list(z[mine]), skips=int(skips[i]),
            questions=int(questions[i]), gold=int(gold[i]), misses=int(misses[i]),
        )  # fmt: skip
        # Among all, an asset's own answers are kept out of what its class is worth.
        assert again.score == pytest.approx(found.score[i], abs=0.03)
        assert sum(again.parts.values()) == pytest.approx(again.score)
    assert one(model, [], []).score is None
    assert one(model, ["a"], [None]).score is None
    assert one(model, ["unheard of"], [2.0]).score > one(model, ["unheard of"], [-2.0]).score - 1


@pytest.mark.parametrize(
    ("folder", "bars"),
    [
        ("dog_photos_brief", {1: 0.71, 2: 0.82, 3: 0.86}),
        ("weather_tweets", {}),  # time says little here: see below
    ],
)
def test_hard_assets_are_found_from_few_answers(shared_data, folder, bars):
    answers = read_answers(shared_data / folder / "answers.csv", lambda _: None)
    truth, classes = read_truth(shared_data / folder / "truth.csv", answers)
    found = hard_found(
        answers.asset, answers.labeller, answers.label, answers.seconds, truth,
        (len(answers.assets), len(answers.labellers), len(classes)), draws=6,
    )  # fmt: skip
    assert found.hard == {"dog_photos_brief": 45, "weather_tweets": 48}[folder]
    for k, reached in found.auc["difficulty"].items():
        # Nowhere much below the best single clue, a hundredth for as few draws besides.
        best = max(by_k[k] for name, by_k in found.auc.items() if name != "difficulty")
        assert reached >= max(bars.get(k, 0), best - 0.02), (folder, k)


def test_nothing_is_said_of_hard_assets_where_none_stands_out():
    asset, labeller = np.repeat(np.arange(5), 3), np.tile(np.arange(3), 5)
    right = np.zeros(15, int)
    seconds = np.full(15, np.nan)
    assert hard_found(asset, labeller, right, seconds, np.zeros(5, int), (5, 3, 2)) is None
    assert hard_found(asset, labeller, right, seconds, np.full(5, -1), (5, 3, 2)) is None
    single = hard_found([0, 1], [0, 0], [0, 1], [1.0, 2.0], [0, 0], (2, 1, 2))
    assert single is None


def test_auc_equals_that_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    r = np.random.default_rng(0)
    score, hard = r.integers(0, 5, 60).astype(float), r.random(60) < 0.3
    assert auc(score, hard) == pytest.approx(roc_auc_score(hard, score))
