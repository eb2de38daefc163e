"""`touchstone serve`: database, web, clock and worker under one roof."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ops import config, migrate
from ops.errors import ConfigError
from ops.supervisor import Supervisor


@contextmanager
def database(settings: config.Settings, *, tcp_port: int | None = None) -> Iterator[str]:
    """The URL of a migrated database: the configured one, or our own embedded server."""
    if settings.database_url:
        migrate.upgrade(settings.owner_url or settings.database_url)
        yield settings.database_url
        return
    from ops.db_server import running

    with running(settings.home, tcp_port=tcp_port) as server:
        migrate.upgrade(server.owner_url)
        yield server.url


# gunicorn's heartbeat files belong in memory where the system has a place for that.
MEMORY = ("--worker-tmp-dir", "/dev/shm") if Path("/dev/shm").is_dir() else ()  # noqa: S108


def web_command(host: str, port: int, workers: int, threads: int) -> list[str]:
    """The command line of the web server."""
    return [
        *(sys.executable, "-m", "gunicorn", "wsgi:create_app()"),
        *("--bind", f"{host}:{port}", "--worker-class", "gthread"),
        *("--workers", str(workers), "--threads", str(threads)),
        *("--timeout", "60", "--graceful-timeout", "15", "--keep-alive", "30"),
        *("--log-level", "warning", *MEMORY),
    ]


def touchstone(*arguments: str) -> list[str]:
    """The command line of one of our own commands."""
    return [sys.executable, "-m", "wsgi", *arguments]


def free_port(host: str, port: int) -> None:
    """Raise ConfigError when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"{host}:{port} cannot be used ({error.strerror}); choose another with --port",
                field="port",
            ) from None


def start_all(supervisor: Supervisor, host: str, port: int, workers: int, threads: int) -> None:
    """Start web, clock and worker."""
    supervisor.add("web", *web_command(host, port, workers, threads))
    supervisor.add("clock", *touchstone("clock"))
    supervisor.add("worker", *touchstone("worker"))


def environment(settings: config.Settings, url: str, host: str, port: int) -> dict[str, str]:
    """What the children need to know."""
    base_url = os.environ.get("TOUCHSTONE_BASE_URL", f"http://{host}:{port}")
    return {
        "DATABASE_URL": url,
        "TOUCHSTONE_HOME": str(settings.home.resolve()),
        "TOUCHSTONE_BASE_URL": base_url,
    }


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve web, clock and worker; with no DATABASE_URL also the embedded PostgreSQL."""
    settings = config.load()
    free_port(host, port)
    with database(settings) as url:
        supervisor = Supervisor(environment(settings, url, host, port))
        start_all(supervisor, host, port, workers, threads)
        click.echo(f"Touchstone serves http://{host}:{port}  (Ctrl-C stops everything)")
        _say_how_to_begin(url, supervisor.environment["TOUCHSTONE_BASE_URL"])
        supervisor.run()


def _say_how_to_begin(url: str, base_url: str) -> None:
    """While there are no accounts, print the link that makes the first one."""
    from ops import first_admin
    from ops.db import make_engine, make_sessions, transaction

    engine = make_engine(url, pool_size=1)
    with transaction(make_sessions(engine)) as session:
        secret = None if first_admin.anyone(session) else first_admin.start(session)
    engine.dispose()
    if secret:
        click.echo(f"There are no accounts yet. Make the first one at {base_url}/setup/{secret}")
