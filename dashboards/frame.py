"""What stands around every page: where one can go, the title, filters, standing alerts, notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dash import dcc, html

from dashboards import choosing
from dashboards.asked import Asked

GROUPS = ("Work", "Quality", "Data", "About")


@dataclass
class Around:
    """What the frame was told of the page it is drawn around; empty where reading failed."""

    asked: Asked
    known: choosing.Known = field(default_factory=dict)
    alerts: Any = None
    views: Any = None


def draw(page: Any, pages: Sequence[Any], around: Around, body: Any) -> Any:
    """The whole page: the pages there are at the side, above on a narrow screen."""
    asked = around.asked
    title = html.H1(page.TITLE)
    tools = html.Div(around.views, className="dash-tools")
    parts = [html.Div([title, tools], className="page-head")]
    if around.known:
        parts.append(choosing.bar(page, asked, around.known))
        parts.append(choosing.chips(page, asked, around.known))
    parts += [around.alerts, html.Div(body, className="dash-body")]
    return html.Div([navigation(page, pages, asked), html.Div(parts, className="dash-main")],
                    className="dash-frame")  # fmt: skip


def navigation(page: Any, pages: Sequence[Any], asked: Asked) -> Any:
    """Every page by its group, with the filters carried along. Drawn twice, shown once: a list at
    the side, and a disclosure where there is no room for it."""
    here = html.Summary(["Dashboards: ", html.Strong(page.NAME)])
    return html.Div(
        [
            html.Nav(_groups(page, pages, asked), className="dash-side",
                     **{"aria-label": "Dashboards"}),
            html.Details([here, html.Nav(_groups(page, pages, asked), className="dash-over",
                                         **{"aria-label": "Dashboards, all pages"})],
                         className="dash-menu", key=page.PATH),
        ],
        className="dash-nav",
    )  # fmt: skip


def _groups(page: Any, pages: Sequence[Any], asked: Asked) -> list[Any]:
    groups = []
    for group in GROUPS:
        links = [_link(one, page, asked) for one in pages if group == one.GROUP]
        if links:
            heading = html.Span(group, className="dash-group")
            groups.append(html.Div([heading, html.Ul([html.Li(link) for link in links])]))
    return groups


def _link(one: Any, page: Any, asked: Asked) -> Any:
    if one is page:
        # Loads the page anew, figures and all.
        return html.A(one.NAME, href=asked.address(one.PATH), **{"aria-current": "page"})
    return dcc.Link(one.NAME, href=asked.address(one.PATH))
