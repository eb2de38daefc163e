"""A lead sees and changes how many answers assets get, on the page and by the API."""

import pytest
from sqlalchemy import select

from ops import clock_time
from ops.models import Task
from scheduling import hard
from scheduling.models import HardTask

DYNAMIC = {"overlap": {"kind": "dynamic", "minimum": 2, "maximum": 5, "target": 0.9}}


@pytest.fixture
def floor(session, make):
    floor = make.floor(assets=4, wanted=2)
    floor.project.settings = DYNAMIC
    floor.lead = make.member(floor.project, make.user(role="ops_lead"))
    for task, n in zip(floor.tasks, (2, 3, 3, 0), strict=True):
        task.wanted, task.n_done = max(n, 2), n
    session.commit()
    return floor


def test_the_page_says_what_new_assets_get_and_the_mean_so_far(client_for, floor):
    page = client_for(floor.lead).get(f"/projects/{floor.project.id}/batches").text
    assert "2 to 5 answers, until 90 % sure" in page
    assert "2.67 so far" in page and "n = 3" in page


@pytest.mark.parametrize(
    ("overlap", "words"),
    [
        ({"wanted_answers": 1}, "1 answer each"),
        (
            {"wanted_answers": 3, "overlap": {"kind": "share", "share": 0.1}},
            "3 answers for 10 % of them, 1 for the rest",
        ),
    ],
)
def test_each_kind_of_overlap_in_words(session, client_for, floor, overlap, words):
    floor.project.settings = overlap
    session.commit()
    assert words in client_for(floor.lead).get(f"/projects/{floor.project.id}/batches").text


def test_answers_wanted_change_on_the_page(session, client_for, floor):
    client = client_for(floor.lead)
    path = f"/projects/{floor.project.id}/batches/{floor.batch.id}"
    answer = client.post(path, data={"action": "wanted", "wanted": "4"}, follow_redirects=True)
    assert "answers wanted set to 4 for 1 unfinished asset" in answer.text
    session.expire_all()
    assert [t.wanted for t in session.scalars(select(Task).order_by(Task.id))] == [2, 3, 3, 4]
    for wrong in ("x", "", "6", "1"):
        answer = client.post(path, data={"action": "wanted", "wanted": wrong})
        assert answer.status_code == 422


def test_answers_wanted_change_by_the_api(client_for, floor):
    client = client_for(floor.lead)
    path = f"/api/v1/batches/{floor.batch.id}"
    assert client.post(f"{path}/wanted", json={"wanted": 3}).json == {"changed": 1}
    assert client.post(f"{path}/wanted", json={"wanted": 3}).json == {"changed": 0}
    assert client.post(f"{path}/wanted", json={"wanted": 99}).status_code == 422
    shown = client.get(path).json["answers_per_asset"]
    assert (shown["finished"], shown["wanted"]) == (3, 3)
    assert shown["mean"] == pytest.approx(8 / 3)
    assert shown["low"] < shown["mean"] < shown["high"]


def test_hard_assets_show_on_the_list_and_the_overview(session, client_for, floor):
    assert "with experts" not in client_for(floor.lead).get(f"/projects/{floor.project.id}").text
    at = clock_time.now()
    lane = session.merge(floor.lane)
    lane.kind = "hard"
    session.add_all(
        [
            HardTask(task_id=floor.tasks[3].id, reason="r", routed_at=at, due_at=at),
            HardTask(
                task_id=floor.tasks[0].id, reason="r", routed_at=at, due_at=at, escalated_at=at
            ),
        ]
    )
    session.commit()
    client = client_for(floor.lead)
    for path in ("", "/batches"):
        page = client.get(f"/projects/{floor.project.id}{path}").text
        assert "1 hard asset with experts, the oldest since" in page
        assert "1 given back to everybody after the deadline" in page
    found = client.get(f"/api/v1/batches/{floor.batch.id}").json["hard"]
    assert (found["waiting"], found["given_back"]) == (1, 1)
    assert hard.of_batches(session, [floor.batch.id])[floor.batch.id].waiting == 1
