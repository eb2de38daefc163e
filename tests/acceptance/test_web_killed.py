"""Kill -9 of the web server amid 500 submissions: what was acknowledged is kept, once."""

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections import Counter

import pytest
import urllib3
from sqlalchemy import text

from ops import migrate, tokens
from ops.cli.serve import web_command
from ops.db import make_engine, make_sessions, transaction
from ops.db_server import running
from tests.acceptance.processes import ROOT, eventually
from tests.factories import Make

LABELLERS, SUBMISSIONS, KILL_AFTER = 8, 500, (120, 300)


@pytest.fixture
def durable(tmp_path):
    """A server that survives a crash: fsync on."""
    with running(tmp_path / "home") as server:
        migrate.upgrade(server.owner_url)
        yield server.url


@pytest.fixture
def floor(durable):
    """500 tasks and the bearer tokens of 8 labellers."""
    engine = make_engine(durable, pool_size=2)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        made = Make(session).floor(labellers=LABELLERS, assets=SUBMISSIONS)
        keys = [tokens.create(session, u, "floor", ["read", "write"]) for u in made.labellers]
    yield sessions, keys
    engine.dispose()


class Web:
    """gunicorn on a port of its own, to be killed and started again."""

    def __init__(self, url: str, home):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            **os.environ,
            "DATABASE_URL": url,
            "TOUCHSTONE_HOME": str(home),
            "PYTHONPATH": str(ROOT),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = web_command("127.0.0.1", self.port, 2, 4)
        self.process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, start_new_session=True
        )

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)  # master and workers, no farewell
        self.process.wait()


class Labeller(threading.Thread):
    """Claims and submits until there is no work; retries what was not acknowledged."""

    def __init__(self, port: int, token: str, acknowledged: Counter):
        super().__init__(daemon=True)
        self.base = f"http://127.0.0.1:{port}/api/v1/desk"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acknowledged = acknowledged
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.failure = error

    def _work(self) -> None:
        pool = urllib3.PoolManager(retries=False)
        while True:
            answer = self._until_answered(pool, "/next", {"tab": self.name})
            work = answer["work"]
            if work is None:
                if answer["empty"]["next_free_at"] is None:
                    return
                time.sleep(0.1)
                continue
            body = {
                "label": {"class": "a"},
                "key": str(uuid.uuid4()),
                "revision": 0,
                "tab": self.name,
                "active_ms": 5,
            }
            self._until_answered(pool, f"/{work['token']}/submit", body)
            self.acknowledged[work["token"]] += 1

    def _until_answered(self, pool: urllib3.PoolManager, path: str, body: dict) -> dict:
        for _ in range(600):
            try:
                answer = pool.request(
                    "POST", self.base + path, json=body, headers=self.headers, timeout=10.0
                )
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status == 200:
                return answer.json()
            assert answer.status >= 500, (path, answer.status, answer.data)
            time.sleep(0.1)
        raise AssertionError("the web server did not come back")


def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(durable, floor, tmp_path):
    sessions, keys = floor
    web = Web(durable, tmp_path / "web")
    web.start()
    acknowledged: Counter = Counter()
    people = [Labeller(web.port, key, acknowledged) for key in keys]
    try:
        for person in people:
            person.start()
        for count in KILL_AFTER:
            eventually(lambda count=count: sum(acknowledged.values()) >= count, 90)
            web.kill()
            web.start()
        for person in people:
            person.join(120)
            assert not person.is_alive()
            assert person.failure is None
    finally:
        web.kill()

    with transaction(sessions) as session:
        stored = session.execute(
            text(
                "SELECT a.token::text AS token, count(l.id) AS n FROM assignment a JOIN label l "
                "ON l.assignment_id = a.id WHERE a.state = 'submitted' GROUP BY a.token"
            )
        ).all()
        labels = {row.token: row.n for row in stored}
        # Every acknowledged answer is there, once; what is there beside them was sent, too.
        assert set(acknowledged) <= set(labels)
        assert set(labels.values()) == {1}
        assert len(labels) == SUBMISSIONS
        wrong = session.execute(
            text(
                """
                SELECT count(*) FROM task t WHERE (t.n_done, t.n_leased) <> (
                    SELECT count(*) FILTER (WHERE a.state = 'submitted' AND a.counts),
                           count(*) FILTER (WHERE a.state = 'leased' AND a.counts)
                    FROM assignment a WHERE a.task_id = t.id)
                """
            )
        ).scalar()
        assert wrong == 0
        per_task = session.execute(text("SELECT max(n_done), min(n_done) FROM task")).one()
        assert tuple(per_task) == (1, 1)
