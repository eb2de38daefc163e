"""The whole model of times: equal to least squares, honest on made-up floors, the same online."""

import json

import numpy as np
import pytest

from benchmarks.simulation.times import fitted, one_run, world
from quality import timing
from quality.timing.design import design
from quality.timing.mixed import solve
from quality.timing.ordinary import CLIP, leftovers, tail


def small(seed=0):
    """(labeller, asset, log seconds): normal noise, no pauses."""
    r = np.random.default_rng(seed)
    labeller, asset = np.tile(np.arange(6), 20), np.repeat(np.arange(40), 3)
    log = 2 + r.normal(0, 0.5, 6)[labeller] + r.normal(0, 0.3, 40)[asset] + r.normal(0, 0.3, 120)
    return labeller, asset, log


def test_effects_equal_penalised_least_squares_over_all_columns_at_once():
    labeller, asset, log = small()
    laid = design(labeller, 6, None, {}, {"size": np.linspace(-1, 1, 120)}, {})
    found = solve(np.clip(log, 0, 4), laid, labeller, 6, asset, 40)
    # The oracle: assets as columns like any other, priors as further rows, the same clipping.
    whole = np.hstack([laid.matrix.toarray(), np.eye(40)[asset]])
    prior = np.full(whole.shape[1], 1e-3)
    prior[laid.terms["labeller"].where] = 1 / found.spread["labeller"]
    prior[-40:] = 1 / found.spread["asset"]
    effect = np.append(found.effect, found.asset)
    noise = found.noise[labeller]
    rest = np.clip(log, 0, 4) - whole @ effect
    pseudo = whole @ effect + np.clip(rest, -2 * noise, 2 * noise) / found.inside
    rows = np.vstack([whole / noise[:, None], np.diag(prior)])
    exact, *_ = np.linalg.lstsq(rows, np.append(pseudo / noise, np.zeros(len(prior))), rcond=None)
    np.testing.assert_allclose(effect, exact, atol=0.03)
    covariance = np.linalg.inv(rows.T @ rows)[: len(found.effect), : len(found.effect)]
    ours = np.sqrt(np.diag(found.covariance)[1:])
    np.testing.assert_allclose(ours, np.sqrt(np.diag(covariance))[1:], rtol=0.15)


def test_paces_and_assets_stand_beside_a_mixed_model_of_statsmodels():
    from statsmodels.regression.mixed_linear_model import MixedLM

    labeller, asset, log = small(3)
    ours = timing.fit(labeller, asset, np.exp(log), 6, 40)
    whose = np.eye(6)[labeller][:, 1:]
    theirs = MixedLM(log, np.column_stack([np.ones(120), whose]), groups=asset).fit()
    pace = np.append(0.0, theirs.fe_params[1:])
    error = ours.pace.deviation - ours.pace.deviation.mean() - (pace - pace.mean())
    assert np.abs(error).max() < 0.1
    effects = np.array([theirs.random_effects[a].iloc[0] for a in range(40)])
    found = timing.asset_effects(asset, ours, 40)
    assert np.corrcoef(found.effect, effects)[0, 1] > 0.98


@pytest.mark.parametrize("n", [1, 3])
def test_tail_of_an_ordinary_asset_equals_the_sum_over_all_draws(n):
    values = np.linspace(-CLIP, CLIP, 9)  # on the grid, so that nothing is spread over two points
    drawn = np.random.default_rng(1).choice(values, 50)
    sums = sum(np.meshgrid(*[drawn] * n))
    for score in (-1.0, 0.5, 2.0):
        exact = np.mean(sums.ravel() >= score - 1e-9)
        assert tail(np.array([score]), np.array([n]), leftovers(drawn))[0] == pytest.approx(exact)
    assert np.isnan(tail(np.zeros(1), np.zeros(1, int), leftovers(drawn)))[0]


def test_false_discoveries_and_intervals_on_made_up_floors():
    """Tolerances are four standard errors of the mean over the runs, from the runs themselves."""
    runs = [one_run(world(seed)) for seed in range(12)]

    def told(name):
        values = np.array([run[name] for run in runs])
        return values.mean(), 4 * values.std(ddof=1) / np.sqrt(len(runs))

    for rate, shown in ((0.05, "5%"), (0.10, "10%")):
        for clue in ("time", "time and disagreement"):
            mean, slack = told(f"{clue}, {shown}: false")
            assert mean <= rate + 0.02 + slack
            mean, slack = told(f"{clue}, {shown}: found")
            assert mean > 0.2
    for name in ("assets covered", "paces covered"):
        mean, slack = told(name)
        assert 0.93 - slack <= mean <= 0.97 + slack, name


