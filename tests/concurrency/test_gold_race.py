"""Gold raced with real commits: claims over HTTP, settling behind them, learning beside them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from ops.models import Assignment, Task
from quality import gold, gold_telling, judging
from quality.models import Gold
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
