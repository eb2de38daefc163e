"""The real application in a real browser: a server of this test's own, pages with traps."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

from tests.browsers import FLAGS, PROGRAM
from tests.http import signed_in

BUNDLES = Path(__file__).resolve().parents[2] / "ops/web/static/dist"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for all tests, which `tests/conftest.py` puts last."""
    if PROGRAM is None:
        pytest.skip("no browser: chromium is not installed")
    if not (BUNDLES / "app.js").exists():
        pytest.fail("the browser code is not bundled: run `npm ci && npm run build`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def agent(chromium: Any) -> str:
    """What this Chromium calls itself."""
    page = chromium.new_page()
    name: str = page.evaluate("navigator.userAgent")
    page.close()
    return name


@pytest.fixture
def site(app: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the application, served by threads of this process on this test's database."""
    # What is read from the environment while a request runs must be this installation's too.
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # A farewell of a closing page is answered before the database goes.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Traps:
    """What must not happen on a page: console errors, exceptions, requests to anywhere else."""

    def __init__(self, site: str):
        self.host = urlsplit(site).netloc
        self.caught: list[str] = []
        self.expected: list[str] = []

    def expect(self, *texts: str) -> None:
        """Messages that contain one of `texts` are what this test provokes."""
        self.expected.extend(texts)

    def watch(self, page: Any) -> None:
        page.on("console", lambda m: m.type == "error" and self.caught.append(f"console: {m.text}"))
        page.on("pageerror", lambda error: self.caught.append(f"exception: {error}"))
        page.on("request", self._request)

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.caught.append(f"foreign request: {request.url}")

    @property
    def sprung(self) -> list[str]:
        return [c for c in self.caught if not any(text in c for text in self.expected)]


@pytest.fixture
def traps(site: str) -> Iterator[Traps]:
    """The traps of every page of this test; the test fails when one has sprung."""
    traps = Traps(site)
    yield traps
    assert not traps.sprung, traps.sprung


@pytest.fixture
def browse(
    chromium: Any, agent: str, app: Any, site: str, traps: Traps
) -> Iterator[Callable[..., Any]]:
    """`browse(user, "/desk")` → a Playwright page, signed in; `test_signin` tries the form.

    More keywords go to the browser context. `page.context.new_page()` is a second tab.
    """
    contexts = []

    def browse(user: Any = None, path: str = "/", **more: Any) -> Any:
        options = {"viewport": {"width": 1366, "height": 768}, **more}
        context = chromium.new_context(base_url=site, **options)
        context.set_default_timeout(10_000)
        context.on("page", traps.watch)
        contexts.append(context)
        page = context.new_page()
        if user is not None:
            cookie, _ = signed_in(app, user, agent)
            name = app.config["SESSION_COOKIE_NAME"]
            context.add_cookies([{"name": name, "value": cookie, "url": site}])
        page.goto(path)
        return page

    yield browse
    for context in contexts:
        context.close()
