"""The simulated floor: exact where nothing is left to chance, ordered where something is."""

import numpy as np
import pytest

from metrics.forecasting.left import hours_left
from metrics.forecasting.model import (
    REWORK,
    STAGES,
    Ahead,
    Change,
    Observed,
    draw_days,
    enough,
    simulate,
)

MAY = np.array([[True, False, True, False], [False, True, False, True]])
PRESENT = np.array([4.0, 2.0])


def steady(days: int = 28, weekends: bool = True, **more: tuple[float, float]) -> Observed:
    """Labellers 8 hours and 80 answers a day, reviewers 2 and 40; the last day is a Sunday."""
    works = np.ones(days) if weekends else (np.arange(days)[::-1] % 7 > 1).astype(float)
    hours = works[:, None] * np.array([8.0, 2.0])
    answers = works[:, None] * np.array([80.0, 40.0, 0.0, 0.0])
    worked = works[:, None] * np.array([8.0, 2.0, 0.0, 0.0])
    rates = {"reviews": (0.0, 1.0), "reworks": (0.0, 1.0), "adjudications": (0.0, 1.0)} | more
    return Observed(6, hours, answers, worked, MAY, **rates)


def left(*batches: tuple[float, ...]) -> np.ndarray:
    found = np.zeros((len(batches), len(STAGES)))
    for i, batch in enumerate(batches):
        found[i, : len(batch)] = batch
    return found


def test_without_chance_the_end_is_where_the_arithmetic_has_it():
    outcome = simulate(steady(), left((400,)), PRESENT, runs=20)
    assert np.allclose(outcome.days, 400 / 80)
    assert np.allclose(outcome.hours, 400 * 0.1)
    assert np.allclose(outcome.left[:, 0], [320, 240, 160, 80, 0], atol=0.6)
    half = simulate(steady(), left((400,)), PRESENT, runs=20, today=0.25)
    assert np.allclose(half.days, 5.0)  # on a scale on which today has a quarter of a day's work


@pytest.mark.parametrize("days", [28, 12])
def test_nothing_is_done_on_days_on_which_nothing_was(days):
    # Monday to Friday bring 400; the 401st answer waits for the Monday after the weekend.
    outcome = simulate(steady(days, weekends=False), left((408,)), PRESENT, runs=20)
    assert np.allclose(outcome.days, 7.1)


def test_a_batch_waits_for_those_before_it_and_costs_only_its_own():
    outcome = simulate(steady(), left((120,), (40,), (0,)), PRESENT, runs=5)
    assert np.allclose(outcome.days, [[1.5, 2.0, 0.0]])
    assert np.allclose(outcome.hours, [[12.0, 4.0, 0.0]])


def test_what_is_labelled_is_reviewed_and_what_is_sent_back_is_mended():
    seen = steady(reviews=(5000.0, 10_000.0), reworks=(1000.0, 5000.0))
    seen.answers[:, REWORK], seen.worked[:, REWORK] = 1.0, 0.1
    outcome = simulate(seen, left((800,)), PRESENT, runs=400)
    # Each label brings half a review, each review a fifth of a rework, which is reviewed as labels.
    labels = 800 / (1 - 0.5 * 0.2)
    expected = labels * 0.1 + labels * 0.5 * 0.05
    assert outcome.hours.mean() == pytest.approx(expected, rel=0.01)


def test_hours_left_are_those_that_the_simulation_spends():
    seen = steady(reviews=(5000.0, 10_000.0), reworks=(1000.0, 5000.0))
    seen.answers[:, REWORK], seen.worked[:, REWORK] = 1.0, 0.1
    batches = left((800,), (100, 40, 60))
    outcome = simulate(seen, batches, PRESENT, runs=400)
    assert outcome.hours.mean(axis=0) == pytest.approx(
        hours_left(seen, batches).sum(axis=1), rel=0.01
    )


def test_who_is_missing_is_waited_for_without_end():
    nobody = steady()
    nobody.hours[:, 1] = 0
    outcome = simulate(nobody, left((8, 5)), PRESENT, runs=5, horizon=30)
    assert np.isinf(outcome.days).all()
    assert np.allclose(outcome.left[:, 0, -1], 5)


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (Change(people=np.array([4.0, 0.0])), 0.5),
        (Change(people=np.array([0.0, 4.0])), 1.0),
        (Change(hours=2.0), 0.5),
        (Change(overlap=1.5), 1.5),
    ],
)
def test_what_if_moves_the_end_by_what_it_changes(change, factor):
    plain = simulate(steady(), left((800,)), PRESENT, runs=5)
    changed = simulate(steady(), left((800,)), PRESENT, runs=5, change=change)
    assert np.allclose(changed.days, plain.days * factor)


