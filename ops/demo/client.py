"""Requests as the simulated people send them: JSON with a bearer token.

They are handed to the application as a web server would hand them over, within this process: two
weeks are twenty thousand requests, and sockets would take a third of the time.
"""

import io
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode
from wsgiref.types import WSGIApplication, WSGIEnvironment

from ops.errors import TouchstoneError


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers, the body."""

    status: int
    headers: dict[str, str]
    data: bytes


class Client:
    """A person at the API. Raises TouchstoneError with the server's own words on any refusal."""

    def __init__(self, app: WSGIApplication, token: str):
        self.app = app
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call("POST", path, json=body or {})

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("PUT", path, json=body)

    def data(self, path: str) -> bytes:
        """The bytes behind a path."""
        answer = self._send("GET", path)
        if answer.status != 200:
            raise TouchstoneError(f"GET {path}: {answer.status}")
        return answer.data

    def _call(self, method: str, path: str, **more: Any) -> Any:
        body = json.dumps(more["json"]).encode() if "json" in more else b""
        answer = self._send(method, path, body=body)
        if answer.status >= 400:
            raise TouchstoneError(f"{method} {path}: {answer.status} {answer.data.decode()[:300]}")
        return json.loads(answer.data) if answer.data else None

    def form(self, path: str, fields: list[tuple[str, str]] | None = None) -> str:
        """Send a page's form; returns the path of the page it leads to."""
        kind = "application/x-www-form-urlencoded"
        answer = self._send("POST", path, "text/html", urlencode(fields or []).encode(), kind)
        if answer.status not in (302, 303):
            raise TouchstoneError(f"POST {path}: {answer.status} {answer.data.decode()[:300]}")
        return answer.headers["Location"]

    def page(self, path: str) -> str | None:
        """The text of a page, or None when it leads elsewhere."""
        answer = self._send("GET", path, "text/html")
        return answer.data.decode() if answer.status == 200 else None

    def _send(
        self,
        method: str,
        path: str,
        accept: str = "application/json",
        body: bytes = b"",
        kind: str = "application/json",
    ) -> Answer:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            told[:] = [int(status.split(maxsplit=1)[0]), dict(headers)]
            return told.append

        around = {**_environment(method, path, body), **self.headers, "HTTP_ACCEPT": accept}
        if body:
            around["CONTENT_TYPE"] = kind
        parts: Iterable[bytes] = self.app(around, start)
        try:
            data = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, headers = told
        return Answer(status, headers, data)


def _environment(method: str, path: str, body: bytes) -> WSGIEnvironment:
    """A request as PEP 3333 describes it."""
    place, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(place, "latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
