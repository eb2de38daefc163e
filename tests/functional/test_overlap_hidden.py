"""How often an asset was asked about, and what a model said of it, is nothing that a desk shows.

Three labellers do the same things: on gold, on new work, and on work that dynamic overlap asks for
once more, where a prediction is known and which was sent to experts. Nothing tells them apart.
"""

import pytest
from PIL import Image
from sqlalchemy import select, update

from ops import clock_time, guidelines
from ops.models import Assignment, Task
from quality import gold
from quality.judging import belief, judge
from scheduling import hard
from scheduling.models import GoldPace, HardTask
from tests.db.answering import answer
from tests.functional.test_gold_hidden import _at_work, _heard

SETTINGS = {
    "overlap": {"kind": "dynamic", "minimum": 2, "maximum": 6, "target": 0.999},
    "hard": {"level": 2},
}


@pytest.fixture
def desks(make, session, sessions, client_for, settings, monkeypatch):
    """Clients whose next work is gold, new, and asked for the third time."""
    belief.forget()
    hard._looked.clear()
    moment = clock_time.now().timestamp()
    clock_time.use(lambda: moment)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    settings.media.mkdir(parents=True)
    picture = str(settings.media / "one.png")
    Image.new("RGB", (9, 9), (200, 10, 10)).save(picture)
    floor = make.floor(assets=2, labellers=5, wanted=2, medium="image")
    floor.project.settings = SETTINGS
    for asset in floor.assets:
        asset.text, asset.uri = None, picture
    floor.assets[1].meta = {"prediction": {"class": "b", "confidence": 0.1}}
    guidelines.publish(session, floor.project, "Look.", None)
    known = make.assets(floor.batch, 1, uri=picture, text=None)[0]
    made = gold.make(session, floor.project, known, [{"class": "a"}], None)
    for who in floor.labellers:
        make.certificate(who, floor.project.skill, 2)
    again = floor.tasks[1]
    answer(session, again, floor.labellers[3], "a")
    answer(session, again, floor.labellers[4], "b")
    session.commit()
    judge(sessions)
    hard.route(sessions)
    session.expire_all()
    assert session.get(Task, again.id).wanted == 3
    assert session.scalars(select(HardTask.task_id)).all() == [again.id]

    def desk(who, until_gold, task_id):
        # Whatever else is there is out of the way while this one asks.
        others = update(Task).where(Task.id != task_id, Task.wanted > 0)
        session.execute(others.values(wanted=Task.n_done + Task.n_leased))
        session.execute(update(Task).where(Task.id == task_id).values(wanted=Task.n_done + 1))
        person, project_id = floor.labellers[who], floor.project.id
        pace = GoldPace(labeller_id=person.id, project_id=project_id, until_next=until_gold)
        pace.gold_id, pace.gap_after = made.id, 50  # settled ahead, as the desk does
        session.add(pace)
        client = client_for(person)
        heard = [_heard(one) for one in _at_work(client)]
        session.expire_all()
        mine = select(Assignment.task_id).where(Assignment.labeller_id == person.id)
        return heard, session.scalars(mine).all()

    new = floor.tasks[0].id
    return {
        "gold": (desk(0, 0, new), made.task_id),
        "new": (desk(1, 50, new), new),
        "again": (desk(2, 50, again.id), again.id),
    }


def test_gold_new_work_and_one_more_answer_look_the_same(desks):
    for (_, had), meant in desks.values():
        assert had == [meant]
    (gold_, _), (new, _), (again, _) = (found for found, _ in desks.values())
    assert gold_ == new == again


def test_nothing_told_names_a_prediction_or_a_count(desks):
    (heard, _), _ = desks["again"]
    for _status, headers, body in heard:
        told = f"{headers} {body}".lower()
        for word in ("prediction", "confidence", "round", "wanted", "overlap", "hard"):
            assert word not in told, (word, body)
