"""Gold raced with real commits: claims over HTTP, settling behind them, learning beside them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from ops import clock_time
from ops.db import transaction
from ops.models import Assignment, Task
from quality import gold, gold_telling, judging
from quality.models import Gold
from scheduling import ending_sql, leases, sql, submit_sql
from scheduling.models import GoldPace

pytestmark = pytest.mark.serial
DESK = "/api/v1/desk"


@pytest.fixture
def clients(make, session, client_for):
    settings = {"gold": {"rate_new": 0.5, "rate_trusted": 0.5}, "max_leases": 3}
    floor = make.floor(assets=60, labellers=4, wanted=4, settings=settings)
    for asset in make.assets(floor.batch, 30):
        gold.make(session, floor.project, asset, [{"class": "a"}], None)
    return [client_for(who) for who in floor.labellers]


def _work(client, n):
    for i in range(n):
        answer = client.post(f"{DESK}/next", json={"tab": "t"})
        token = answer.json["work"]["token"]
        answer.close()
        said = {"label": {"class": "a"}, "key": token, "revision": 0, "tab": "t", "active_ms": 9}
        path = f"{DESK}/{token}/submit"
        assert client.post(path, json=said).status_code == 200, i


def test_everybody_meets_each_gold_at_most_once_and_exposures_are_what_was_settled(
    clients, session, sessions
):
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(_work, client, 30) for client in clients]
        while not all(one.done() for one in done):
            judging.judge(sessions)
            gold_telling.learn(sessions)
        for one in done:
            one.result()
    met = select(Assignment.labeller_id, Assignment.task_id).join(Task).where(Task.round == 0)
    rows = session.execute(met).all()
    assert len(rows) == len(set(rows)) and len(rows) > 20
    waiting = session.scalar(select(func.count()).where(GoldPace.gold_id.is_not(None)))
    assert session.scalar(select(func.sum(Gold.exposures))) == len(rows) + waiting
    over = select(Task.id).where(Task.round > 0, Task.n_done + Task.n_leased > Task.wanted)
    assert session.scalars(over).all() == []


def test_who_gives_gold_back_waits_for_nobody_who_waits_for_them(make, session, sessions):
    """Claims of gold only refer to its task; releases and answers lock it and change it."""
    floor = make.floor(assets=1, labellers=12)
    (asset,) = make.assets(floor.batch, 1)
    task_id = gold.make(session, floor.project, asset, [{"class": "a"}], None).task_id
    session.commit()
    project_id, people = floor.project.id, [who.id for who in floor.labellers]

    def claim(me):
        with transaction(sessions) as session:
            lease = Assignment(
                task_id=task_id, labeller_id=me, project_id=project_id, state="leased",
                counts=False, leased_at=clock_time.now(), expires_at=clock_time.now(),
            )  # fmt: skip
            session.add(lease)
            session.flush()
            return lease.id

    def give_back(me, lease):
        with transaction(sessions) as session:
            leases.end(session, ending_sql.RELEASE, clock_time.now(), these=[lease])

    def answer(me, lease):
        with transaction(sessions) as session:
            sql.row(session, submit_sql.TASK_AND_ASSIGNMENT, id=lease, me=me, now=clock_time.now())
            session.execute(update(Task).where(Task.id == task_id).values(npri=Task.npri + 1))
            session.execute(
                update(Assignment).where(Assignment.id == lease).values(state="released")
            )

    def work(me):
        for i in range(120):
            (give_back if (i + me) % 2 else answer)(me, claim(me))

    with ThreadPoolExecutor(len(people)) as pool:
        for done in [pool.submit(work, me) for me in people]:
            done.result()  # whom the database throws out of a deadlock, it tells so
    held = select(func.count()).where(Assignment.state == "leased")
    assert session.scalar(held) == 0
