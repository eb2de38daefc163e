"""What was agreed of deliveries, and whether it was kept, as days go by."""

from datetime import timedelta

import pytest

from metrics.deliver import deliver
from metrics.reads import service
from ops import clock_time, sealer
from quality.acceptance import audit, deciding, drawing
from tests.finished import TERMS, finished


@pytest.fixture
def done(make, session):
    agreed = {"accuracy": 0.8, "turnaround_days": 3, "answer_days": 1}
    found = finished(make, session, alone=True, settings={"gate": TERMS, "service": agreed})
    organisation = found.project.organisation_id
    found.client = make.user("client", organisation_id=organisation)
    session.commit()
    return found


def later(days):
    at = clock_time.now() + timedelta(days=days)
    clock_time.use(at.timestamp)


def states(session, project):
    found = service.of_project(session, project)
    return [[(one.kind, one.state) for one in row.levels] for row in found["rows"]]


def test_levels_follow_a_batch_from_receipt_to_rejection(done, session, sessions):
    project = done.project
    assert states(session, project) == [[("turnaround", "open")]]
    later(2)
    made = deliver(session, done.batch, done.lead)
    session.commit()
    sealer.seal(sessions)
    assert states(session, project) == [[("turnaround", "met"), ("accuracy", "open")]]
    found = drawing.draw(session, made, done.client, n=20, seed=1)
    for item in audit.items(session, found):
        bad = item.position <= 8
        errors = ["wrong_class"] if bad else []
        audit.look(session, made, done.client, item.position, "wrong" if bad else "right", errors)
    assert states(session, project)[0][1] == ("accuracy", "open")  # until it is decided
    deciding.reject(session, made, done.client)
    waits, first = states(session, project)
    assert (waits, first) == (
        [("answer", "open")],
        [("turnaround", "met"), ("accuracy", "missed")],
    )
    later(1.5)
    assert states(session, project)[0] == [("answer", "missed")]
    found = service.of_project(session, project)
    assert {kind: (one.value, one.n) for kind, one in found["sums"].items()} == {
        "accuracy": (0.0, 1), "turnaround": (1.0, 1), "answer": (0.0, 1),
    }  # fmt: skip
    assert found["days"].median == pytest.approx(2.0, abs=0.01)
    assert sum(month["turnaround"].n for month in found["months"]) == 1
    assert [one.state for one in service.of_delivery(session, made)] == ["met", "missed"]


def test_a_batch_that_waits_too_long_has_missed_it(done, session):
    later(4)
    assert states(session, done.project) == [[("turnaround", "missed")]]


def test_nothing_agreed_is_nothing_to_keep(done, session):
    done.project.settings = {**done.project.settings, "service": {}}
    session.flush()
    found = service.of_project(session, done.project)
    assert (found["agreed"], found["rows"]) == (False, [])
