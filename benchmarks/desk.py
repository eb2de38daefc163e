"""Next + submit over HTTP, as labellers' browsers do it: gunicorn, login, gold, audit and all.

Every client works for labellers of its own through bearer tokens on a kept-open connection; the
database is the embedded one with fsync on and the history of `benchmarks.dispatching` copied in.
"""

import http.client
import json
import multiprocessing
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import psycopg
from sqlalchemy import select

from benchmarks.dispatching import race
from benchmarks.dispatching.seed import seed
from ops import db, migrate, tokens
from ops.cli.serve import web_command
from ops.models import User

WARM_UP = 15
ROOT = Path(__file__).resolve().parents[1]


@click.command()
@click.option("--tasks", default=100_000, show_default=True, help="Open tasks.")
@click.option("--users", default=8, show_default=True, help="Labellers working at once.")
@click.option("--workers", default=2, show_default=True, help="gunicorn workers.")
@click.option("--seconds", default=10.0, show_default=True, help="Length of the measurement.")
@click.option("--history", default=300_000, show_default=True, help="Past answers.")
def command(tasks: int, users: int, workers: int, seconds: float, history: int) -> None:
    """Pairs of next and submit a second over HTTP; prints JSON."""
    from ops.db_server import running

    with (
        tempfile.TemporaryDirectory(prefix="touchstone-bench-") as folder,
        running(Path(folder) / "home", durable=True) as server,
    ):
        migrate.upgrade(server.owner_url)
        seed(server.owner_url, tasks=tasks, clients=users, history=history)
        secrets = _secrets(server.url, users)
        port = _free_port()
        web = _serve(server.url, Path(folder) / "home", port, workers)
        try:
            _wait(port)
            result = _race(port, secrets, seconds)
        finally:
            web.terminate()
            web.wait()
        with psycopg.connect(server.owner_url.replace("+psycopg", "")) as connection:
            over = connection.execute(race.OVER).fetchone()
    shown = {"users": users, "workers": workers, "tasks": tasks, **result}
    click.echo(json.dumps(shown | {"over_assignments": over[0] if over else None}, indent=2))


def _secrets(url: str, users: int) -> list[str]:
    engine = db.make_engine(url)
    with db.transaction(db.make_sessions(engine)) as session:
        people = session.scalars(select(User).order_by(User.id).limit(users))
        made = [tokens.create(session, one, "benchmark", ["read", "write"]) for one in people]
    engine.dispose()
    return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _serve(url: str, home: Path, port: int, workers: int) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "TOUCHSTONE_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    command = web_command("127.0.0.1", port, workers, threads=4)
    return subprocess.Popen(command, env=environment, cwd=ROOT)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise click.ClickException("the web server did not start")


def _race(port: int, secrets: list[str], seconds: float) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    ready, heard = context.Barrier(len(secrets)), context.Queue()
    people = [
        context.Process(target=_labeller, args=(port, secret, seconds, ready, heard))
        for secret in secrets
    ]
    for person in people:
        person.start()
    told = [heard.get(timeout=seconds + 120) for _ in people]
    for person in people:
        person.join()
    nexts = sorted(took for mine, _ in told for took in mine)
    submits = sorted(took for _, mine in told for took in mine)
    return {
        "pairs_per_second": round(len(nexts) / seconds, 1),
        "next_p50_ms": _at(nexts, 0.5),
        "next_p99_ms": _at(nexts, 0.99),
        "submit_p50_ms": _at(submits, 0.5),
        "submit_p99_ms": _at(submits, 0.99),
    }


def _at(sorted_seconds: list[float], share: float) -> float:
    return round(1000 * sorted_seconds[int(share * (len(sorted_seconds) - 1))], 2)


def _labeller(port: int, secret: str, seconds: float, ready: Any, heard: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def call(path: str, body: dict[str, Any]) -> Any:
        connection.request("POST", f"/api/v1/desk{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {data[:300]!r}")
        return json.loads(data)

    def pair() -> tuple[float, float]:
        began = time.perf_counter()
        token = call("/next", {"tab": "t"})["work"]["token"]
        claimed = time.perf_counter()
        label = {"label": {"class": "a"}, "key": token, "revision": 0}
        call(f"/{token}/submit", label | {"tab": "t", "active_ms": 100})
        return claimed - began, time.perf_counter() - claimed

    for _ in range(WARM_UP):
        pair()
    ready.wait()
    nexts, submits = [], []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        claimed, submitted = pair()
        nexts.append(claimed)
        submits.append(submitted)
    heard.put((nexts, submits))
