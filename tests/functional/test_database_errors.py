"""What whoever asks is told when the database throws a request out, or is away."""

import pytest
from psycopg.errors import AdminShutdown, DeadlockDetected, ProgramLimitExceeded
from sqlalchemy.exc import OperationalError

from scheduling import dispatch

NEXT = "/api/v1/desk/next"


@pytest.mark.parametrize(
    ("fault", "words"),
    [(DeadlockDetected, "Others were changing the same"), (AdminShutdown, "does not answer")],
)
def test_the_same_request_may_be_sent_again(make, client_for, monkeypatch, fault, words):
    floor = make.floor(assets=1)
    mine = client_for(floor.labellers[0])

    def fails(*_, **__):
        raise OperationalError("secret", {}, fault())

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "next_work", fails)
        answer = mine.post(NEXT, json={"tab": "t"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert words in answer.json["detail"] and "secret" not in answer.text
    assert mine.post(NEXT, json={"tab": "t"}).json["work"]["text"]


def test_what_no_index_can_hold_is_the_fault_of_who_sent_it(make, client_for, monkeypatch):
    mine = client_for(make.floor(assets=1).labellers[0])

    def fails(*_, **__):
        raise OperationalError("secret", {}, ProgramLimitExceeded())

    monkeypatch.setattr(dispatch, "next_work", fails)
    answer = mine.post(NEXT, json={"tab": "t"})
    assert (answer.status_code, answer.json["title"]) == (422, "Not valid")
