"""Alerts on ninety days: raised once, ended when the figure is back, told, seen, set."""

from typing import Any

import pytest
from sqlalchemy import text

from metrics import alerts
from metrics.alerts import book
from metrics.models import AlertFiring
from ops.errors import InvalidInput, NotFound
from ops.models import Project, User
from tests.history import History


def standing(session: Any) -> dict[tuple[int, str], set[str]]:
    """(project, kind) → what stands."""
    rows = session.execute(
        text(
            "SELECT r.project_id, r.kind, f.subject FROM alert_firing f "
            "JOIN alert_rule r ON r.id = f.rule_id WHERE f.ended_at IS NULL"
        )
    )
    found: dict[tuple[int, str], set[str]] = {}
    for project, kind, subject in rows:
        found.setdefault((project, kind), set()).add(subject)
    return found


def told(session: Any, user: int) -> list[str]:
    said = text("SELECT text FROM notice WHERE user_id = :user AND key LIKE 'alert:%' ORDER BY id")
    return list(session.scalars(said, {"user": user}))


@pytest.fixture
def lead(ninety_days: History, session) -> User:
    return session.get(User, ninety_days.lead)


@pytest.fixture
def street(ninety_days: History, session) -> Project:
    return session.get(Project, ninety_days.projects["Street scenes"])


def look(session: Any, sessions: Any) -> int:
    session.commit()
    moved = alerts.look(sessions)
    session.expire_all()
    return moved


def test_each_kind_stands_for_what_it_saw(ninety_days: History, lead, street, session, sessions):
    falling = ninety_days.labellers[7]
    terms = {"days": 14, "least": 20}
    book.change(session, street, "accuracy_drop", enabled=True, terms=terms, by=lead)
    few = {"few": 1000}  # more than there is: everybody runs short
    book.change(session, street, "gold_exhausted", enabled=True, terms=few, by=lead)
    done = text("UPDATE task SET wanted = n_done + n_leased WHERE open AND stage = 'label'")
    session.execute(done)
    assert look(session, sessions) > 0
    stands = standing(session)
    assert f"labeller:{falling}" in stands[street.id, "accuracy_drop"]
    assert f"labeller:{ninety_days.labellers[0]}" not in stands[street.id, "accuracy_drop"]
    # Three days past due; the other is due when it will be through, with 90 %, to the day.
    assert stands[street.id, "forecast_past_due"] == {f"batch:{ninety_days.batches['Harbour']}"}
    assert stands[street.id, "gold_exhausted"] == {"project"}
    assert stands[street.id, "queue_starved"] == {"project"}
    name = session.get(User, falling).name
    said = told(session, lead.id)
    foreign = ninety_days.projects["Shop shelves"]
    mine = [subjects for (project, _), subjects in stands.items() if project != foreign]
    assert len(said) == sum(len(subjects) for subjects in mine)
    assert not any(name in one for one in said), "a notice outlives the name"
    # Again: nothing moves, nobody is told twice.
    assert look(session, sessions) == 0
    assert standing(session) == stands and told(session, lead.id) == said


def test_it_ends_when_the_figure_is_back_and_is_not_told_again_at_once(
    ninety_days: History, lead, street, session, sessions
):
    terms = {"days": 14, "least": 20}
    for drop, holds in ((0.02, True), (0.9, False), (0.02, True)):
        set_to = {**terms, "drop": drop}
        book.change(session, street, "accuracy_drop", enabled=True, terms=set_to, by=lead)
        look(session, sessions)
        subject = f"labeller:{ninety_days.labellers[7]}"
        assert (subject in standing(session).get((street.id, "accuracy_drop"), set())) == holds
    began = "SELECT count(*), count(DISTINCT subject) FROM alert_firing WHERE reason LIKE '%right%'"
    firings, subjects = session.execute(text(began)).one()
    assert firings > subjects
    assert sum("accuracy drop" in one for one in told(session, lead.id)) == subjects
    book.change(session, street, "accuracy_drop", enabled=False, terms=terms, by=lead)
    look(session, sessions)
    assert (street.id, "accuracy_drop") not in standing(session)
    street.state = "paused"
    look(session, sessions)
    assert not [project for project, _ in standing(session) if project == street.id]


def test_seeing_and_setting_are_for_leads_of_the_project_and_written_down(
    ninety_days: History, lead, street, session, sessions
):
    stranger = session.get(User, ninety_days.stranger)
    look(session, sessions)
    number = session.scalar(
        text("SELECT min(id) FROM alert_firing WHERE project_id = :p"), {"p": street.id}
    )
    with pytest.raises(NotFound):
        book.see(session, number, by=stranger)
    for _ in range(2):
        book.see(session, number, by=lead)
    seen = session.get(AlertFiring, number)
    assert seen.seen_by == lead.id and seen.ended_at is None
    written = "SELECT action, count(*) FROM audit_entry WHERE action LIKE 'alert.%' GROUP BY 1"
    assert dict(session.execute(text(written)).all()) == {"alert.seen": 1}
    for kind, terms in (
        ("accuracy_drop", {"days": 0}), ("accuracy_drop", {"dayz": 3}), ("burning", {}),
        ("forecast_past_due", {"sure": 60}), ("queue_starved", {"hours": "many"}),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            book.change(session, street, kind, enabled=True, terms=terms, by=lead)
    book.change(session, street, "gold_exhausted", enabled=False, terms={"few": 3}, by=lead)
    assert book.of_project(session, street.id)["gold_exhausted"][0] is False
    assert book.of_project(session, street.id)["gold_exhausted"][1].few == 3
    assert dict(session.execute(text(written)).all()) == {"alert.seen": 1, "alert.changed": 1}
