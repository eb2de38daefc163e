"""The charts of My page: well-formed, true to the numbers, and nothing where nothing is known."""

from datetime import date, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from dashboards import own_figures
from metrics.reads.own import Day

SVG = "{http://www.w3.org/2000/svg}"
TIMES = st.lists(
    st.none() | st.tuples(*[st.floats(0.01, 1e5)] * 3).map(sorted), min_size=1, max_size=40
)


def days(times: list[list[float] | None]) -> list[Day]:
    first = date(2026, 10, 1)
    return [
        Day(first + timedelta(days=i), 3, 0, 9.0, 3 if t else 0, *(t or (None, None, None)))
        for i, t in enumerate(times)
    ]


@given(TIMES)
def test_a_dot_for_every_day_that_has_a_median_within_its_line(times: list) -> None:
    drawn = ElementTree.fromstring(own_figures.pace(days(times)))
    groups = drawn.findall(f"{SVG}g")
    assert len(groups) == sum(t is not None for t in times)
    for group in groups:
        line, dot = group.find(f"{SVG}line"), group.find(f"{SVG}circle")
        low, high, middle = float(line.get("y1")), float(line.get("y2")), float(dot.get("cy"))
        assert high - 0.11 <= middle <= low + 0.11
        assert high >= own_figures.TOP - 0.1 and low <= 190 - own_figures.BOTTOM + 0.1


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40))
def test_bars_are_as_high_as_they_count(counts: list[int]) -> None:
    rows = [Day(date(2026, 10, 1) + timedelta(days=i), n) for i, n in enumerate(counts)]
    bars = ElementTree.fromstring(own_figures.labels(rows)).findall(f"{SVG}g/{SVG}rect")
    heights = [float(bar.get("height")) for bar in bars]
    known = [n for n in counts if n]
    assert len(heights) == len(known)
    for (n, tall), (m, other) in zip(
        zip(known, heights, strict=True), zip(known[1:], heights[1:], strict=True), strict=False
    ):
        assert abs(tall * m - other * n) <= 0.11 * max(n, m)


def test_nothing_known_draws_nothing() -> None:
    drawn = ElementTree.fromstring(own_figures.pace(days([None, None])))
    assert drawn.findall(f"{SVG}g") == [] and drawn.findall(f"{SVG}line") == []
