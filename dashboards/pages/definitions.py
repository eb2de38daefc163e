"""Definitions: every figure with its formula, unit and source, to find and to link to."""

from typing import Any

from dash import Input, Output, html
from sqlalchemy.orm import Session

from dashboards import parts
from dashboards.asked import Asked
from dashboards.controls import Typed
from metrics.definitions import DEFINITIONS, GROUPS, Definition

PATH, NAME, TITLE, GROUP = "/dashboards/definitions", "Definitions", "Definitions", "About"
PERIOD, FILTERS, OWN = False, (), ("of",)
SENSES = {1: "more is better", 0: "neither more nor less is better", -1: "less is better"}


def register(app: Any) -> None:
    """Typing narrows the list."""

    @app.callback(
        Output("definitions", "children"),
        Input("find-definition", "value"),
        prevent_initial_call=True,
    )
    def find(typed: str | None) -> Any:
        return listed(typed or "")


def layout(_session: Session, _scope: Any, asked: Asked) -> Any:
    """The one that was asked for on top, then all of them by group."""
    wanted = next((one for one in DEFINITIONS if one.key == asked.own.get("of")), None)
    field = Typed(
        id="find-definition", type="search", value="", label="Find a figure", shown=True, live=True
    )
    top = [parts.card(f"{wanted.name}: what it is", _entry(wanted, "asked-"))] \
        if wanted else []  # fmt: skip
    return html.Div(
        [
            *top,
            html.Div(
                [
                    html.Div(field, className="dash-find"),
                    html.P(
                        "Each figure is defined once, in code, and this list is made of it. What "
                        "has nothing to stand on is undefined, never 0; every rate carries its n "
                        "and a 95 % interval.",
                        className="dash-note mb-0 mt-2",
                    ),
                ],
                className="col-12",
            ),
            html.Div(listed(""), id="definitions", className="row g-3 m-0 p-0",
                     **{"aria-live": "polite"}),
        ],
        className="row g-3",
    )  # fmt: skip


def listed(typed: str) -> list[Any]:
    """The definitions that hold every word typed, by group."""
    asked = typed.lower().split()
    found = [one for one in DEFINITIONS if all(word in _text(one) for word in asked)]
    if not found:
        nothing = parts.empty("No figure matches", "Try another word, or clear the search.")
        return [html.Div(nothing, className="col-12")]
    groups = [(group, [one for one in found if one.group == group]) for group in GROUPS]
    return [
        parts.card(
            group,
            html.Div([_entry(one) for one in some], className="dash-definitions"),
            note=f"{len(some)} figures" if len(some) > 1 else "1 figure",
        )
        for group, some in groups
        if some
    ]


def _text(one: Definition) -> str:
    said = (one.key, one.name, one.what, one.more, one.formula, one.unit, one.counted_from,
            one.undefined, one.source, one.group)  # fmt: skip
    return " ".join(said).lower()


def _marked(text: str) -> list[Any]:
    """The text with names of the code, which stand between backticks, set as such."""
    return [html.Code(part) if i % 2 else part for i, part in enumerate(text.split("`"))]


def _entry(one: Definition, prefix: str = "") -> Any:
    lines = (
        ("Formula", one.formula),
        ("Unit", f"{one.unit.rstrip('.')} ({SENSES[one.better]})."),
        ("Counted from", one.counted_from),
        ("Undefined", one.undefined or "Never."),
        ("Source", one.source),
        ("In the code", f"`{one.where}`"),
    )
    return html.Article(
        [
            html.H3(one.name),
            html.P(_marked(f"{one.what[0].upper()}{one.what[1:]} {one.more}".strip())),
            html.Dl(
                [
                    part
                    for term, text in lines
                    if text
                    for part in (html.Dt(term), html.Dd(_marked(text)))
                ]
            ),
        ],
        id=f"{prefix}{one.key}",
        className="dash-definition",
    )
