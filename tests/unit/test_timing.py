"""Pace, learning and asset times recovered from made-up floors; bad times said to be bad."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.timing import asset_times, fastest_plausible, group_median, pace, usable


def floor(seed=0, n_assets=400, n_labellers=20, per_asset=5, learning=0.0):
    """(asset, labeller, seconds, order, true asset effect, true pace), log-normal with outliers."""
    generator = np.random.default_rng(seed)
    effect = np.where(generator.random(n_assets) < 0.1, 0.8, 0.0)
    own = generator.normal(0, 0.5, n_labellers)
    asset = np.repeat(np.arange(n_assets), per_asset)
    lots = generator.random((n_assets, n_labellers))
    labeller = np.argsort(lots, axis=1)[:, :per_asset].ravel()
    order = generator.permutation(asset.size).astype(float)
    rank = np.empty(asset.size)
    for who in range(n_labellers):
        mine = np.flatnonzero(labeller == who)
        rank[mine] = np.argsort(np.argsort(order[mine]))
    log = 2 + effect[asset] + own[labeller] + learning * np.log1p(rank)
    log += generator.normal(0, 0.4, asset.size)
    log += np.where(generator.random(asset.size) < 0.02, 4.0, 0.0)  # somebody went for coffee
    return asset, labeller, np.exp(log), order, effect, own


def test_pace_of_labellers_is_recovered():
    _, labeller, seconds, _, _, own = floor()
    found = pace(labeller, seconds, 20)
    np.testing.assert_allclose(found.deviation - found.deviation.mean(), own - own.mean(), atol=0.2)
    assert found.typical == pytest.approx(np.median(seconds))
    np.testing.assert_allclose(found.ratio(), np.exp(found.deviation))
    for who in range(20):
        assert found.median[who] == pytest.approx(np.median(seconds[labeller == who]), rel=0.01)


def test_few_answers_are_shrunk_towards_everybody():
    _, labeller, seconds, *_ = floor()
    labeller = np.append(labeller, 20)
    seconds = np.append(seconds, 20 * np.median(seconds))
    found = pace(labeller, seconds, 21)
    assert 0 < found.deviation[20] < 0.9 * np.log(20)
    assert found.se[20] > 5 * found.se[0]


def test_learning_is_found_where_it_is_and_not_where_it_is_not():
    _, labeller, seconds, order, *_ = floor(learning=-0.2)
    found = pace(labeller, seconds, 20, order)
    assert found.slope == pytest.approx(-0.2, abs=4 * found.slope_se)
    assert found.slope_se < 0.05
    false = [pace(f[1], f[2], 20, f[3]).slope != 0 for f in map(floor, range(40))]
    assert np.mean(false) < 0.2
    assert pace(labeller, seconds, 20).slope == 0


def test_slow_assets_come_out_slow_and_their_standard_error_is_honest():
    asset, labeller, seconds, _, effect, _ = floor()
    found = asset_times(asset, pace(labeller, seconds, 20).residual, 400)
    assert found.effect[effect > 0].mean() > found.effect[effect == 0].mean() + 0.35
    centred = effect - effect.mean()
    error = (found.effect - centred) / found.se
    assert 0.8 < np.std(error) < 1.3
    fewer = asset_times(asset[asset < 3], pace(labeller, seconds, 20).residual[asset < 3], 4)
    assert np.isnan(fewer.effect[3])
    assert fewer.n.tolist() == [5, 5, 5, 0]


def test_one_pause_does_not_make_an_asset_slow():
    asset, labeller, seconds, *_ = floor()
    seconds[0] = 40_000.0
    found = asset_times(asset, pace(labeller, seconds, 20).residual, 400)
    assert found.effect[0] < np.log(2)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-1e6, 1e6)), max_size=50))
def test_group_median_equals_numpy(rows):
    group = np.array([r[0] for r in rows], dtype=int)
    values = np.array([r[1] for r in rows], dtype=float)
    found = group_median(group, values, 5)
    for g in range(5):
        mine = values[group == g]
        assert np.isnan(found[g]) if not mine.size else found[g] == pytest.approx(np.median(mine))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.one_of(st.just(float("nan")), st.floats(0, 1e5))),
        max_size=60,
    )
)
def test_any_times_are_handled(rows):
    labeller = np.array([r[0] for r in rows], dtype=int)
    seconds = np.array([r[1] for r in rows], dtype=float)
    found = pace(labeller, seconds, 4, np.arange(len(rows)))
    timed = np.isfinite(seconds)
    assert np.isfinite(found.residual[timed]).all()
    assert np.isnan(found.z[~timed]).all()
    assert (found.n == np.bincount(labeller[timed], minlength=4)).all()
    if timed.any():
        assert np.isfinite(found.deviation).all()
    verdict = usable(labeller, seconds, 4)
    assert verdict.usable == (verdict.why == "")


def test_real_times_are_usable(shared_data):
    import csv

    for folder in ("weather_tweets", "dog_photos_brief"):
        with (shared_data / folder / "answers.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        names, labeller = np.unique([r["labeller"] for r in rows], return_inverse=True)
        assert usable(labeller, [float(r["seconds"]) for r in rows], len(names)).usable


def test_times_that_cannot_be_used_are_said_to_be_so():
    _, labeller, seconds, *_ = floor()
    assert usable(labeller, seconds, 20).usable
    assert usable(labeller, np.round(seconds, 3), 20).usable
    nothing = usable(labeller, seconds * np.nan, 20)
    assert nothing == (False, "no answer carries a time")
    few = np.where(np.arange(seconds.size) < 12, seconds, np.nan)
    assert "only 12 answers" in usable(labeller, few, 20).why
    constant = usable(labeller, group_median(labeller, seconds, 20)[labeller], 20)
    assert "20 of 20 labellers have the same time on every answer" in constant.why
    by_batch = seconds.copy()
    for who in range(20):
        mine = np.flatnonzero(labeller == who)
        by_batch[mine] = seconds[mine[np.arange(mine.size) // 10 * 10]]
    assert "shared by a batch" in usable(labeller, by_batch, 20).why
    running = seconds.copy()
    for who in range(20):
        mine = np.flatnonzero(labeller == who)
        running[mine] = np.cumsum(seconds[mine])
    assert "never set back" in usable(labeller, running, 20).why
    cut = np.minimum(seconds, np.quantile(seconds, 0.75))
    assert "times are cut off there" in usable(labeller, cut, 20).why
    assert "blocks of 60 s" in usable(labeller, np.ceil(seconds / 60) * 60, 20).why


def test_bad_times_are_refused():
    for bad in (-1.0, np.inf):
        with pytest.raises(ValueError, match="seconds: expected finite times of at least 0"):
            pace([0, 0], [1.0, bad], 1)


def test_hardly_an_honest_answer_is_faster_than_plausible_and_most_clicks_are():
    generator = np.random.default_rng(3)
    own = np.exp(2 + generator.normal(0, 0.3, 40))
    own[:6] = 0.4  # these click
    seconds = own[:, None] * np.exp(generator.normal(0, 0.5, (40, 300)))
    middle = np.median(np.log(seconds), axis=1)
    mad = np.median(np.abs(np.log(seconds) - middle[:, None]), axis=1)
    limit = fastest_plausible(np.exp(middle), mad)
    assert (seconds[6:] < limit).mean() < 0.01
    assert (seconds[:6] < limit).mean() > 0.9
    assert np.isnan(fastest_plausible(np.exp(middle[:2]), mad[:2]))
