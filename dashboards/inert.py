"""Names in charts stay names: Plotly takes `<a href=…>` and `<b>` in any text for markup.

It splits a text into tags first and decodes entities in what is left (its `svg_text_utils`), so a
text whose `&` and `<` are entities is shown as it was written, and nothing of it is a link.
"""

import html
from typing import Any

# What of a trace and of an axis holds names; a heat map's own text is made by us and has breaks.
TOLD = ("name", "x", "y", "text", "customdata")
AXIS = ("ticktext", "tickvals", "categoryarray")


def figure(drawn: dict[str, Any]) -> dict[str, Any]:
    """The same figure with every name in it as plain text; templates keep their markup."""
    traces = [_trace(one) for one in drawn["data"]]
    layout = {name: _part(name, value) for name, value in drawn["layout"].items()}
    return {**drawn, "data": traces, "layout": layout}


def plain(told: str) -> str:
    """What a chart was given to show, from what it tells of a point that was pressed."""
    return html.unescape(told)


def _trace(trace: dict[str, Any]) -> dict[str, Any]:
    drawn = trace.get("type") == "heatmap"
    return {
        name: _inert(value) if name in TOLD and not (drawn and name == "text") else value
        for name, value in trace.items()
    }


def _part(name: str, value: Any) -> Any:
    if name == "annotations":
        return [{**one, "text": _inert(one["text"])} for one in value]
    if name.startswith(("xaxis", "yaxis")):
        return {key: _inert(one) if key in AXIS else one for key, one in value.items()}
    return value


def _inert(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value, quote=False) if "<" in value or "&" in value else value
    return [_inert(one) for one in value] if isinstance(value, list | tuple) else value
