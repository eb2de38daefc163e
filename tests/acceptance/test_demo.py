"""`touchstone demo` as a newcomer meets it: filled in, served, toured in Chromium, stopped."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from ops.demo.accounts import LOGINS, PASSWORD
from tests.acceptance.processes import ROOT, eventually
from tests.acceptance.supervisors import listen_to_ctrl_c
from tests.browsers import FLAGS, PROGRAM

pytestmark = pytest.mark.xdist_group("demo")


class Demo:
    """The running command."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / "demo.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TOUCHSTONE")}
        environment.pop("DATABASE_URL", None)
        environment["PYTHONPATH"] = str(ROOT)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wsgi", "demo", "--port", str(self.port)],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=listen_to_ctrl_c,  # noqa: PLW1509 - no thread here holds a lock
            )
        eventually(self._serves, 400)

    def _serves(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return "The demonstration runs at" in self.log.read_text()

    def stop(self) -> list[psutil.Process]:
        """Ctrl-C; returns the processes that it left behind."""
        assert self.process is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=10)
        self.log.unlink()
        return alive

    def sign_in(self, role: str) -> requests.Session:
        person = requests.Session()
        page = person.get(f"{self.base}/signin", timeout=30).text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert token
        form = {"email": LOGINS[role][0], "password": PASSWORD, "csrf_token": token.group(1)}
        answer = person.post(f"{self.base}/signin", data=form, timeout=30, allow_redirects=False)
        assert answer.status_code in (302, 303)
        return person


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Demo(tmp_path_factory.mktemp("demo"))
    made.start()
    yield made
    if made.process and made.process.poll() is None:
        made.process.send_signal(signal.SIGINT)
        made.process.wait(60)


def test_one_delivered_one_held_back_one_in_progress(demo):
    lead = demo.sign_in("ops_lead")
    project = lead.get(f"{demo.base}/api/v1/projects").json()["projects"][0]
    listed = lead.get(f"{demo.base}/api/v1/projects/{project['id']}/batches").json()["batches"]
    first, second, third = sorted(listed, key=lambda batch: batch["id"])
    assert first["state"] == "delivered"
    gate = lead.get(f"{demo.base}/api/v1/batches/{second['id']}/gate").json()
    assert not gate["passed"]
    assert gate["reasons"]
    assert 0 < third["answers_done"] < third["answers_wanted"]
    assert third["state"] == "open"


def test_the_client_recomputes_the_digest_from_the_export(demo):
    client = demo.sign_in("client")
    found = client.get(f"{demo.base}/api/v1/deliveries/1").json()
    export = client.get(f"{demo.base}/api/v1/deliveries/1/export?format=jsonl").content
    assert hashlib.sha256(export).hexdigest() == found["digest"]
    assert export.count(b"\n") == found["items"] == 400


@pytest.mark.skipif(PROGRAM is None, reason="no browser: chromium is not installed")
@pytest.mark.parametrize("role", LOGINS)
def test_a_tour_as_each_role(demo, role):
    from playwright.sync_api import sync_playwright

    trouble: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.on("console", lambda m: m.type == "error" and trouble.append(m.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "request",
            lambda r: (
                r.url.startswith(("http", "ws"))
                and not r.url.startswith(demo.base)
                and trouble.append(f"foreign: {r.url}")
            ),
        )
        page.goto(f"{demo.base}/signin")
        page.fill("input[name=email]", LOGINS[role][0])
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state("networkidle")
        assert LOGINS[role][2] in page.url or role == "ops_lead"
        links = page.eval_on_selector_all(
            "header nav a, nav a", "all => all.map(a => a.getAttribute('href'))"
        )
        for path in dict.fromkeys([LOGINS[role][2], *links]):
            if path.startswith("/") and not path.startswith("/api"):
                answer = page.goto(demo.base + path)
                page.wait_for_load_state("networkidle")
                assert answer.status == 200, path
                assert "simulated" in page.inner_text("body"), path
        browser.close()
    assert trouble == []


def test_ctrl_c_stops_everything_and_the_next_start_keeps_the_data(demo):
    lead = demo.sign_in("ops_lead")
    before = lead.get(f"{demo.base}/api/v1/deliveries/1").json()["digest"]
    assert demo.stop() == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", demo.port)) != 0
    demo.start()
    lead = demo.sign_in("ops_lead")
    assert lead.get(f"{demo.base}/api/v1/deliveries/1").json()["digest"] == before
