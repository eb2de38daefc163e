"""How long an import takes: 100,000 texts from a CSV, again, and 20,000 pictures on disk.

Runs on an embedded server with fsync on, in a folder of its own, and prints seconds.
"""

import io
import tempfile
import time
from pathlib import Path

import click
from PIL import Image
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ops import batches, clock_time, db, intake, migrate, ontologies, people, projects
from ops.config import Settings
from ops.db_server import running
from ops.formats import csv, folder
from ops.models import Batch, Organisation, User


@click.command()
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(1))
@click.option("--pictures", default=20_000, show_default=True, type=click.IntRange(1))
def command(rows: int, pictures: int) -> None:
    """How long imports take; prints seconds."""
    with tempfile.TemporaryDirectory() as where:
        home = Path(where)
        with running(home / "home") as server:
            migrate.upgrade(server.owner_url)
            engine = db.make_engine(server.url, statement_timeout_ms=600_000)
            settings = Settings(home=home / "home", asset_roots=str(home / "pictures"))
            import_texts(engine, settings, rows)
            import_pictures(engine, settings, home / "pictures", pictures)
            engine.dispose()


def import_texts(engine: Engine, settings: Settings, n: int) -> None:
    """A CSV of `n` texts, twice: the second import adds nothing."""
    data = io.StringIO()
    data.write("external_id,text,town\n")
    for i in range(n):
        data.write(f"asset-{i},The weather in place {i} is fair to middling today,Bonn\n")
    source = data.getvalue().encode()
    with db.transaction(db.make_sessions(engine)) as session:
        batch, by = new_batch(session, "text")
    for name in ("first import", "the same again"):
        began = time.perf_counter()
        with db.transaction(db.make_sessions(engine)) as session:
            faults = intake.Faults()
            rows = csv.rows(io.BytesIO(source), faults)
            batch = session.merge(batch)
            report = intake.import_rows(
                session, batch, rows, by=by, settings=settings, faults=faults
            )
        click.echo(
            f"{n:,} texts from a CSV, {name}: {time.perf_counter() - began:.2f} s ({report})"
        )
    with engine.connect() as connection:
        tasks = connection.scalar(text("SELECT count(*) FROM task WHERE open"))
    click.echo(f"  open tasks: {tasks:,}")


def import_pictures(engine: Engine, settings: Settings, where: Path, n: int) -> None:
    """A folder of `n` small pictures."""
    where.mkdir()
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG")
    for i in range(n):
        (where / f"{i:06}.png").write_bytes(out.getvalue())
    began = time.perf_counter()
    with db.transaction(db.make_sessions(engine)) as session:
        batch, by = new_batch(session, "image")
        faults = intake.Faults()
        rows = folder.read(where, "image", faults)
        report = intake.import_rows(session, batch, rows, by=by, settings=settings, faults=faults)
    click.echo(f"{n:,} pictures in a folder: {time.perf_counter() - began:.2f} s ({report})")


def new_batch(session: Session, medium: str) -> tuple[Batch, User]:
    """A batch of a project of its own, and who made it."""
    by = people.create(
        session, email=f"{medium}@example.com", name="Lead", role="admin", password=None
    )
    client = Organisation(name=medium, kind="client", created_at=clock_time.now())
    session.add(client)
    session.flush()
    project = projects.create(session, organisation=client, name=medium, medium=medium, by=by)
    ontologies.publish(session, project, [{"name": "A"}, {"name": "B"}], by)
    return batches.create(session, project, name="first", by=by), by
