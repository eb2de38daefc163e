"""The one table from our errors to HTTP: problem+json for machines, a page for people."""

from typing import Any

import structlog
from flask import Flask, Response, json, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from psycopg.errors import DeadlockDetected, ProgramLimitExceeded
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from ops import errors

STATUS: dict[type[errors.TouchstoneError], tuple[int, str]] = {
    errors.InvalidInput: (422, "Not valid"),
    errors.NotFound: (404, "Not found"),
    errors.Forbidden: (403, "Not allowed"),
    errors.NotSignedIn: (401, "Not signed in"),
    errors.Stale: (409, "Stale"),
    errors.Frozen: (409, "Frozen"),
    errors.NotReady: (409, "Not ready"),
    errors.Conflict: (409, "Conflict"),
    errors.TooMany: (429, "Too many attempts"),
    errors.StorageError: (502, "Storage"),
    errors.TouchstoneError: (500, "Error"),
}

# werkzeug's own words where ours are plainer.
PLAIN = {
    404: ("Not found", "There is nothing at this address."),
    405: ("Not allowed", "This address cannot be used in this way."),
    413: ("Too large", "What you sent is larger than this installation takes."),
}

log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Install the handlers."""
    app.register_error_handler(errors.TouchstoneError, ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(IntegrityError, _collided)
    app.register_error_handler(Exception, _unforeseen)


def wants_json() -> bool:
    """Whether the caller is a machine, or our own browser code."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """An RFC 9457 document."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def _answer(status: int, title: str, detail: str, **more: Any) -> Response:
    if wants_json():
        return problem(status, title, detail, **more)
    page = render_template("error.html", status=status, title=title, detail=detail, **more)
    return Response(page, status, mimetype="text/html")


def ours(error: errors.TouchstoneError) -> Response:
    """The answer to an error of ours: a document for machines, a page for people."""
    status, title = next(STATUS[t] for t in type(error).__mro__ if t in STATUS)
    if status == 401 and not wants_json() and request.method == "GET":
        here = request.full_path.rstrip("?")
        return redirect(url_for("signin.form", next=here if here != "/" else None))  # type: ignore[return-value]
    more: dict[str, Any] = dict(error.detail)
    if isinstance(error, errors.InvalidInput):
        more["errors"] = error.errors
    answer = _answer(status, title, error.message, **more)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _http(error: HTTPException) -> Response:
    title, detail = PLAIN.get(error.code or 500, (error.name, error.description or ""))
    answer = _answer(error.code or 500, title, detail)
    # A 405 must say what is allowed, a 401 how to authenticate.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _csrf(_error: CSRFError) -> Response:
    return _answer(400, "Form expired", "Reload the page and send the form again.")


def _database(error: OperationalError) -> Response:
    if isinstance(error.orig, ProgramLimitExceeded):
        return _unstorable(error)
    # 503 in either case: the desk sends the same again by itself.
    if isinstance(error.orig, DeadlockDetected):
        log.warning("thrown out of a deadlock", endpoint=request.endpoint)
        detail = "Others were changing the same at this moment, and nothing was done. Try again."
    else:
        log.error("database unavailable", error=type(error.orig).__name__)
        detail = "The database does not answer. Try again in a moment."
    answer = _answer(503, "Unavailable", detail)
    answer.headers["Retry-After"] = "2"
    return answer


def _unstorable(_error: DataError | OperationalError) -> Response:
    # A number beyond its column, a zero byte in a text, a key that no index can hold: no form of
    # ours sends them.
    return _answer(422, "Not valid", "A value is too large, or holds a character we cannot store.")


def _collided(error: IntegrityError) -> Response:
    # Two requests at once, and a constraint let one through. Verbs name the field where they can.
    log.warning("refused by a constraint", error=type(error.orig).__name__)
    return _answer(409, "Conflict", "Somebody did this at the same moment. Reload and look again.")


def _unforeseen(_error: Exception) -> Response:
    log.exception("unforeseen error", endpoint=request.endpoint)
    return _answer(500, "Error", "Something went wrong on our side. It has been logged.")
