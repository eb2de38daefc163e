"""How long a lead waits for each page of the dashboards: roll-ups as 10M events leave them.

Every page is asked for as the browser asks for it, over the application with its door, by an admin
who sees all projects. Printed are milliseconds until the page with its first chart has come, the
statements it took and the slowest of them. The first visit of a process loads Dash: it is not
counted.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import event, make_url, text

from benchmarks.paging import fill
from ops import clock_time, db, migrate
from ops.config import Settings
from ops.db_server import running
from ops.models import User

UPDATE = "/dashboards/_dash-update-component"
TARGET = 1000  # ms


@click.command()
@click.option("--events", default=10_000_000, show_default=True, type=click.IntRange(10_000))
@click.option("--times", default=5, show_default=True, type=click.IntRange(1))
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 90))
@click.option("--only", default="", help="Pages whose address holds this.")
@click.option("--json", "as_json", is_flag=True, help="Figures as JSON.")
def command(events: int, times: int, days: int, only: str, as_json: bool) -> None:
    """Time every page of the dashboards on the roll-ups of so many events."""
    with (
        tempfile.TemporaryDirectory(prefix="bench") as folder,
        running(Path(folder) / "home", durable=False) as server,
    ):
        migrate.upgrade(server.owner_url)
        made = _fill(server, events, as_json)
        found = _visit(server, made, Path(folder), times, days, only)
    if as_json:
        click.echo(json.dumps({"events": events, "days": days, "times": times, "pages": found}))
        return
    for page in found:
        late = " LATE" if page["median_ms"] > TARGET else "" if page["drawn"] else " FAILED"
        took = f"{page['median_ms']:7.0f} ms, {page['sql_ms']:6.0f} in {page['statements']:2d}"
        most = f"the slowest {page['slowest_ms']:6.0f} ms, {page['kb']:6.0f} KB"
        click.echo(f"{page['page']:<28} {took} statements, {most}{late}")


def _fill(server: Any, events: int, quiet: bool) -> dict[str, Any]:
    # Only a superuser may leave the keys between tables unchecked.
    here = make_url(server.admin_url).set(database=make_url(server.url).database)
    owner = db.make_engine(here.render_as_string(hide_password=False), statement_timeout_ms=0)
    with db.transaction(db.make_sessions(owner)) as session:
        made = fill.floor(session)
    stop = clock_time.now().replace(minute=0, second=0, microsecond=0)
    start = (stop - timedelta(days=fill.DAYS)).replace(hour=0)
    todo = list(fill.steps(owner, made["values"], events, start, stop))
    with click.progressbar(todo, label="Making roll-ups", hidden=quiet) as bar:
        for _, write in bar:
            write()
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    return made


def _visit(
    server: Any, made: dict[str, Any], folder: Path, times: int, days: int, only: str
) -> list[dict[str, Any]]:
    import wsgi
    from dashboards.door import READER
    from dashboards.pages import PAGES
    from tests.http import Client

    engine = db.make_engine(server.url)
    settings = Settings(home=folder / "installation", DATABASE_URL=server.url)
    app = wsgi.create_app(settings, engine)
    with db.make_sessions(engine)() as session:
        client = Client(app)
        client.enter(session.get_one(User, made["admin"]))
        session.commit()
    reader = app.extensions[READER].kw["bind"]
    found = []
    client.get("/dashboards/")
    for page in PAGES:
        if only not in page.PATH:
            continue
        search = f"?days={days}"
        if "project" in getattr(page, "NEEDS", ()) or page.PATH == "/dashboards/labeller":
            search += f"&project={made['project']}&labeller={made['values']['people'][0]}"
        _draw(client, page.PATH, search)
        with _watched(reader) as statements:
            took = [_draw(client, page.PATH, search) for _ in range(times)]
        found.append({
            "page": page.PATH,
            "median_ms": round(statistics.median(ms for ms, _, _ in took), 1),
            "sql_ms": round(sum(ms for ms, _ in statements) / times, 1),
            "statements": round(len(statements) / times),
            "slowest_ms": round(max((ms for ms, _ in statements), default=0.0), 1),
            "slowest": max(statements, default=(0.0, ""))[1],
            "kb": round(took[0][1] / 1024, 1),
            "drawn": took[0][2],
        })  # fmt: skip
    engine.dispose()
    return found


def _draw(client: Any, path: str, search: str) -> tuple[float, int, bool]:
    """(milliseconds, bytes, whether it came without a word of failure)."""
    asked = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [
            {"id": "at", "property": "pathname", "value": path},
            {"id": "at", "property": "search", "value": search},
        ],
        "changedPropIds": ["at.pathname"],
    }
    began = time.perf_counter()
    answer = client.post(UPDATE, json=asked)
    took = 1000 * (time.perf_counter() - began)
    sound = answer.status_code == 200 and not any(
        words in answer.text for words in ("could not be read in time", "went wrong on our side")
    )
    return took, len(answer.data), sound


@contextmanager
def _watched(engine: Any) -> Iterator[list[tuple[float, str]]]:
    """Every statement of the dashboards' own pool: milliseconds and its text."""
    seen: list[tuple[float, str]] = []

    def before(connection: Any, *_: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def after(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        took = 1000 * (time.perf_counter() - connection.info["began"])
        seen.append((took, " ".join(statement.split())))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    yield seen
    event.remove(engine, "before_cursor_execute", before)
    event.remove(engine, "after_cursor_execute", after)
