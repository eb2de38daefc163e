"""How long an import takes: 100,000 texts from a CSV, again, and 20,000 pictures on disk.

    python -m benchmarks.intake [--rows 100000] [--pictures 20000]

Runs on an embedded server with fsync on, in a folder of its own, and prints seconds.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path

from PIL import Image
from sqlalchemy import text

from ops import batches, clock_time, db, intake, migrate, ontologies, people, projects
from ops.config import Settings
from ops.db_server import running
from ops.formats import csv, folder
from ops.models import Organisation


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        home = Path(where)
        with running(home / "home") as server:
            migrate.upgrade(server.owner_url)
            engine = db.make_engine(server.url, statement_timeout_ms=600_000)
            settings = Settings(home=home / "home", asset_roots=str(home / "pictures"))
            texts(engine, settings, asked.rows)
            pictures(engine, settings, home / "pictures", asked.pictures)
            engine.dispose()


def texts(engine, settings, n):
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
            rows = csv.read(io.BytesIO(source), faults)
            batch = session.merge(batch)
            report = intake.import_rows(
                session, batch, rows, by=by, settings=settings, faults=faults
            )
        print(f"{n:,} texts from a CSV, {name}: {time.perf_counter() - began:.2f} s ({report})")
    with engine.connect() as connection:
        tasks = connection.scalar(text("SELECT count(*) FROM task WHERE open"))
    print(f"  open tasks: {tasks:,}")


def pictures(engine, settings, where, n):
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
    print(f"{n:,} pictures in a folder: {time.perf_counter() - began:.2f} s ({report})")


def new_batch(session, medium):
    by = people.create(
        session, email=f"{medium}@example.com", name="Lead", role="admin", password=None
    )
    client = Organisation(name=medium, kind="client", created_at=clock_time.now())
    session.add(client)
    session.flush()
    project = projects.create(session, organisation=client, name=medium, medium=medium, by=by)
    ontologies.publish(session, project, [{"name": "A"}, {"name": "B"}], by)
    return batches.create(session, project, name="first", by=by), by


if __name__ == "__main__":
    main()
