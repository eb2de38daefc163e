"""Alerts where leads look: the strip on top of every page, and how one of them is told."""

from typing import TYPE_CHECKING, Any

from dash import ALL as EVERY
from dash import Input, Output, State, ctx, dcc, html, no_update
from sqlalchemy.orm import Session

from dashboards import parts
from dashboards.asked import Asked, parse
from dashboards.door import acting
from metrics.alerts import book
from metrics.reads.alerts import alerts
from ops import clock_time, scope
from ops.errors import TouchstoneError

if TYPE_CHECKING:
    from pandas import DataFrame

STRIP = "alerts-strip"
PAGE = "/dashboards/alerts"
MOST = 3
# Where a lead can do something about an alert of this kind.
WHERE = {
    "accuracy_drop": "/dashboards/labellers",
    "forecast_past_due": "/dashboards/forecast",
    "gold_exhausted": "/dashboards/gold",
    "queue_starved": "/dashboards/line",
}


def where(row: Any, asked: Asked) -> str:
    """The address of the page where one can act, narrowed to what the alert is about."""
    change: dict[str, Any] = {"project": int(row.project_id), "batch": None, "labeller": None}
    what, _, number = str(row.subject).partition(":")
    if number:
        change[what] = int(number)
    return asked.address(WHERE[row.kind], **change)


def strip(session: Session, mine: Any, asked: Asked) -> Any:
    """What stands and nobody has seen, newest first."""
    found = alerts(session, mine, unseen=True, limit=100)
    return html.Div(lines(found, asked), id=STRIP)


def lines(found: "DataFrame", asked: Asked) -> Any:
    """The alerts of the strip; nothing where none stands."""
    if found.empty:
        return None
    shown = [_line(row, asked) for row in found.head(MOST).itertuples(index=False)]
    rest = len(found) - MOST
    every = dcc.Link(
        f"All {len(found)} alerts" if rest > 0 else "All alerts", href=asked.address(PAGE)
    )
    return html.Section(
        [html.Ul([*shown, html.Li(every)])], className="dash-alerts", **{"aria-label": "Alerts"}
    )


def _line(row: Any, asked: Asked) -> Any:
    about = f"{row.project}" if row.subject == "project" else f"{row.about} in {row.project}"
    return html.Li(
        [
            html.Span([html.Strong(book.NAMES[row.kind]), f" · {about}: {row.reason} "]),
            html.Span(
                [
                    dcc.Link("Look", href=where(row, asked), className="btn btn-sm",
                             title=f"{book.NAMES[row.kind]}, {about}"),
                    seen_button(row, "strip"),
                ],
                className="dash-deeds",
            ),
        ]
    )  # fmt: skip


def seen_button(row: Any, at: str) -> Any:
    """A lead says that they have seen it."""
    return html.Button(
        "Seen", id={"alert": int(row.firing_id), "at": at}, type="button", className="btn btn-sm",
        title="It leaves the top of every page; it stands until the figure is back",
    )  # fmt: skip


def register(app: Any) -> None:
    """Seen once is seen everywhere: the strip is drawn anew."""

    @app.callback(
        Output(STRIP, "children"),
        Input({"alert": EVERY, "at": EVERY}, "n_clicks"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def see(clicks: list[Any], search: str | None) -> Any:
        if not any(clicks) or not ctx.triggered_id:
            return no_update
        try:
            with acting() as (session, by):
                book.see(session, int(ctx.triggered_id["alert"]), by=by)
                found = alerts(session, scope.projects(by), unseen=True, limit=100)
        except TouchstoneError as error:
            return parts.tag(error.message, "bad")
        return lines(found, parse(search, clock_time.now().date()))
