"""A Flask test client that behaves like a browser with a form: it carries the CSRF token."""

import re
from typing import Any

from flask.testing import FlaskClient


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
