"""A Flask test client that behaves like a browser with a form: it carries the CSRF token."""

import re
from typing import Any

from flask import session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.http import parse_cookie

from ops.web import identity


def signed_in(app: Any, user: Any, agent: str) -> tuple[str, str]:
    """The cookie of a session that `user` has just begun, and its CSRF token.

    `agent` is the User-Agent of who will send it. The form is tried in `test_signin`.
    """
    here = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": agent}
    with app.test_request_context(environ_overrides=here):
        identity.sign_in(user)
        token = generate_csrf()
        answer = app.response_class()
        app.session_interface.save_session(app, session, answer)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return parse_cookie(cookie)[app.config["SESSION_COOKIE_NAME"]], token


class Client:
    """Thin face over FlaskClient; `get`, `post`, … return werkzeug's TestResponse."""

    user: Any = None

    def __init__(self, app: Any):
        self.http: FlaskClient = app.test_client()
        self._csrf = ""

    def sign_in(self, email: str, password: str) -> None:
        answer = self.http.get("/signin")
        self._remember(answer)
        done = self.post("/signin", data={"email": email, "password": password})
        assert done.status_code in (302, 303), (done.status_code, done.text[:400])
        self._remember(self.http.get("/account"))

    def enter(self, user: Any) -> None:
        """Be signed in as `user`, without the form."""
        app = self.http.application
        cookie, self._csrf = signed_in(app, user, self.http.environ_base["HTTP_USER_AGENT"])
        self.http.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
        self.user = user

    def _remember(self, answer: Any) -> None:
        found = re.search(r'name="csrf-token" content="([^"]+)"', answer.text)
        if found:
            self._csrf = found.group(1)

    def get(self, path: str, **more: Any) -> Any:
        return self.http.get(path, **more)

    def _send(self, method: str, path: str, **more: Any) -> Any:
        headers = {"X-CSRFToken": self._csrf, **more.pop("headers", {})}
        return self.http.open(path, method=method, headers=headers, **more)

    def post(self, path: str, **more: Any) -> Any:
        return self._send("POST", path, **more)

    def put(self, path: str, **more: Any) -> Any:
        return self._send("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> Any:
        return self._send("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self._send("DELETE", path, **more)
