"""Re-scoring from stored labels: a database with so many images, their boxes and predictions.

Prints JSON: seconds of the whole durable run, of reading and unpacking JSON, of the scoring alone,
and the most memory. What was planted (2 % each of four kinds of error) is found again or not.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import batches, clock_time, db, migrate, ontologies, people, projects
from ops.db_server import running
from ops.models import Batch, Organisation, ReferenceModel
from quality.models import LabelScore, RescoreRun
from quality.rescoring import boxes, plan, reading, runs

SIDE = 1000.0
CLASSES = [f"class{i:02d}" for i in range(20)]
RUN = """
import resource, sys, time
from ops import db
from quality.rescoring import job
sessions = db.make_sessions(db.make_engine(sys.argv[1], statement_timeout_ms=600_000))
began = time.perf_counter()
job.run(sessions, int(sys.argv[2]))
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
KINDS = ("right", "wrong class", "low overlap", "missing", "extra")


@click.command()
@click.option("--images", default=100_000, show_default=True, type=click.IntRange(100))
@click.option("--objects", default=10, show_default=True, type=click.IntRange(2, 1000))
@click.option("--memory", default=1024, show_default=True, help="The run's setting memory_mb.")
def command(images: int, objects: int, memory: int) -> None:
    """Re-scoring of stored boxes against stored predictions; prints JSON."""
    with tempfile.TemporaryDirectory() as where, running(Path(where) / "home") as server:
        migrate.upgrade(server.owner_url)
        engine = db.make_engine(server.url, statement_timeout_ms=600_000)
        sessions = db.make_sessions(engine)
        planted = seed(sessions, images, objects)
        figures = measured(sessions, server.url, planted, memory)
        engine.dispose()
    click.echo(json.dumps({"images": images, "objects_each": objects, **figures}, indent=1))


def seed(sessions: sessionmaker[Session], images: int, objects: int) -> np.ndarray:
    """Fill the database; returns what is wrong with each image (n,), an index of KINDS."""
    rng = np.random.default_rng(7)
    with db.transaction(sessions) as session:
        batch = _batch(session)
        model = ReferenceModel(
            project_id=batch.project_id, name="detector", version=1, kind="predictions",
            digest="0" * 64, assets=images, created_at=clock_time.now(),
        )  # fmt: skip
        session.add(model)
        session.flush()
        planted = rng.choice(len(KINDS), images, p=[0.92, 0.02, 0.02, 0.02, 0.02])
        where = {"batch": batch.id, "project": batch.project_id, "n": images}
        session.execute(text(_ASSETS), {**where, "at": clock_time.now()})
        ids = session.scalars(text("SELECT id FROM asset ORDER BY id")).all()
        _copy(session, rng, batch, model, ids, planted, objects)
    return planted


_ASSETS = """
INSERT INTO asset (project_id, batch_id, external_id, uri, width, height, meta, created_at)
SELECT :project, :batch, 'image-' || n, 'upload:none', 1000, 1000, '{}', :at
FROM generate_series(1, :n) n
"""
_LABELS = (
    "COPY consensus (asset_id, batch_id, version, method, label, answers, posterior, at) FROM STDIN"
)
_PREDICTIONS = "COPY prediction (model_id, asset_id, label, probabilities) FROM STDIN"


def _batch(session: Session) -> Batch:
    by = people.create(session, email="bench@example.com", name="Bench", role="admin")
    organisation = Organisation(name="Client", kind="client", created_at=clock_time.now())
    session.add(organisation)
    session.flush()
    project = projects.create(
        session, name="Boxes", organisation=organisation, medium="image", by=by
    )
    project.label_type = "boxes"
    ontologies.publish(session, project, [{"key": k, "name": k} for k in CLASSES], by)
    return batches.create(session, project, name="Batch", by=by)


def _copy(
    session: Session,
    rng: np.random.Generator,
    batch: Batch,
    model: ReferenceModel,
    ids: Any,
    planted: np.ndarray,
    m: int,
) -> None:
    connection: Any = session.connection().connection.driver_connection
    at = clock_time.now()
    truths = [_objects(rng, m) for _ in ids]
    with connection.cursor() as cursor:
        with cursor.copy(_LABELS) as copy:
            for asset, truth, kind in zip(ids, truths, planted, strict=True):
                label = json.dumps({"objects": _spoilt(rng, truth, KINDS[kind])})
                copy.write_row((asset, batch.id, 1, "majority", label, 1, "{}", at))
        with cursor.copy(_PREDICTIONS) as copy:
            for asset, truth in zip(ids, truths, strict=True):
                seen = json.dumps({"objects": _seen(rng, truth)})
                copy.write_row((model.id, asset, seen, "{}"))
        cursor.execute("ANALYZE asset; ANALYZE consensus; ANALYZE prediction")


