"""A re-score run whose process is killed goes on in the next one and loses at most one chunk."""

import json
import os
import signal
import subprocess
import sys

from sqlalchemy import func, select

from ops import references
from ops.db import transaction
from ops.references import Said
from quality.models import LabelScore, RescoreChunk, RescoreRun
from quality.rescoring import runs
from tests.acceptance.processes import ROOT, eventually


def labelled(session, make):
    floor = make.floor(assets=600, labellers=0)
    for i, asset in enumerate(floor.assets):
        asset.text = f"word{i % 3} more{i % 7}"
    make.all_decided(floor.assets, [{"class": "abc"[i % 3]} for i in range(600)])
    session.commit()
    return floor.batch


def start(url: str, run_id: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-m", "wsgi", "job", "rescore", json.dumps({"run_id": run_id})]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


def test_kill_and_go_on(database_url, sessions, session, make):
    batch = labelled(session, make)
    with transaction(sessions) as s:
        run_id = runs.request(s, batch, None, settings={"folds": 10}).id

    killed_and_gone_on(database_url, sessions, run_id, chunks=10)
    with transaction(sessions) as s:
        run = s.get(RescoreRun, run_id)
        assert (run.state, run.summary["labels"]) == ("done", 600)


def killed_and_gone_on(database_url, sessions, run_id, *, chunks):
    """Kill a run when its first chunk is stored, go on with it, and look at who did what."""

    def stored() -> dict[int, int]:
        with transaction(sessions) as s:
            rows = s.execute(
                select(RescoreChunk.index, RescoreChunk.fence).where(RescoreChunk.run_id == run_id)
            )
            return {row.index: row.fence for row in rows}

    first = start(database_url, run_id)
    eventually(stored, 60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = stored()
    assert 0 < len(before) < chunks
    assert start(database_url, run_id).wait(120) == 0
    after = stored()
    assert len(after) == chunks
    assert {index: after[index] for index in before} == before
    assert {after[index] for index in after.keys() - before.keys()} == {2}


def test_kill_and_go_on_with_predictions(database_url, sessions, session, make):
    """Slices of labels against predicted boxes: what was stored stays, nothing is stored twice."""
    floor = make.floor(
        assets=0, labellers=0, label_type="boxes", medium="image", classes=["car", "bus"]
    )
    assets = make.assets(floor.batch, 4000, text=None, uri="upload:none", width=100, height=100)
    rows, labels = [], []
    for n, asset in enumerate(assets):
        objects = [
            {"id": str(i), "class": "car", "box": [1.0 + 30 * i, n % 40 + 5.0, 25.0, 25.0]}
            for i in range(3)
        ]
        seen = [{**one, "score": 0.9} for one in objects]
        rows.append(Said(asset.external_id, {"objects": seen}))
        if n % 500 == 3:
            objects[0]["class"] = "bus"
        labels.append({"objects": objects})
    make.all_decided(assets, labels)
    model = references.give_predictions(session, floor.project, "detector", rows, by=None)
    session.commit()
    with transaction(sessions) as s:
        settings = {"chunk": 40}
        run_id = runs.request(s, floor.batch, None, settings=settings, model=model).id
    killed_and_gone_on(database_url, sessions, run_id, chunks=100)
    with transaction(sessions) as s:
        run = s.get(RescoreRun, run_id)
        assert (run.state, run.error, run.summary["suspects"]) == ("done", "", 8)
        n, assets_scored = s.execute(
            select(func.count(), func.count(func.distinct(LabelScore.asset_id))).where(
                LabelScore.run_id == run_id
            )
        ).one()
        assert n == assets_scored == 4000
