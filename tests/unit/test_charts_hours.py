"""Pictures of hours: names escaped, bars as long as hours, nothing where there is nothing."""

import re
from datetime import date, timedelta
from xml.etree import ElementTree

from metrics import charts_hours

DAY = date(2026, 3, 2)
SVG = "{http://www.w3.org/2000/svg}"


def rects(drawn: str) -> list[float]:
    return [float(r.get("width")) for r in ElementTree.fromstring(drawn).iter(f"{SVG}rect")]


def test_bars_of_people_are_as_long_as_their_hours_and_names_are_text():
    drawn = charts_hours.people([("<b>&", 40, 20, 30), ("Ann", 20, 20, 10)])
    active, planned, other, half = rects(drawn)
    assert active / planned == 0.75 and other / half == 0.5
    assert abs(half / planned - 0.5) < 1e-3
    assert "<b>" not in drawn and "&lt;b&gt;&amp;" in drawn
    ElementTree.fromstring(charts_hours.people([]))


def test_capacity_names_what_is_missing_and_stacks_the_rest():
    weeks = [DAY, DAY + timedelta(days=7)]
    drawn = charts_hours.capacity(weeks, [("cars <x>", [(10, 30, 0), (40, 0, 0)])])
    assert re.findall(r"−(\d+) h", drawn) == ["30"]
    heights = [float(r.get("height")) for r in ElementTree.fromstring(drawn).iter(f"{SVG}rect")]
    assert abs(heights[0] + heights[1] - heights[2]) < 0.2 and heights[1] / heights[0] > 2.9


def test_days_reach_as_high_as_their_hours():
    drawn = charts_hours.days([(DAY + timedelta(days=n), 8, 8, 2.0 * n) for n in range(5)])
    bars = [r for r in ElementTree.fromstring(drawn).iter(f"{SVG}rect") if r.get("fill") != "none"]
    heights = [float(r.get("height")) for r in bars]
    assert heights[0] == 0 and abs(heights[4] / heights[1] - 4) < 0.05
    ElementTree.fromstring(charts_hours.days([]))
