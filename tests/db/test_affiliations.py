"""Where somebody belonged stays known when they move."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import affiliations, clock_time, erasure
from ops.errors import InvalidInput
from ops.models import AuditEntry, Organisation, PastAffiliation, Team, User
from tests.factories import Make


def past(session: Session, user: User) -> list[tuple]:
    found = select(PastAffiliation).where(PastAffiliation.user_id == user.id)
    rows = session.scalars(found.order_by(PastAffiliation.id))
    return [(row.until, row.team_id, row.organisation_id, row.timezone) for row in rows]


def test_a_change_keeps_what_was_and_a_repetition_nothing(
    session: Session, make: Make, monkeypatch: pytest.MonkeyPatch
):
    at = clock_time.now()
    team = Team(name="Dawn", created_at=at)
    vendor = Organisation(name="Work Ltd", kind="vendor", created_at=at)
    session.add_all([team, vendor])
    session.flush()
    who, lead = make.user(), make.user(role="admin")
    monkeypatch.setattr(clock_time, "now", lambda: at)
    there = {"team": team, "organisation": vendor, "timezone": "Asia/Kolkata", "by": lead}
    assert affiliations.move(session, who, **there)
    assert not affiliations.move(session, who, **there)
    later = at + timedelta(hours=1)
    monkeypatch.setattr(clock_time, "now", lambda: later)
    affiliations.move(session, who, **there | {"team": None})
    assert past(session, who) == [
        (at, None, None, "UTC"),
        (later, team.id, vendor.id, "Asia/Kolkata"),
    ]
    assert (who.team_id, who.organisation_id, who.timezone) == (None, vendor.id, "Asia/Kolkata")
    entries = select(AuditEntry.data).where(AuditEntry.action == "user.moved")
    changed = [data["changed"] for data in session.scalars(entries.order_by(AuditEntry.id))]
    assert changed == [["team", "organisation", "timezone"], ["team"]]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../UTC", "Europe"])
def test_a_time_zone_that_is_none_is_refused(session: Session, make: Make, name: str):
    who = make.user()
    with pytest.raises(InvalidInput) as refused:
        affiliations.move(session, who, team=None, organisation=None, timezone=name, by=None)
    assert refused.value.field == "timezone"
    assert past(session, who) == []


def test_days_of_an_erased_person_stay_where_they_were(session: Session, make: Make):
    who, lead = make.user(timezone="Asia/Tokyo", active=False), make.user(role="admin")
    erasure.erase(session, who, by=lead)
    assert [row[3] for row in past(session, who)] == ["Asia/Tokyo"]
    assert who.timezone == "UTC"
