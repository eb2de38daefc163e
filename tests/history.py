"""Ninety days of a floor, drawn at random from a fixed seed and copied straight into the tables.

Two leads: one of "Street scenes" and "News topics", another of "Shop shelves". Twelve labellers in
six time zones, of two teams and two vendors; one of them changed sides, one is fast and often
wrong, one became worse two weeks ago. What is counted is counted by the real jobs.
"""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, db, storage
from ops.config import Settings

DAYS = 90
# When the history ends: a Saturday at noon. On another weekday, or late in the day of somebody in
# Manila, its days would hold other draws, and what stands out of chance might not.
END = datetime(2026, 11, 21, 12, tzinfo=UTC)
PICTURES = 8
# The jobs that count, in the order of what they need of one another.
COUNTING = (
    "roll up events", "roll up the line", "count confusions", "count what data is made of",
)  # fmt: skip


@dataclass
class History:
    """Who and what there is, by its id."""

    lead: int = 0
    stranger: int = 0
    admin: int = 0
    projects: dict[str, int] = field(default_factory=dict)
    batches: dict[str, int] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)
    vendors: dict[str, int] = field(default_factory=dict)
    labellers: list[int] = field(default_factory=list)
    reviewers: list[int] = field(default_factory=list)
    models: dict[str, int] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)


def picture(n: int) -> bytes:
    """One of the few pictures that all assets share."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (160, 120), (40 + 20 * n, 90, 160 - 10 * n))
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((20 + 8 * n, 30, 70 + 8 * n, 95), fill=(230, 180 - 12 * n, 60))
    drawing.ellipse((100, 20 + 6 * n, 140, 60 + 6 * n), fill=(240, 240, 220))
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def copy(session: Session, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    """Rows with their ids into a table; the numbers go on after them.

    Columns that are not named get the default of the model, where that is a plain value.
    """
    from psycopg.types.json import Jsonb

    names = columns.split(", ")
    usual = {
        column.name: column.default.arg(None) if column.default.is_callable else column.default.arg
        for column in db.Base.metadata.tables[table].columns
        if column.name not in names and not column.server_default and not column.nullable
        and column.default is not None
    }  # fmt: skip
    listed = ", ".join([*names, *usual])
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as into:
        for row in rows:
            whole = (*row, *usual.values())
            into.write_row([Jsonb(v) if isinstance(v, dict) else v for v in whole])
    if rows and names[0] == "id":
        number = "SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)"
        session.execute(text(number), {"table": table, "last": max(row[0] for row in rows)})


def write(session: Session) -> History:
    """The whole history in the caller's transaction, not yet counted."""
    from tests.history_floor import Floor
    from tests.history_work import Work

    floor = Floor(session)
    work = Work(session, floor)
    work.days(DAYS)
    work.keep()
    floor.history.models, floor.history.runs = work.models, work.runs
    return floor.history


def count(sessions: sessionmaker[Session]) -> None:
    """What the clock would have counted meanwhile, by its own jobs."""
    from importlib import import_module

    from metrics.manifest import JOBS

    for name in COUNTING:
        module, function = JOBS[name].call.split(":")
        getattr(import_module(module), function)(sessions)


def from_the_end(after: float = 0.0) -> Callable[[], float]:
    """A clock that goes on from the end of the history, or so many seconds after it."""
    begun = time.monotonic()
    return lambda: END.timestamp() + after + time.monotonic() - begun


@pytest.fixture(scope="session")
def ninety_template(server: Any, admin: Engine, template: str) -> Iterator[tuple[str, History]]:
    """The name of a database that holds the history, and who is in it."""
    name = "template_ninety"
    with admin.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER touchstone_owner")
        )
    # Numbers are set by whoever owns the tables; what counts them is the service.
    owner, service = (
        db.make_engine(make_url(url).set(database=name).render_as_string(hide_password=False))
        for url in (server.owner_url, server.url)
    )
    clock_time.use(from_the_end())
    with db.transaction(db.make_sessions(owner)) as session:
        history = write(session)
    count(db.make_sessions(service))
    clock_time.use(None)
    owner.dispose()
    service.dispose()
    yield name, history


@pytest.fixture
def ninety_days(
    ninety_template: tuple[str, History], settings: Settings, request: pytest.FixtureRequest
) -> History:
    """The history in this test's database, its pictures in this test's folder, and its time."""
    if "app" in request.fixturenames:
        request.getfixturevalue("app")  # whoever starts it sets the clock to what is configured
    clock_time.use(from_the_end(after=60))
    for n in range(PICTURES):
        storage.keep_upload(picture(n), settings)
    return ninety_template[1]