def test_learning_tiredness_and_size_are_recovered():
    made = world(5, n_assets=900)
    fit, _ = fitted(made)
    for name, true in (("learning", made.slopes[0].mean()), ("fatigue", made.slopes[1].mean())):
        trend = fit.trends[name]
        assert trend.common == pytest.approx(true, abs=4 * trend.se)
    slope, se = fit.numbers["objects"]
    assert slope == pytest.approx(0.3, abs=4 * se)
    assert np.corrcoef(fit.trends["learning"].own, made.slopes[0])[0, 1] > 0.3
    assert fit.team is not None and len(fit.team.effect) == 4


def test_paces_are_shrunk_to_their_team_and_newcomers_take_theirs():
    r = np.random.default_rng(2)
    labeller, asset = np.tile(np.arange(20), 60), np.repeat(np.arange(240), 5)
    team = np.append(np.arange(20) % 2, 1)
    log = 2 + np.where(team[labeller] == 1, 0.8, 0.0) + r.normal(0, 0.4, labeller.size)
    fit = timing.fit(labeller, asset, np.exp(log), 21, 240, team=team)  # the last never worked
    assert fit.team.effect[1] - fit.team.effect[0] == pytest.approx(0.8, abs=0.25)
    times = timing.asset_effects(asset, fit, 240)
    model = timing.as_stored(fit, times, range(21), ["fast", "slow"])
    seconds = [float(np.exp(2.8))]
    slow = timing.update(model, ["new"], seconds, team=["slow"])
    fast = timing.update(model, ["new"], seconds, team=["fast"])
    assert slow.residual[0] == pytest.approx(0.0, abs=0.15)
    assert fast.residual[0] == pytest.approx(0.8, abs=0.15)
    assert slow.p > fast.p


def test_an_asset_is_judged_from_the_stored_model_as_in_the_whole_fit():
    made = world(1)
    fit, times = fitted(made)
    model = json.loads(json.dumps(timing.as_stored(fit, times, range(24), range(4))))
    before = np.empty(made.asset.size)
    for who in range(24):
        mine = np.flatnonzero(made.labeller == who)
        before[mine[np.argsort(made.order[mine])]] = np.arange(mine.size)
    for asset in range(0, 400, 25):
        mine = made.asset == asset
        found = timing.update(
            model, made.labeller[mine], made.seconds[mine],
            numbers={"objects": made.objects[mine]},
            trends={"learning": before[mine], "fatigue": made.shift[mine]},
        )  # fmt: skip
        whole = [times.effect, times.se, times.low, times.high, times.p]
        np.testing.assert_allclose(found[:5], [part[asset] for part in whole], atol=1e-3)
        assert found.n == mine.sum()
    nothing = timing.update(model, [0], [None])
    assert nothing.effect is None and nothing.n == 0 and nothing.z == [None]


def test_a_slow_class_is_taken_out_of_times_and_can_be_left_in():
    r = np.random.default_rng(7)
    kind, asset = r.integers(0, 3, 300), np.repeat(np.arange(300), 3)
    labeller = np.tile(np.arange(9), 100)
    log = 2 + np.array([0.0, 0.0, 0.9])[kind][asset] + r.normal(0, 0.3, 900)
    fit = timing.fit(labeller, asset, np.exp(log), 9, 300, factors={"class": kind[asset]})
    steps = fit.factors["class"]
    assert steps.effect[2] - steps.effect[0] == pytest.approx(0.9, abs=4 * np.hypot(*steps.se[:2]))
    slow = kind[asset] == 2
    assert abs(fit.z[slow].mean() - fit.z[~slow].mean()) < 0.2
    left = fit.z_with("class", kind[asset])
    assert left[slow].mean() - left[~slow].mean() > 1.5
    model = timing.as_stored(
        fit, timing.asset_effects(asset, fit, 300), range(9), factors={"class": ["a", "b", "slow"]}
    )
    told = {"labeller": [0], "seconds": [float(np.exp(2.9))], "factors": {"class": ["slow"]}}
    plain, with_class = (
        timing.update(model, **told),
        timing.update(model, **told, left_in=["class"]),
    )
    assert with_class.z[0] > plain.z[0] + 1 and with_class.effect == plain.effect


def test_many_columns_are_solved_without_laying_them_out(monkeypatch):
    made = world(2)
    exact, _ = fitted(made)
    monkeypatch.setattr("quality.timing.mixed.MOST_EXACT", 3)
    found, _ = fitted(made)
    np.testing.assert_allclose(found.pace.deviation, exact.pace.deviation, atol=0.05)
    np.testing.assert_allclose(found.pace.se, exact.pace.se, rtol=0.3)


def test_what_is_malformed_is_named():
    with pytest.raises(ValueError, match="stage: expected 2 codes"):
        timing.fit([0, 0], [0, 1], [1.0, 2.0], 1, 2, factors={"stage": [0]})
    with pytest.raises(ValueError, match="asset: expected codes from 0 to 0"):
        timing.fit([0, 0], [0, 1], [1.0, 2.0], 1, 1)
    nothing = timing.fit([0, 0], [0, 1], [np.nan, np.nan], 1, 2)
    assert np.isnan(timing.asset_effects([0, 1], nothing, 2).effect).all()
