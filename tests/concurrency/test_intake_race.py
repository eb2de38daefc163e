"""Imports at the same moment: no asset twice, none lost, and no batch complete beside new work."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from ops import batches, consensus, intake, lanes
from ops.db import transaction
from ops.errors import InvalidInput
from ops.models import Asset, Batch, Task, User

pytestmark = pytest.mark.serial

THREADS = 6
ROWS = 200


def bring(sessions, settings, batch_id, lead_id, start=0):
    """Import the same rows into a batch; what came of it, or the refusal."""
    rows = [
        intake.Row(line=n, external_id=f"a{start + n}", text=f"text {n}") for n in range(1, ROWS)
    ]
    try:
        with transaction(sessions) as session:
            batch = session.get_one(Batch, batch_id)
            by = session.get_one(User, lead_id)
            return intake.import_rows(session, batch, rows, by=by, settings=settings)
    except InvalidInput as refusal:
        return refusal


@pytest.fixture
def lead(make):
    return make.user(role="ops_lead")


def at_once(calls):
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def counts(session):
    session.rollback()
    return [session.scalar(select(func.count()).select_from(what)) for what in (Asset, Task)]


def test_the_same_rows_from_many_sides_are_there_once(session, sessions, settings, make, lead):
    batch = make.batch(make.project())
    session.commit()
    call = [lambda: bring(sessions, settings, batch.id, lead.id)] * THREADS
    reports = at_once(call)
    assert sorted(r.new for r in reports) == [0] * (THREADS - 1) + [ROWS - 1]
    assert all(r.new + r.already_there == ROWS - 1 for r in reports)
    assert counts(session) == [ROWS - 1, ROWS - 1]


def test_the_same_rows_for_different_batches_go_to_one(session, sessions, settings, make, lead):
    project = make.project()
    ids = [make.batch(project).id for _ in range(THREADS)]
    session.commit()
    calls = [lambda n=n: bring(sessions, settings, n, lead.id) for n in ids]
    came = at_once(calls)
    assert sum(isinstance(c, intake.Report) for c in came) == 1
    assert sum("in batch" in getattr(c, "message", "") for c in came) == THREADS - 1
    assert counts(session) == [ROWS - 1, ROWS - 1]


def test_a_batch_does_not_complete_beside_an_import_that_is_under_way(
    session, sessions, settings, make, lead
):
    batch = make.batch(make.project())
    (asset,) = make.assets(batch, 1)
    done = {"method": "majority", "label": {"class": "a"}, "probability": 1.0, "answers": 1}
    consensus.append(
        session, asset_id=asset.id, batch_id=batch.id, **done, agreement=1.0, posterior={}
    )
    session.commit()
    under_way, judged = threading.Event(), threading.Event()

    def complete():
        under_way.wait()
        with transaction(sessions) as other:
            judged.set()
            return batches.note_completion(other, batch.id)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(complete)
        with transaction(sessions) as importing:
            found = importing.get_one(Batch, batch.id)
            by = importing.get_one(User, lead.id)
            rows = [intake.Row(line=1, external_id="new", text="new")]
            intake.import_rows(importing, found, rows, by=by, settings=settings)
            under_way.set()
            judged.wait()
            assert not waiting.done()
        assert waiting.result() is False
    session.rollback()
    assert session.get_one(Batch, batch.id).state == "open"


def test_tasks_opened_from_many_sides_are_opened_once(session, sessions, make):
    batch = make.batch(make.project())
    ids = [a.id for a in make.assets(batch, 50)]
    session.commit()

    def open_them():
        with transaction(sessions) as own:
            lane = lanes.lane_for(own, own.get_one(Batch, batch.id), "review")
            return len(lanes.open_tasks(own, lane, ids, wanted=1))

    assert sorted(at_once([open_them] * THREADS)) == [0] * (THREADS - 1) + [50]
