"""HTTP as the simulated people speak it: JSON with a bearer token, one kept-open connection."""

from typing import Any
from urllib.parse import urlencode

import urllib3

from ops.errors import TouchstoneError


class Client:
    """A person at the API. Raises TouchstoneError with the server's own words on any refusal."""

    def __init__(self, base: str, token: str, pool: urllib3.PoolManager):
        self.base, self.pool = base, pool
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call("POST", path, json=body or {})

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("PUT", path, json=body)

    def data(self, path: str) -> bytes:
        """The bytes behind a path."""
        answer = self.pool.request("GET", self.base + path, headers=self.headers)
        if answer.status != 200:
            raise TouchstoneError(f"GET {path}: {answer.status}")
        return answer.data

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = self.pool.request(method, self.base + path, headers=self.headers, **more)
        if answer.status >= 400:
            raise TouchstoneError(f"{method} {path}: {answer.status} {answer.data.decode()[:300]}")
        return answer.json() if answer.data else None

    def form(self, path: str, fields: list[tuple[str, str]] | None = None) -> str:
        """Send a page's form; returns the path of the page it leads to."""
        body = urlencode(fields or [])
        headers = {
            **self.headers,
            "Accept": "text/html",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = self.pool.request(
            "POST", self.base + path, headers=headers, body=body, redirect=False
        )
        if answer.status not in (302, 303):
            raise TouchstoneError(f"POST {path}: {answer.status} {answer.data.decode()[:300]}")
        return answer.headers["Location"]

    def page(self, path: str) -> str | None:
        """The text of a page, or None when it leads elsewhere."""
        headers = {**self.headers, "Accept": "text/html"}
        answer = self.pool.request("GET", self.base + path, headers=headers, redirect=False)
        return answer.data.decode() if answer.status == 200 else None