def _objects(rng: np.random.Generator, m: int) -> list[dict[str, Any]]:
    corners, sides = rng.uniform(0, SIDE * 0.8, (m, 2)), rng.uniform(40, SIDE * 0.2, (m, 2))
    codes = rng.integers(len(CLASSES), size=m)
    drawn = np.round(np.hstack([corners, sides]), 1).tolist()
    return [
        {"id": str(i), "class": CLASSES[c], "box": box}
        for i, (c, box) in enumerate(zip(codes, drawn, strict=True))
    ]


def _spoilt(rng: np.random.Generator, truth: list[dict[str, Any]], kind: str) -> list[Any]:
    given, i = [dict(one) for one in truth], int(rng.integers(len(truth)))
    if kind == "wrong class":
        at = CLASSES.index(given[i]["class"])
        given[i]["class"] = CLASSES[(at + int(rng.integers(1, len(CLASSES)))) % len(CLASSES)]
    elif kind == "low overlap":
        x, y, w, h = given[i]["box"]
        given[i]["box"] = [round(x + w * 0.35, 1), round(y + h * 0.35, 1), w, h]
    elif kind == "missing":
        del given[i]
    elif kind == "extra":
        given.append({**_objects(rng, 1)[0], "id": "extra"})
    return given


def _seen(rng: np.random.Generator, truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shaken = rng.normal(0, 2, (len(truth), 4))
    scores = np.round(rng.beta(9, 1, len(truth)), 3).tolist()
    return [
        {
            "id": one["id"],
            "class": one["class"],
            "box": [round(v + s, 1) for v, s in zip(one["box"], noise, strict=True)],
            "score": score,
        }
        for one, noise, score in zip(truth, shaken.tolist(), scores, strict=True)
    ]


def measured(
    sessions: sessionmaker[Session], url: str, planted: np.ndarray, memory: int
) -> dict[str, Any]:
    """Time the run, and its parts once more by themselves."""
    with db.transaction(sessions) as session:
        model = session.scalars(select(ReferenceModel)).one()
        batch = session.scalars(select(Batch)).one()
        run_id = runs.request(session, batch, None, settings={"memory_mb": memory}, model=model).id
    # In a process of its own, as a worker has it: what was seeded is not in its memory.
    began = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-c", RUN, url, str(run_id)], check=True, capture_output=True, text=True
    )
    whole = time.perf_counter() - began
    within, most = child.stdout.split()
    with db.transaction(sessions) as session:
        run = session.get_one(RescoreRun, run_id)
        found = {
            row.asset_id: row.error
            for row in session.execute(
                select(LabelScore.asset_id, LabelScore.error).where(
                    LabelScore.run_id == run_id, LabelScore.suspect
                )
            )
        }
        assets = session.scalars(text("SELECT id FROM asset ORDER BY id")).all()
    return {
        "run_s": round(float(within), 2),
        "with_start_of_process_s": round(whole, 2),
        "chunks": run.chunks,
        "state": run.state + run.error,
        **_parts(sessions, run_id),
        "memory_most_mb": int(most) // 1024,
        "summary": run.summary,
        "found": _found(
            planted, [found.get(asset) for asset in assets], [a in found for a in assets]
        ),
    }


def _parts(sessions: sessionmaker[Session], run_id: int) -> dict[str, float]:
    with db.transaction(sessions) as session:
        task = plan.task_of(session, session.get_one(RescoreRun, run_id))
        labels = plan.labels_of(session, task)
    read = unpacked = scored = 0.0
    for chosen in plan.chunks(labels, task.settings):
        began = time.perf_counter()
        with db.transaction(sessions) as session:
            part = reading.part(session, labels.consensus_id[chosen].tolist())
            said = reading.predictions(session, task, part.asset_ids)
        read += time.perf_counter() - began
        began = time.perf_counter()
        boxes.columns(part.raw, {})
        boxes.columns([one.raw for one in said.values()], {})
        both = time.perf_counter() - began
        unpacked += both
        began = time.perf_counter()
        boxes.against_predictions(task, part, said)
        scored += time.perf_counter() - began - both
    return {
        "reading_s": round(read, 2), "unpacking_json_s": round(unpacked, 2),
        "scoring_s": round(scored, 2),
    }  # fmt: skip


def _found(planted: np.ndarray, named: list[Any], marked: list[bool]) -> dict[str, Any]:
    suspects = np.array(marked)
    return {
        kind: {
            "planted": int((planted == code).sum()),
            "suspects": int(suspects[planted == code].sum()),
            "named_so": int(
                sum(n == kind for n, p in zip(named, planted, strict=True) if p == code)
            ),
        }
        for code, kind in enumerate(KINDS)
    }
