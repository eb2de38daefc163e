"""Charts of quality and labellers say what the rows say."""

import itertools
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dashboards import figures_labeller, figures_quality
from dashboards.rows import pressed
from metrics.definitions import learning_curve


def counts(classes: int, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    keys = [f"k{i:02d}" for i in range(classes)]
    truth, said = (random.choice(keys, 4000) for _ in range(2))
    rows = pd.DataFrame({"truth": truth, "said": np.where(random.random(4000) < 0.8, truth, said)})
    return rows.groupby(["truth", "said"]).size().rename("n").reset_index()


@pytest.mark.parametrize("classes", [3, figures_quality.MOST_CLASSES, 60])
def test_a_map_of_confusion_loses_no_answer(classes: int):
    table = counts(classes)
    rows, columns, square = figures_quality.square(table)
    assert square.sum() == table.n.sum()
    assert len(columns) <= figures_quality.MOST_CLASSES
    assert (figures_quality.REST in columns) == (classes > figures_quality.MOST_CLASSES)
    whole = table.groupby("truth").n.sum()
    for i, key in enumerate(rows):
        if key != figures_quality.REST:
            assert square[i].sum() == whole[key]
    drawn = figures_quality.confusion(table, {"k00": "Zero"})
    right, wrong = (np.array(one["z"], float) for one in drawn["data"])
    # A cell is of one of the two: right, or a mistake that was made.
    assert not (~np.isnan(right) & ~np.isnan(wrong)).any()
    together = np.nansum([right, wrong], axis=0)
    assert together == pytest.approx(square / square.sum(axis=1, keepdims=True))
    assert "Zero" in drawn["layout"]["yaxis"]["ticktext"]
    assert "k00" in drawn["data"][0]["y"]


def test_many_days_are_counted_in_weeks_that_end_with_the_period():
    until = date(2026, 11, 22)
    days = [until - timedelta(days=n) for n in range(90, 0, -1)]
    assert figures_quality.stretches(days[-31:], until) == {day: day for day in days[-31:]}
    weeks = figures_quality.stretches(days, until)
    ends = sorted(set(weeks.values()))
    assert ends[-1] == days[-1]
    assert {(b - a).days for a, b in itertools.pairwise(ends)} == {7}
    assert all(0 <= (end - day).days < 7 for day, end in weeks.items())


def test_the_curve_of_learning_lies_within_its_band_and_through_the_points():
    before = np.array([5.0, 20, 60, 150, 400])
    seconds = 30 * before**-0.2 * np.array([1.02, 0.97, 1.0, 1.03, 0.99])
    points = pd.DataFrame(
        {"before": before, "median_seconds": seconds, "mad_log": 0.3, "timed_n": 20,
         "day": [date(2026, 11, n) for n in range(1, 6)]}
    )  # fmt: skip
    fit = learning_curve(before, seconds, points.timed_n)
    band, curve, dots = figures_labeller.learning(points, fit)["data"]
    n = len(curve["x"])
    low, high = np.array(band["y"][n:])[::-1], np.array(band["y"][:n])
    middle = np.array(curve["y"])
    assert (low <= middle * (1 + 1e-9)).all()
    assert (middle <= high * (1 + 1e-9)).all()
    close = np.interp(np.log(before), np.log(curve["x"]), np.log(middle))
    assert np.exp(close) == pytest.approx(seconds, rel=0.06)
    assert dots["y"] == pytest.approx(seconds.tolist())


@pytest.mark.parametrize(
    "told",
    [None, 3, [], {}, {"points": 3}, {"points": []}, {"points": [3]}, {"points": [{"x": 1}]}],
)
def test_what_no_chart_sends_was_not_pressed(told):
    assert pressed(told, "x", "y") is None
    assert pressed({"points": [{"x": "a", "y": "b"}]}, "y", "x") == ("b", "a")
