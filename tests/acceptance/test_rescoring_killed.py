"""A re-score run whose process is killed goes on in the next one and loses at most one chunk."""

import json
import os
import signal
import subprocess
import sys

from sqlalchemy import select

from ops.db import transaction
from quality.models import RescoreChunk, RescoreRun
from quality.rescoring import runs
from tests.acceptance.processes import ROOT, eventually


def labelled(session, make):
    floor = make.floor(assets=600, labellers=0)
    for i, asset in enumerate(floor.assets):
        asset.text = f"word{i % 3} more{i % 7}"
        make.decided(asset, "abc"[i % 3])
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

    def chunks() -> dict[int, int]:
        with transaction(sessions) as s:
            rows = s.execute(
                select(RescoreChunk.index, RescoreChunk.fence).where(RescoreChunk.run_id == run_id)
            )
            return {row.index: row.fence for row in rows}

    first = start(database_url, run_id)
    eventually(chunks, 60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = chunks()
    assert 0 < len(before) < 10
    assert start(database_url, run_id).wait(120) == 0
    after = chunks()
    assert len(after) == 10
    assert {index: after[index] for index in before} == before
    assert {after[index] for index in after.keys() - before.keys()} == {2}
    with transaction(sessions) as s:
        run = s.get(RescoreRun, run_id)
        assert (run.state, run.summary["labels"]) == ("done", 600)
