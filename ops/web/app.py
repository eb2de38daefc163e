"""The Flask application: one transaction per request, deny by default, strict headers."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIFlask
from flask import g, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from ops import clock_time, config, log
from ops.db import make_engine, make_sessions, transaction
from ops.errors import ConfigError
from ops.nav import Entry
from ops.web import errors, headers, identity, layout, openapi


class _Json(DefaultJSONProvider):
    def loads(self, s: str | bytes, **more: Any) -> Any:
        """What nests too deep is the fault of who sent it, not a failure of the house."""
        try:
            return super().loads(s, **more)
        except RecursionError:
            raise ValueError("nests too deep") from None


class App(APIFlask):
    """Returning from a view commits, raising rolls back; access is checked within."""

    json_provider_class = _Json

    def dispatch_request(self) -> ResponseReturnValue:
        if request.endpoint == "static":  # needs no database
            return super().dispatch_request()
        try:
            with transaction(self.extensions["sessions"]) as g.session:
                identity.recognise()
                if request.routing_exception is not None:
                    self.raise_routing_exception(request)
                identity.check_access(self)
                return self.make_response(super().dispatch_request())
        finally:
            g.pop("session", None)


def build(
    *,
    settings: config.Settings | None,
    engine: Engine | None,
    blueprints: Sequence[str],
    access: Mapping[str, frozenset[str]],
    nav: Sequence[Entry],
    mounts: Sequence[str],
) -> App:
    """Put the application together from plain data. Raises ConfigError on a contradiction."""
    settings = settings or config.load()
    clock_time.use_configured()
    if engine is None:
        log.configure(settings.log_level)  # a process of its own; tests bring their engine
        if not settings.database_url:
            raise ConfigError("Set DATABASE_URL, or start with `touchstone serve`.")
        engine = make_engine(settings.database_url)
    app = App(
        "ops.web",
        title="Touchstone",
        version="1.0",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,  # ops.web.errors answers instead
        static_url_path="/static",
    )
    _configure(app, settings, engine, access, nav)
    for module in (errors, identity, headers, layout, openapi):
        module.init_app(app)
    for name in blueprints:
        app.register_blueprint(_load(name))
    for name in mounts:
        _load(name)(app)
    _refuse_unknown_endpoints(app, access)
    return app


def _configure(
    app: App,
    settings: config.Settings,
    engine: Engine,
    access: Mapping[str, frozenset[str]],
    nav: Sequence[Entry],
) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="touchstone",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=settings.session_hours * 3600,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        WTF_CSRF_CHECK_DEFAULT=False,  # identity.check_access decides: tokens need none
        WTF_CSRF_TIME_LIMIT=None,
        OPENAPI_VERSION="3.1.0",
        SERVERS=[{"url": "/"}],
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["settings"] = settings
    app.extensions["engine"] = engine
    app.extensions["sessions"] = make_sessions(engine)
    app.extensions["access"] = access
    app.extensions["nav"] = sorted(nav, key=lambda entry: entry.order)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _refuse_unknown_endpoints(app: App, access: Mapping[str, frozenset[str]]) -> None:
    gone = access.keys() - app.view_functions.keys()
    if gone:
        raise ConfigError(f"The role matrix names endpoints that do not exist: {sorted(gone)}")