def test_planned_days_are_as_planned_and_those_after_them_as_seen():
    seen = steady()
    nothing, sure = np.zeros((3, *seen.hours.shape)), np.zeros((1, 2))
    hours = np.array([[4.0, 0.0], [0.0, 0.0], [12.0, 0.0]])  # labellers bring ten answers an hour
    planned = Ahead(nothing, hours, sure + 1, sure)
    outcome = simulate(seen, left((320,)), PRESENT, ahead=planned, runs=20)
    assert np.allclose(outcome.left[:, 0], [280, 280, 160, 80, 0], atol=0.6)
    twice = simulate(seen, left((320,)), PRESENT, ahead=planned, runs=5, change=Change(hours=2.0))
    assert np.allclose(twice.left[:, 0], [240, 240, 0], atol=0.6)
    unplanned = Ahead(np.repeat(seen.hours[None], 3, axis=0), 0 * hours, sure + 1, sure)
    plain, same = (
        simulate(seen, left((320,)), PRESENT, ahead=ahead, runs=5) for ahead in (None, unplanned)
    )
    assert np.allclose(plain.days, same.days)


def test_what_comes_of_plans_is_as_unsure_as_it_was():
    """As many runs have more than planned as weeks had; a steady plan is sure."""
    seen = steady()
    rest, hours = np.zeros((28, *seen.hours.shape)), np.full((28, 2), 8.0)
    came = np.array([[0.7, 1.0], [1.3, 1.0], [0.9, 1.0], [1.1, 1.0]])
    unsure = Ahead(rest, hours, came, np.zeros((1, 2)))
    sure = Ahead(rest, hours, np.ones((4, 2)), np.zeros((1, 2)))
    spread, none = (
        simulate(seen, left((800,)), PRESENT, ahead=ahead, runs=400).days.std()
        for ahead in (unsure, sure)
    )
    assert none == pytest.approx(0, abs=1e-9) and spread > 1
    middle = np.median(simulate(seen, left((800,)), PRESENT, ahead=unsure, runs=400).days)
    assert middle == pytest.approx(10, abs=0.6)


def test_days_to_come_have_the_weekday_of_those_they_are_like():
    for days in (30, 12):
        seen = steady(days)
        drawn, scale = draw_days(seen, 20, 50, np.random.default_rng(1))
        weekday = (6 - np.arange(days - 1, -1, -1)) % 7
        ahead = (7 + np.arange(20)) % 7
        if days >= 21:
            assert (weekday[drawn] == ahead).all()
        assert ((weekday[drawn] >= 5) == (ahead >= 5)).all()
        assert np.allclose(scale, 1)  # all weeks alike: nothing to be unsure of


def test_the_spread_of_a_week_to_come_is_that_of_a_prediction():
    """Total of one week, from n normal ones: Student's t, n - 1 degrees, wider by √(1 + 1 ÷ n)."""
    from scipy.stats import t

    rng = np.random.default_rng(2)
    n, inside = 6, 0
    for _ in range(400):
        weeks = rng.normal(100, 10, size=n + 1)
        seen = steady(7 * n)
        seen.hours[:] = np.repeat(weeks[:n], 7)[:, None] / 7
        drawn, scale = draw_days(seen, 7, 300, rng)
        total = (seen.hours[:, 0][drawn] * scale[..., 0]).sum(axis=1)
        inside += int(np.quantile(total, 0.1) <= weeks[n] <= np.quantile(total, 0.9))
    # Drawn from six shapes, not from all normal ones: within four points of the nominal 80 %.
    assert abs(inside / 400 - 0.8) < 0.04 + t.ppf(0.975, 399) * np.sqrt(0.8 * 0.2 / 400)


def test_too_few_days_say_so():
    seen = steady(7)
    seen.hours[:-2] = 0
    assert enough(seen) == "work was done on 2 days only; 3 are needed"
    with pytest.raises(ValueError, match="3 are needed"):
        simulate(seen, left((1,)), PRESENT)
