"""Saved views and the marks on alerts: own ones changed, others' not; only pages are kept."""

import pytest

from metrics import views
from ops.errors import Conflict, InvalidInput, NotFound

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
