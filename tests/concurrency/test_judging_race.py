"""Judging raced with real commits: two judges, a killed judge, gold made beside the judge."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from ops.models import Assignment, Consensus, WorkEvent
from quality import gold
from quality.judging import belief, judge
from quality.models import Evidence, Gold, GoldScore
from tests.db.answering import answer, answers

pytestmark = pytest.mark.serial


def floor_with_work(session, make, assets=60, labellers=3):
    """Every asset answered by all, every third is gold."""
    belief.forget()
    floor = make.floor(labellers=labellers, assets=assets, wanted=labellers)
    for i, (asset, task) in enumerate(zip(floor.assets, floor.tasks, strict=True)):
        if i % 3 == 0:
            made = gold.make(session, floor.project, asset, [{"class": "a"}], None)
            for who in floor.labellers:
                answer(session, made_task(session, made), who, "ab"[i % 2])
        else:
            answers(session, task, [(who, "a") for who in floor.labellers])
    session.commit()
    return floor


def made_task(session, made):
    from ops.models import Task

    return session.get(Task, made.task_id)


def tally(session):
    session.expire_all()
    rows = (Consensus, Evidence, GoldScore, WorkEvent)
    return {m.__name__: session.scalar(select(func.count()).select_from(m)) for m in rows}


EXPECTED = {"Consensus": 60, "Evidence": 180, "GoldScore": 60, "WorkEvent": 180}


def test_two_judges_at_once_judge_everything_once(session, sessions, make, monkeypatch):
    monkeypatch.setattr("quality.judging.CHUNK", 25)
    floor_with_work(session, make)
    gate = threading.Barrier(4)

    def race():
        gate.wait()
        return judge(sessions)

    with ThreadPoolExecutor(4) as pool:
        done = [f.result() for f in [pool.submit(race) for _ in range(4)]]
    # A judge that found the lock taken gave up; whatever it left, the next poll takes.
    rest = judge(sessions)
    assert sum(done) + rest == 180
    assert tally(session) == EXPECTED


def test_unique_keys_hold_even_without_the_lock(session, sessions, make, monkeypatch):
    """With the advisory lock taken away, SKIP LOCKED and the keys alone still judge once."""
    import quality.judging as judging

    monkeypatch.setattr(judging, "CHUNK", 20)
    monkeypatch.setattr(judging, "_mine", lambda session: True)
    floor_with_work(session, make)

    def stubborn():
        total = 0
        for _ in range(50):
            try:
                total += judge(sessions)
            except Exception as error:
                assert "unique" in str(error).lower() or "deadlock" in str(error).lower()
        return total

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(stubborn) for _ in range(3)]:
            future.result()
    judge(sessions)
    unjudged = select(func.count()).where(Assignment.judged_at.is_(None))
    assert session.scalar(unjudged) == 0
    found = tally(session)
    assert {k: found[k] for k in ("Evidence", "GoldScore")} == {"Evidence": 180, "GoldScore": 60}
    asset_once = select(func.count(Consensus.asset_id.distinct()))
    assert session.scalar(asset_once) == found["Consensus"] == 60


KILLED = textwrap.dedent(
    """
    import sys
    from ops.db import make_engine, make_sessions
    import quality.judging as judging
    from ops import batches
    judging.CHUNK = 50
    real, seen = batches.note_completion, []
    def slow(session, batch_id):
        seen.append(1)
        if len(seen) == 2:   # the second chunk is written, not committed
            print("written", flush=True)
            sys.stdin.read()
        return real(session, batch_id)
    batches.note_completion = slow
    judging.judge(make_sessions(make_engine(sys.argv[1])))
    """
)


def test_a_judge_killed_between_write_and_commit_leaves_no_double(
    session, sessions, make, database_url
):
    floor_with_work(session, make)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline().strip() == "written"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        pipe.close()
    for _ in range(50):  # the server takes a moment to roll the dead connection back
        if judge(sessions):
            break
        time.sleep(0.1)
    assert session.scalar(select(func.count()).where(Assignment.judged_at.is_(None))) == 0
    assert tally(session) == EXPECTED


def test_gold_picked_at_once_by_many_is_never_given_twice_to_one(session, sessions, make):
    """One labeller in six transactions, ten labellers beside: each pair at most once."""
    from ops.db import transaction
    from ops.models import Lane

    floor = make.floor(labellers=4, assets=5)
    for asset in floor.assets:
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    session.commit()
    lane_id = floor.lane.id

    def claim(labeller_id):
        with transaction(sessions) as own:
            found = gold.pick(own, labeller_id, own.get(Lane, lane_id))
            picked = None if found is None else own.get(Gold, found)
            if picked is None:
                return None
            own.execute(
                text(
                    "INSERT INTO assignment (task_id, labeller_id, project_id, counts,"
                    " leased_at, expires_at, state) VALUES (:t, :l, :p, false, now(), now(),"
                    " 'released')"
                ),
                {"t": picked.task_id, "l": labeller_id, "p": picked.project_id},
            )
            return (labeller_id, picked.id)

    people = [who.id for who in floor.labellers for _ in range(6)]
    with ThreadPoolExecutor(12) as pool:
        got = [g for g in pool.map(claim, people) if g]
    assert len(got) == len(set(got))
    assert len(got) >= 4
