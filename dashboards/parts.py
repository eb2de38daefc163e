"""What the pages share: cards, charts, big numbers, choices, empty states."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dash import dcc, html

from dashboards import inert
from dashboards.asked import Asked
from dashboards.controls import Select
from dashboards.controls import options as as_options
from dashboards.defined import titled
from dashboards.door import picture
from dashboards.phrases import UNDEFINED
from ops.web.layout import moment

if TYPE_CHECKING:
    from pandas import DataFrame

# Plotly's tool bar would only cover the chart: its pages zoom and pan nothing.
CHART_CONFIG = {"displayModeBar": False, "responsive": True}
SENSES = {1: "good", 0: "quiet", -1: "bad"}
Children = Any


def card(title: str, body: Children, *, note: Children = None, size: str = "12") -> Children:
    """A card with a title that states what is shown."""
    return html.Section(
        html.Div(
            [
                html.Div(
                    [html.H2(title, className="card-title"), html.Div(note, className="dash-note")],
                    className="card-header dash-card-head",
                ),
                html.Div(body, className="card-body"),
            ],
            className="card h-100",
        ),
        className=f"col-12 col-xl-{size}",
    )


def chart(figure: dict[str, Any], label: str, height: int = 250) -> Children:
    """A chart; `label` is what a screen reader says."""
    return html.Div(graph(figure, height), role="img", **{"aria-label": label})


def graph(figure: dict[str, Any], height: int, **more: Any) -> Children:
    """A figure as it is drawn; names in it are no markup."""
    style = {"height": f"{height}px"}
    drawn = inert.figure(figure)
    return dcc.Graph(figure=drawn, config=CHART_CONFIG, style=style, responsive=True, **more)


def as_of(at: datetime | None) -> str:
    """Up to when the figures reach."""
    return f"As of {moment(at)}" if at is not None else "Nothing is counted yet"


def empty(title: str, text: str, link: tuple[str, str] | None = None) -> Children:
    """Why there is nothing here, and what to do next."""
    parts = [html.H3(title), html.P(text)]
    if link is not None:
        # A page outside the dashboards: the whole browser goes there.
        parts.append(html.A(link[0], href=link[1], className="btn btn-primary"))
    return html.Div(parts, className="empty-state dash-empty")


def no_projects() -> Children:
    """Nothing may be seen, or nothing exists."""
    return empty(
        "No projects yet",
        "Figures appear here once you are a member of a project and work has begun in it.",
        ("Go to projects", "/projects"),
    )


def too_slow() -> Children:
    """The database gave no answer in time."""
    return empty(
        "The figures could not be read in time",
        "Reading them took more than 5 seconds and was stopped, so that the floor keeps its pace. "
        "Try a shorter period or a single project.",
    )


def broken() -> Children:
    """Something that nobody foresaw; the log has it."""
    return empty(
        "Something went wrong on our side",
        "It has been logged. Reload the page; if it happens again, tell your administrator.",
    )


def mine(scope: Any, asked: Asked) -> Any:
    """The projects a page reads: those in scope, or the one that was chosen among them."""
    return scope if asked.project_id is None else [asked.project_id]


def figures(shown: Iterable[Children], label: str) -> Children:
    """Big numbers beside each other; `label` is what a screen reader calls them."""
    return html.Section(list(shown), className="dash-figures", **{"aria-label": label})


def figure(
    name: str,
    value: str,
    *,
    key: str = "",
    unit: str = "",
    interval: str = "",
    support: str = "",
    change: str = "",
    sense: int = 0,
) -> Children:
    """One big number: what it is of, its 95 % interval, what it rests on, how it moved.

    `sense` says whether the change is good (1), bad (-1) or neither (0).
    """
    undefined = " undefined" if value == UNDEFINED else ""
    lines = [f"95 %: {interval}" if interval else "", support]
    return html.Div(
        [
            html.H2(titled(name, key)),
            html.Div(value, className=f"dash-value{undefined}"),
            html.Div(unit, className="dash-unit"),
            html.Div([html.Div(line) for line in lines], className="dash-support"),
            html.Div(change, className=f"dash-change {SENSES[sense]}"),
        ],
        className="dash-figure",
        **{"data-figure": key},
    )


def picker(
    name: str, listed: Sequence[tuple[Any, str]], value: Any, label: str, nothing: str | None = None
) -> Children:
    """A drop-down that writes `name` into the address: a filter or a parameter of the page's own.

    `listed` are (value, text); `nothing` is what the empty choice is called, None for no such.
    """
    return Select(
        id={"filter": name},
        options=as_options(listed, nothing),
        value="" if value is None else str(value),
        label=label,
        shown=True,
    )


def links(
    path: str, asked: Asked, name: str, listed: Sequence[tuple[Any, str]], label: str
) -> Children:
    """A few choices of one of the page's own parameters beside each other; None is no choice."""
    now = asked.own.get(name)
    shown = [
        dcc.Link(text, href=asked.again(path, **{name: value}),
                 className=f"btn btn-sm {'btn-primary' if value == now else ''}")
        for value, text in listed
    ]  # fmt: skip
    return html.Div(shown, className="btn-group", role="group", **{"aria-label": label})


def asset_link(row: Any, children: Children, **more: Any) -> Children:
    """A link to the project's page of assets, at this one."""
    where = f"/projects/{row.project_id}/assets?search={quote(str(row.external_id))}"
    return html.A(children, href=where, **more)


def flagged_people(flagged: "DataFrame") -> Children:
    """Labellers with the reason for which each is flagged."""
    rows = []
    for row in flagged.itertuples(index=False):
        where = html.Span(f" in {row.project}", className="dash-quiet")
        rows.append(html.Li([html.Strong(row.labeller), where, html.P(row.reason)]))
    return html.Ul(rows, className="dash-people")


def medium(row: Any) -> Children:
    """The picture of an asset, or the beginning of its text."""
    if row.pictured:
        alt = f"Asset {row.external_id}"
        return html.Img(src=picture(int(row.asset_id)), alt=alt, className="dash-thumb")
    return html.Div(row.text or "", className="dash-excerpt")


def tag(text: str, kind: str) -> Children:
    """A small coloured mark that says in words what its colour says."""
    return html.Span(text, className=f"tag tag-{kind}")
