"""Slices: ratios as others compute them, planted ones found, the rest green at the stated rate."""

import numpy as np
import pytest

from quality.measures.slice_ratios import compare, said
from quality.measures.slices import Fields, Slice, of_classes


def floor(seed, *, assets=300, per=3, slow=0.0, wrong=1.0, own=0.3):
    """A third of the assets are at night; `slow` is added to their log time, `wrong` multiplies
    their rate of wrong answers."""
    rng = np.random.default_rng(seed)
    night = np.arange(assets) < assets // 3
    asset = np.repeat(np.arange(assets), per)
    time = rng.normal(0, 0.5, asset.size) + rng.normal(0, own, assets)[asset] + slow * night[asset]
    missed = rng.random(asset.size) < np.where(night, 0.1 * wrong, 0.1)[asset]
    return night, asset, time, missed.astype(float), rng


def night_of(night):
    return Slice("meta.light", "night", np.flatnonzero(night))


def test_one_answer_an_asset_is_welch_and_several_are_cluster_robust():
    from scipy.stats import ttest_ind
    from statsmodels.api import OLS

    night, asset, time, missed, _ = floor(1, per=1, slow=0.2)
    found = compare([night_of(night)], asset, time, missed, len(night)).time
    welch = ttest_ind(time[night], time[~night], equal_var=False, alternative="greater")
    low, high = ttest_ind(time[night], time[~night], equal_var=False).confidence_interval()
    np.testing.assert_allclose(
        [np.log(found.value[0]), np.log(found.low[0]), np.log(found.high[0]), found.p[0]],
        [time[night].mean() - time[~night].mean(), low, high, welch.pvalue],
    )
    night, asset, time, missed, rng = floor(2, slow=0.2)
    kept = rng.random(asset.size) < 0.7  # assets of one, two and three answers
    asset, time, missed = asset[kept], time[kept], missed[kept]
    found = compare([night_of(night)], asset, time, missed, len(night)).time
    design = np.stack([np.ones(asset.size), night[asset]], axis=1)
    fitted = OLS(time, design).fit(cov_type="cluster", cov_kwds={"groups": asset}, use_t=False)
    assert np.log(found.value[0]) == pytest.approx(fitted.params[1])
    width = np.log(found.high[0] / found.low[0]) / 2
    assert width == pytest.approx(1.96 * fitted.bse[1], rel=0.03)


def test_the_ratio_of_wrong_answers_and_its_width_are_those_of_resampled_assets():
    night, asset, time, missed, rng = floor(3, assets=600, wrong=2.0)
    hard = rng.random(600) < 0.1  # answers to one asset fail together
    missed = np.maximum(missed, hard[asset] & (rng.random(asset.size) < 0.7))
    found = compare([night_of(night)], asset, time, missed, 600).wrong
    share = [missed[night[asset]].mean(), missed[~night[asset]].mean()]
    assert found.value[0] == pytest.approx(share[0] / share[1], rel=0.02)
    sums = np.bincount(asset, missed, 600)
    drawn = []
    for _ in range(800):
        i, j = rng.choice(np.flatnonzero(night), 200), rng.choice(np.flatnonzero(~night), 400)
        drawn.append(np.log(sums[i].mean() / sums[j].mean()))
    width = np.log(found.high[0] / found.low[0]) / 2
    assert width == pytest.approx(1.96 * np.std(drawn), rel=0.15)


def test_a_planted_slice_is_red_and_said_in_words_and_random_ones_are_green():
    night, asset, time, missed, rng = floor(4, slow=np.log(2.1), wrong=2.0)
    others = [Slice("meta.x", str(i), np.flatnonzero(rng.random(300) < 0.2)) for i in range(20)]
    found = compare([night_of(night), *others], asset, time, missed, 300)
    assert found.colour[0] == "red" and set(found.colour[1:]) <= {"green", "yellow"}
    sentence = said("light: night", found, 0)
    assert sentence.startswith("Assets of light: night take 2") and "× as often" in sentence
    assert said("x: 0", found, found.colour.index("green")) == ""
    assert found.answers[0] == 300 and found.assets[0] == 100


def test_with_nothing_planted_a_floor_has_any_colour_at_most_as_often_as_stated():
    floors = coloured = covered = intervals = 0
    for seed in range(40):
        _, asset, time, missed, rng = floor(100 + seed, assets=200, wrong=1.0)
        slices = [Slice("meta.x", str(i), np.flatnonzero(rng.random(200) < 0.2)) for i in range(20)]
        found = compare(slices, asset, time, missed, 200)
        floors += 1
        coloured += set(found.colour) != {"green"}
        for ratios in (found.time, found.wrong):
            intervals += ratios.low.size
            covered += ((ratios.low <= 1) & (ratios.high >= 1)).sum()
    assert coloured / floors <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / floors)
    assert 0.93 <= covered / intervals <= 0.99


def test_a_slice_is_not_blamed_for_who_worked_on_it():
    night, asset, time, missed, rng = floor(5)
    poor = night[asset] & (rng.random(asset.size) < 0.9)  # the night shift errs four times as often
    missed = (rng.random(asset.size) < np.where(poor, 0.4, 0.1)).astype(float)
    blamed = compare([night_of(night)], asset, time, missed, 300)
    fair = compare([night_of(night)], asset, time, missed, 300, np.where(poor, 0.4, 0.1))
    assert blamed.wrong.low[0] > 2 and fair.wrong.low[0] < 1 < fair.wrong.high[0]


def test_what_cannot_be_told_is_unknown_and_green():
    night, asset, time, _, _ = floor(6)
    nothing = np.full(asset.size, np.nan)
    for times, missed in ((nothing, nothing), (time, nothing), (nothing, 0 * time)):
        found = compare([night_of(night)], asset, times, missed, 300)
        assert np.isnan(found.wrong.value[0]) and found.colour == ["green"]
    everything = compare([Slice("class", "a", np.arange(300))], asset, time, 0 * time, 300)
    assert np.isnan(everything.time.value[0])


def test_fields_that_tell_few_groups_apart_make_slices():
    fields = Fields(100)
    for i in range(100):
        fields.add(i, {
            "light": "night" if i % 4 == 0 else "day", "file": f"{i}.jpg", "lux": i / 7,
            "grain": i % 3, "crowd": i % 2 == 0, "rare": "yes" if i < 5 else "no",
            "same": "x", "deep": {"a": 1}, "note": "n" * (90 + i % 2),
        })  # fmt: skip
    found = {(one.dimension, one.value): set(one.assets.tolist()) for one in fields.slices()}
    assert {dimension for dimension, _ in found} == {
        "meta.light", "meta.lux", "meta.grain", "meta.crowd", "meta.rare",
    }  # fmt: skip
    assert found["meta.light", "night"] == set(range(0, 100, 4))
    assert found["meta.crowd", "yes"] == set(range(0, 100, 2))
    quarters = [members for (dimension, _), members in found.items() if dimension == "meta.lux"]
    assert sorted(map(len, quarters)) == [25] * 4 and set().union(*quarters) == set(range(100))
    assert ("meta.rare", "yes") not in found  # five assets tell nothing


def test_an_asset_of_several_classes_is_in_several_slices():
    held = [{"car", "dog"} if i % 2 else ["car"] if i % 3 else () for i in range(60)]
    car, dog = of_classes(held)
    assert (car.title, dog.title) == ("class car", "class dog")
    assert set(dog.assets) < set(car.assets)
    assert of_classes([["car"]] * 60) == []
