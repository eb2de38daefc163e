"""Charts as data: what they show is what the frame says, and Plotly accepts every one of them."""

import json
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import figures
from metrics import definitions

SINCE = date(2026, 3, 1)
UNTIL = date(2026, 3, 15)


def daily(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    """(day offset, project, labels) as `reads.daily` gives them."""
    return pd.DataFrame(
        [
            {"day": SINCE + timedelta(days=d), "project_id": p, "project": f"P{p}", "labels": n}
            for d, p, n in rows
        ],
        columns=["day", "project_id", "project", "labels"],
    )


def by_day(rows: dict[int, tuple[int, int]]) -> pd.DataFrame:
    """Day offset → (right, n), with everything `reads.days` brings that charts use."""
    found = pd.DataFrame({"day": [SINCE + timedelta(days=d) for d in rows]})
    hits, n = (np.array([r[i] for r in rows.values()], float) for i in (0, 1))
    for key in ("gold", "agreement"):
        found[key], found[f"{key}_low"], found[f"{key}_high"] = definitions.shares(hits, n)
        found[f"{key}_n"] = n.astype(int)
    found["median_seconds"], found["mad_log"], found["timed_n"] = 6.0, math.log(2), n.astype(int)
    return found


def labellers() -> pd.DataFrame:
    """Three labellers: one flagged, one without standing, who cannot be shown."""
    return pd.DataFrame(
        {
            "labeller": ["Ada", "Bo", "Cy"],
            "project": ["P"] * 3,
            "median_seconds": [4.0, 8.0, 6.0],
            "mad_log": [0.4, 0.5, 0.4],
            "timed_n": [100, 60, 10],
            "standing": [0.9, 0.7, np.nan],
            "standing_low": [0.85, 0.6, np.nan],
            "standing_high": [0.94, 0.8, np.nan],
            "flagged": ["", "Is right in 70 %.", ""],
        }
    )


EVERY = {
    "throughput": lambda: figures.throughput(daily([(0, 1, 5), (3, 2, 7)]), SINCE, UNTIL),
    "pace": lambda: figures.pace(by_day({0: (1, 2), 1: (3, 3), 5: (1, 1)}), SINCE, UNTIL),
    "accuracy": lambda: figures.accuracy(by_day({0: (1, 2), 1: (3, 3), 5: (1, 1)}), SINCE, UNTIL),
    "quadrant": lambda: figures.quadrant(labellers()),
    "nobody": lambda: figures.quadrant(labellers()[:0]),
    "no accuracy": lambda: figures.accuracy(by_day({}), SINCE, UNTIL),
}


@pytest.mark.parametrize("name", EVERY)
def test_plotly_accepts_it_and_json_has_no_nan(name: str):
    made = EVERY[name]()
    go.Figure(made)  # raises for any property Plotly does not know
    json.dumps(made, allow_nan=False)


def test_bars_are_the_labels_of_the_day_and_silence_is_a_bar_of_zero():
    made = figures.throughput(daily([(0, 1, 5), (3, 1, 7), (3, 2, 2)]), SINCE, UNTIL)
    one, two = made["data"]
    assert (one["name"], two["name"]) == ("P1", "P2")
    assert one["x"] == [str(SINCE + timedelta(days=i)) for i in range(14)]
    assert one["y"] == [5, 0, 0, 7] + [0] * 10
    assert two["y"] == [0, 0, 0, 2] + [0] * 10
    assert made["layout"]["barmode"] == "stack"


@given(st.lists(st.tuples(st.integers(0, 13), st.integers(1, 12), st.integers(0, 99)), max_size=60))
def test_no_label_is_lost_however_many_projects(rows: list[tuple[int, int, int]]):
    made = figures.throughput(daily(rows), SINCE, UNTIL)
    assert sum(sum(trace["y"]) for trace in made["data"]) == sum(n for _, _, n in rows)
    assert len(made["data"]) <= figures.MOST_SERIES
    colours = [trace["marker"]["color"] for trace in made["data"]]
    assert len(set(colours)) == len(colours)


def test_a_day_without_support_has_no_point_and_breaks_the_band():
    made = figures.accuracy(by_day({0: (1, 2), 1: (3, 4), 4: (1, 1), 5: (0, 2)}), SINCE, UNTIL)
    line = next(t for t in made["data"] if t["name"] == "Gold accuracy")
    assert line["y"][:7] == [0.5, 0.75, None, None, 1.0, 0.0, None]
    bands = [t for t in made["data"] if t["name"] == "Gold accuracy, 95 % interval"]
    days = [str(SINCE + timedelta(days=i)) for i in range(6)]
    assert [b["x"] for b in bands] == [
        [days[0], days[1], days[1], days[0]],
        [days[4], days[5], days[5], days[4]],
    ]
    low, high = zip(*(definitions.share(h, n)[2:] for h, n in ((1, 2), (3, 4))), strict=True)
    assert bands[0]["y"] == pytest.approx([high[0], high[1], low[1], low[0]])


def test_a_day_alone_shows_its_interval_as_a_bar():
    made = figures.accuracy(by_day({3: (9, 10)}), SINCE, UNTIL)
    band = next(t for t in made["data"] if t["name"].endswith("interval"))
    low, high = definitions.share(9, 10)[2:]
    assert band["x"] == [str(SINCE + timedelta(days=3))] * 2
    assert band["y"] == pytest.approx([low, high])
    assert band["line"]["width"] > 0


def test_the_band_of_times_holds_the_middle_half():
    made = figures.pace(by_day({0: (1, 1), 1: (1, 1)}), SINCE, UNTIL)
    band, line = made["data"]
    assert line["y"][:2] == [6.0, 6.0]
    assert band["y"] == pytest.approx([12.0, 12.0, 3.0, 3.0])  # a factor of 2 either way


def test_the_axis_of_accuracy_holds_every_interval():
    made = figures.accuracy(by_day({0: (95, 100), 1: (0, 3)}), SINCE, UNTIL)
    low, high = made["layout"]["yaxis"]["range"]
    values = [y for t in made["data"] for y in t["y"] if y is not None]
    assert low <= min(values)
    assert max(values) <= high


def test_the_last_day_has_its_label():
    for until in (SINCE + timedelta(days=n) for n in (7, 14, 30)):
        made = figures.pace(by_day({0: (1, 1)}), SINCE, until)
        assert str(until - timedelta(days=1)) in made["layout"]["xaxis"]["tickvals"]


def test_points_carry_their_intervals_and_the_flagged_look_different():
    plain, flagged = figures.quadrant(labellers())["data"]
    assert plain["customdata"] == [["Ada", "P", 100]]
    assert flagged["customdata"] == [["Bo", "P", 60]]
    assert plain["marker"]["symbol"] != flagged["marker"]["symbol"]
    assert plain["y"][0] + plain["error_y"]["array"][0] == pytest.approx(0.94)
    assert plain["y"][0] - plain["error_y"]["arrayminus"][0] == pytest.approx(0.85)


def test_the_interval_of_a_median_covers():
    """Simulated: about 95 of 100 intervals of a log-normal median hold the true one."""
    random = np.random.default_rng(7)
    held, runs, n = 0, 400, 80
    for _ in range(runs):
        logs = random.normal(2.0, 0.5, n)
        mad = float(np.median(np.abs(logs - np.median(logs))))
        rows = labellers()[:1].assign(
            median_seconds=math.exp(float(np.median(logs))), mad_log=mad, timed_n=n
        )
        point = figures.quadrant(rows)["data"][0]
        x = point["x"][0]
        low, high = x - point["error_x"]["arrayminus"][0], x + point["error_x"]["array"][0]
        held += low <= math.exp(2.0) <= high
    assert 0.92 <= held / runs <= 0.975


def test_colours_differ_in_lightness_too():
    """Who sees no colour at all still tells neighbours of a stack apart, if only by pattern."""
    assert len(set(figures.SERIES)) == len(figures.SERIES) == figures.MOST_SERIES
    assert len(set(figures.PATTERNS)) == len(figures.PATTERNS) >= figures.MOST_SERIES
