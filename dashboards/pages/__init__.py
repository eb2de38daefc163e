"""The Dash application and its pages.

Each page is a module with PATH, NAME, TITLE, GROUP (empty: not in the navigation), PERIOD,
`layout(session, scope, asked)` and `register(app)`; and where they are not as usual FILTERS (what
narrows its figures), COMPARE (whether a second period or project is read) and OWN (parameters of
its own in the address).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import dash
import structlog
from dash import ClientsideFunction, Input, Output, dcc, html
from flask import Flask, render_template
from markupsafe import Markup
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolBusy
from sqlalchemy.orm import Session

from dashboards import actions, alerting, asked, choosing, frame, parts, saved, tables
from dashboards.door import outside, reading, viewer
from dashboards.pages import (
    alerts,
    assets,
    balance,
    definitions,
    efficiency,
    embedding_map,
    forecast,
    gold,
    labeller,
    labellers,
    line,
    model_errors,
    overview,
    quality,
    rescoring,
    throughput,
)
from metrics import reads
from ops import clock_time

LOADING = html.P("Reading the figures …", className="dash-note")
# In the order of the navigation; the only list there is.
PAGES = (
    overview,
    line,
    throughput,
    efficiency,
    forecast,
    quality,
    labellers,
    labeller,
    gold,
    rescoring,
    assets,
    balance,
    embedding_map,
    model_errors,
    alerts,
    definitions,
)


class Dashboards(dash.Dash):
    """Dash inside the frame that every other page has: its header, its notice, its footer."""

    def interpolate_index(self, **made: Any) -> str:
        safe = {name: Markup(text) for name, text in made.items()}  # noqa: S704 - made by Dash
        return outside(render_template, "dashboards/page.html", **safe)


def make_dash(prefix: str, csrf_cookie: str) -> dash.Dash:
    """The Dash application on a Flask server of its own, to be called from inside a request."""
    server = Flask("dashboards")
    # Errors go up to the application around it, which has pages and a log for them.
    server.config["PROPAGATE_EXCEPTIONS"] = True
    app = Dashboards(
        "dashboards",
        server=server,
        routes_pathname_prefix=prefix,
        requests_pathname_prefix=prefix,
        pages_folder="",
        use_pages=False,
        include_assets_files=False,
        serve_locally=True,
        suppress_callback_exceptions=True,
        enable_mcp=False,
        csrf_token_name=csrf_cookie,
        csrf_header_name="X-CSRFToken",
        update_title="",
        title="Dashboards · Touchstone",
    )
    app.layout = html.Div(
        [dcc.Location(id="at"), html.Div(LOADING, id="page", className="dash-page")]
    )
    app.callback(Output("page", "children"), Input("at", "pathname"), Input("at", "search"))(route)
    choosing.register(app)
    tables.register(app)
    actions.register(app)
    alerting.register(app)
    saved.register(app)
    # The title names the page, for tabs, the history and screen readers.
    naming = ClientsideFunction(namespace="touchstone", function_name="title")
    app.clientside_callback(naming, Output("page", "title"), Input("page", "children"))
    for page in PAGES:
        page.register(app)
    return app


def route(pathname: str, search: str) -> Any:
    """The page at an address, with its figures."""
    wanted = pathname.rstrip("/")
    page = next((p for p in PAGES if wanted == p.PATH.rstrip("/")), overview)
    today = clock_time.now().date()
    around = frame.Around(asked.parse(search, today, getattr(page, "OWN", ())))
    try:
        with reading() as (session, scope):
            body = _read(session, scope, page, around)
    except (OperationalError, PoolBusy):
        body = parts.too_slow()
    except Exception:
        # An answer of status 500 would leave an empty page: say so, and log it as others are.
        structlog.get_logger().exception("unforeseen error", page=page.NAME)
        body = parts.broken()
    return frame.draw(page, PAGES, around, body)


def _read(session: Session, scope: Any, page: Any, around: frame.Around) -> Any:
    """The page itself; what stands around it is told to `around` on the way."""
    around.views = saved.menu(session, viewer())
    if not around.asked.dated and reads.day_ahead(session, scope, around.asked.today):
        # Where the sun is up already it is tomorrow, and work has been done on it.
        around.asked = replace(around.asked, today=around.asked.today + timedelta(days=1))
    question, known = choosing.known(session, scope, page, around.asked)
    if not known["project"]:
        return parts.no_projects()
    beside = choosing.compared(question, known)
    around.asked, around.known = replace(question, compared=beside), known
    around.alerts = alerting.strip(session, scope, around.asked)
    return page.layout(session, scope, around.asked)
