"""Names in charts: whatever they hold, Plotly finds no tag in them, and shows them as they are."""

import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import inert
from tests.hostile import HOSTILE

LINK = '<a href="https://elsewhere.example">Sign in again & again</a>'
# By these Plotly splits a text (`SPLIT_TAGS` of its svg_text_utils).
TAG = re.compile(r"<[^<>]*>")


def chart(name: Any) -> dict[str, Any]:
    axis = {"ticktext": [name], "tickvals": [name], "tickformat": "%a<br>%d %b"}
    trace = {"type": "scatter", "name": name, "x": [name, 1.5, None], "y": (name,), "text": [name],
             "customdata": [[name, 3], [None, 4]], "hovertemplate": "<b>%{x}</b>"}  # fmt: skip
    heat = {"type": "heatmap", "x": [name], "y": [name], "text": [["3<br>4 %"]]}
    layout = {"xaxis2": axis, "annotations": [{"text": name, "x": 1}], "showlegend": True}
    return {"data": [trace, heat], "layout": layout}


def texts(drawn: dict[str, Any]) -> list[str]:
    """Every place of a name in `chart`."""
    trace, heat = drawn["data"]
    axis, (note,) = drawn["layout"]["xaxis2"], drawn["layout"]["annotations"]
    names = [trace["name"], trace["x"][0], trace["y"][0], trace["text"][0], note["text"]]
    names += [trace["customdata"][0][0], heat["x"][0], heat["y"][0]]
    return [*names, *axis["ticktext"], *axis["tickvals"]]


@pytest.mark.parametrize("name", [LINK, "a & b", "&lt;b&gt;", *HOSTILE[:60]])
def test_a_name_is_no_markup_anywhere(name: str):
    for told in texts(inert.figure(chart(name))):
        assert not TAG.search(told)
        assert inert.plain(told) == html.unescape(told) == name


@given(st.text())
def test_what_was_pressed_is_what_was_shown(name: str):
    for told in texts(inert.figure(chart(name))):
        assert inert.plain(told) == name and not TAG.search(told)


def test_what_we_wrote_keeps_its_markup():
    drawn = inert.figure(chart(LINK))
    assert drawn["data"][0]["hovertemplate"] == "<b>%{x}</b>"
    assert drawn["data"][0]["x"][1:] == [1.5, None]
    assert drawn["data"][1]["text"] == [["3<br>4 %"]]
    assert drawn["layout"]["xaxis2"]["tickformat"] == "%a<br>%d %b"
    assert drawn["layout"]["showlegend"] is True
