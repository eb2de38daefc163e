"""Dash behind the application's own door: access, CSRF and headers are decided before it is asked.

One Flask route takes every address under /dashboards/ and hands the request to a Dash application
on a server of its own, over WSGI. So the role matrix knows the route at the start, and Dash, pandas
and what they pull in are loaded by the first person who opens a dashboard, not by every web worker.
"""

import contextvars
import io
import threading
import traceback
from typing import Any

import structlog
import werkzeug
from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import DataError, ProgrammingError

from dashboards.door import OUTSIDE, READER, make_reader
from ops.errors import InvalidInput, NotFound

PREFIX = "/dashboards/"
COOKIE = "csrf_token"
# What reading values of a wrong type or size ends in, here or in the database.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, DataError, ProgrammingError)

blueprint = APIBlueprint("dashboards", __name__, enable_openapi=False, template_folder="templates")
_making = threading.Lock()


def mount(app: Flask) -> None:
    """Put the dashboards under /dashboards/ of `app`."""
    app.register_blueprint(blueprint)
    app.extensions[READER] = make_reader(app.extensions["engine"].url)
    app.extensions["csp"][PREFIX] = lambda: _policy(app)


@blueprint.route(PREFIX, methods=["GET"], defaults={"rest": ""})
@blueprint.route(f"{PREFIX}<path:rest>", methods=["GET", "POST"])
def show(rest: str) -> Response:
    """A page of the dashboards, or what its browser code asks for."""
    page = not rest.startswith("_")
    if page and rest not in _paths():
        raise NotFound("There is no such dashboard.")
    environ = dict(request.environ)
    # The form parser may have been at the stream: what Dash reads is a copy.
    environ["wsgi.input"] = io.BytesIO(request.get_data())
    environ[OUTSIDE] = contextvars.copy_context()
    dash = _dash(current_app, environ)
    try:
        given = werkzeug.Response.from_app(dash.server, environ, buffered=True)
    except Exception as error:
        if page or not _unreadable(error):
            raise
        # Pages say themselves what goes wrong in them; here somebody sent what no page sends. Where
        # it was read is enough to find a fault of ours; a whole trace for each would fill the log.
        read = traceback.extract_tb(error.__traceback__)[-1]
        structlog.get_logger().warning(
            "a callback could not read what it was sent", path=rest,
            error=type(error).__name__, at=f"{read.filename}:{read.lineno}",
        )  # fmt: skip
        raise InvalidInput("The dashboard could not read what it was sent.") from error
    answer = Response(given.response, given.status_code, given.headers)
    if page:
        # Dash reads the token from here and sends it back as a header (double submit).
        answer.set_cookie(
            COOKIE,
            generate_csrf(),
            path=PREFIX,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def _unreadable(error: Exception) -> bool:
    # Dash's own errors, without loading it where nobody opens a dashboard.
    return isinstance(error, UNREADABLE) or type(error).__module__ == "dash.exceptions"


def _paths() -> set[str]:
    """Every address that is a page, as they stand behind the prefix."""
    from dashboards.pages import PAGES

    return {page.PATH.removeprefix(PREFIX) for page in PAGES}


def _dash(app: Flask, environ: dict[str, Any]) -> Any:
    """The Dash application of this process, made and ready at the first request.

    Dash learns which scripts it may serve, and which callbacks it has, while it serves its first
    page. Another worker may have served that page and this one be asked for a script: so a page is
    drawn here before anything else is.
    """
    with _making:
        if "dash" not in app.extensions:
            from dashboards.pages import make_dash

            made = make_dash(PREFIX, COOKIE)
            first = {"PATH_INFO": PREFIX, "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
            werkzeug.Response.from_app(made.server, {**environ, **first})
            app.extensions["dash"] = made
    return app.extensions["dash"]


def _policy(app: Flask) -> dict[str, str]:
    """What Dash needs beyond the house's policy: one inline script, by its hash; <style> elements.

    Plotly and AG Grid write their styles at run time. No script is ever evaluated from text.
    """
    dash = app.extensions.get("dash")
    hashes = " ".join(dash.csp_hashes()) if dash is not None else ""
    return {"script-src": hashes, "style-src": "'unsafe-inline'", "font-src": "'self' data:"}
