"""What the pages share: head with tabs and filters, cards, charts, empty states."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dash import ALL as EVERY
from dash import Input, Output, State, dcc, html, no_update

from dashboards.asked import PERIODS, Asked, parse
from dashboards.door import picture
from ops import clock_time
from ops.web.layout import moment

if TYPE_CHECKING:
    from pandas import DataFrame

# Plotly's tool bar would only cover the chart: its pages zoom and pan nothing.
CHART_CONFIG = {"displayModeBar": False, "responsive": True}
ALL_PROJECTS = 0
Children = Any


def head(page: Any, pages: Sequence[Any], asked: Asked, known: "DataFrame | None") -> Children:
    """Title, the tabs of the dashboards, the period and the project; all of them in the address."""
    tabs = [
        html.A(p.NAME, href=asked.address(p.PATH), className="dash-tab", **{"aria-current": "page"})
        if p is page
        else dcc.Link(p.NAME, href=asked.address(p.PATH), className="dash-tab")
        for p in pages
    ]
    filters = [_projects(asked, known)] if known is not None else []
    if page.PERIOD:
        filters.append(_periods(page.PATH, asked))
    return html.Div(
        [
            html.Div([html.H1(page.TITLE), html.Nav(tabs, className="dash-tabs")]),
            html.Div(filters, className="actions"),
        ],
        className="page-head",
    )


def _periods(path: str, asked: Asked) -> Children:
    links = [
        dcc.Link(f"{n} days", href=asked.address(path, days=n),
                 className=f"btn btn-sm {'btn-primary' if n == asked.days else ''}")
        for n in PERIODS
    ]  # fmt: skip
    return html.Div(links, className="btn-group", role="group", **{"aria-label": "Period"})


def _projects(asked: Asked, known: "DataFrame") -> Children:
    listed = zip(known.project_id.tolist(), known.project, strict=True)
    options = [{"label": "All projects", "value": ALL_PROJECTS}]
    options += [{"label": name, "value": project_id} for project_id, name in listed]
    drop = dcc.Dropdown(
        id={"filter": "project"},
        options=options,
        value=asked.project_id or ALL_PROJECTS,
        clearable=False,
        searchable=len(options) > 8,
    )
    return html.Div(drop, className="dash-project")


def register(app: Any) -> None:
    """Choosing in a filter writes it into the address, which draws the page anew."""

    @app.callback(
        Output("at", "search"),
        Input({"filter": EVERY}, "value"),
        State({"filter": EVERY}, "id"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def choose(values: list[Any], ids: list[dict[str, str]], search: str | None) -> Any:
        chosen = {of["filter"]: value or None for of, value in zip(ids, values, strict=True)}
        asked = parse(search, clock_time.now().date())
        now = {"project": asked.project_id, "class": asked.label}
        if all(now[name] == value for name, value in chosen.items()):
            return no_update
        return asked.address("", **chosen)


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
    graph = dcc.Graph(
        figure=figure, config=CHART_CONFIG, style={"height": f"{height}px"}, responsive=True
    )
    return html.Div(graph, role="img", **{"aria-label": label})


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
