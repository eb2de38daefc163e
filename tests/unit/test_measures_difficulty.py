"""Difficulty found from few answers on real work, and what it must not do."""

import csv

import numpy as np
import pytest
from hypothesis import given

from quality.measures.agreement import asset_agreement, label_counts
from quality.measures.difficulty import difficulty
from quality.timing import pace
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
    times = pace(labeller, seconds, 20).z
    telling = difficulty(asset, label, 400, 4, times)
    idle = difficulty(asset, label, 400, 4, generator.permutation(times))
    assert telling.weights["time"] > 0.6
    assert abs(idle.weights["time"]) < 0.3
    assert not difficulty(asset, label, 400, 4).learnt["time"]
    assert auc(telling.score, hard) > auc(
        1 - asset_agreement(label_counts(asset, label, 400, 4)), hard
    )


def auc(score, hard):
    from scipy.stats import rankdata

    rank, n = rankdata(score), int(hard.sum())
    return (rank[hard].sum() - n * (n + 1) / 2) / (n * (len(hard) - n))


@pytest.mark.parametrize(
    ("folder", "bars"),
    [
        ("dog_photos_brief", {1: 0.71, 2: 0.82, 3: 0.86}),
        # Time says little here: never much below the best single clue.
        ("weather_tweets", {1: 0.57, 2: 0.64, 3: 0.70, 5: 0.76}),
    ],
)
def test_hard_assets_are_found_from_few_answers(shared_data, folder, bars):
    with (shared_data / folder / "answers.csv").open(encoding="utf-8-sig") as file:
        last = {(r["asset"], r["labeller"]): r for r in csv.DictReader(file)}
    rows = list(last.values())
    with (shared_data / folder / "truth.csv").open(encoding="utf-8-sig") as file:
        truth = {r["asset"]: r["label"] for r in csv.DictReader(file)}
    names, asset = np.unique([r["asset"] for r in rows], return_inverse=True)
    labellers, labeller = np.unique([r["labeller"] for r in rows], return_inverse=True)
    classes, label = np.unique([r["label"] for r in rows], return_inverse=True)
    seconds = np.array([float(r["seconds"]) for r in rows])
    wrong = np.array([r["label"] != truth[r["asset"]] for r in rows])
    error = np.bincount(asset, wrong) / np.bincount(asset)
    hard = error >= np.percentile(error, 85)
    for k, bar in bars.items():
        found = []
        for seed in range(30):
            lots = np.random.default_rng(seed).random(asset.size)
            order = np.lexsort((lots, asset))
            n = np.bincount(asset)
            rank = np.arange(asset.size) - np.repeat(np.cumsum(n) - n, n)
            kept = np.sort(order[rank < k])
            z = pace(labeller[kept], seconds[kept], len(labellers)).z
            score = difficulty(asset[kept], label[kept], len(names), len(classes), z).score
            found.append(auc(score, hard))
        assert np.mean(found) >= bar, (folder, k)
