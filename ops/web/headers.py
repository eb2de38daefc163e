"""Security headers on every response. A mount may widen the policy for its own path only."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def init_app(app: Flask) -> None:
    """Add the headers after each request."""
    # path prefix → function that returns {directive: sources to add}
    app.extensions["csp"] = {}
    app.after_request(_harden(app))


def _harden(app: Flask) -> Callable[[Response], Response]:
    def harden(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy(app.extensions["csp"]))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if not request.path.startswith("/static"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return harden


def _policy(extensions: dict[str, Any]) -> str:
    policy = dict(POLICY)
    for prefix, more in extensions.items():
        if request.path.startswith(prefix):
            for directive, sources in more().items():
                policy[directive] = f"{policy.get(directive, '')} {sources}".strip()
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())
