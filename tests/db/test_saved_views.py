"""Saved views and the marks on alerts: own ones changed, others' not; only pages are kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from metrics import views
from ops.db import transaction
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import User

PATH = "/dashboards/throughput"


@pytest.fixture
def leads(make, session):
    return [make.user(role="ops_lead") for _ in range(2)]


def names(session, user) -> list[str]:
    return [view.name for view, _ in views.listed(session, user)]


def test_a_view_is_kept_renamed_shared_and_deleted(leads, session):
    mine, other = leads
    kept = views.save(session, mine, name="  Night   shift ", path=PATH, query="?days=7&team=2")
    assert (kept.name, kept.query, names(session, other)) == ("Night shift", "days=7&team=2", [])
    # The same name keeps the newer page.
    again = views.save(session, mine, name="Night shift", path=PATH, query="days=30")
    assert again.id == kept.id and names(session, mine) == ["Night shift"]
    views.rename(session, mine, kept.id, name="Nights", shared=True)
    assert names(session, other) == ["Nights"]
    for change in (
        lambda: views.rename(session, other, kept.id, name="Mine now", shared=False),
        lambda: views.delete(session, other, kept.id),
    ):
        with pytest.raises(NotFound):
            change()
    views.save(session, mine, name="Days", path="/dashboards/", query="")
    with pytest.raises(Conflict):
        views.rename(session, mine, kept.id, name="Days", shared=False)
    views.delete(session, mine, kept.id)
    assert names(session, mine) == ["Days"] and names(session, other) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"name": "x" * 81}, {"path": "https://elsewhere.example/"},
        {"path": "//elsewhere.example"}, {"path": "/dashboards/../users"}, {"path": "javascript:x"},
        {"query": "x" * 3000}, {"query": "a\0"},
    ],
)  # fmt: skip
def test_only_a_page_with_a_name_can_be_kept(leads, session, wrong):
    good = {"name": "Good", "path": PATH, "query": ""}
    with pytest.raises(InvalidInput):
        views.save(session, leads[0], **{**good, **wrong})


def test_a_name_kept_twice_at_once_is_one_view(leads, session, sessions):
    who = leads[0].id
    session.commit()

    def keep() -> object:
        try:
            with transaction(sessions) as other:
                user = other.get_one(User, who)
                return views.save(other, user, name="Nights", path=PATH, query="days=7").id
        except Conflict as error:
            return error

    with ThreadPoolExecutor(1) as pool:
        first = views.save(session, leads[0], name="Nights", path=PATH, query="days=30")
        second = pool.submit(keep)
        # Until this commits, the other waits for the name, or has not begun.
        session.commit()
        done = second.result()
    assert isinstance(done, Conflict) or done == first.id
    session.expire_all()
    assert names(session, leads[0]) == ["Nights"]
