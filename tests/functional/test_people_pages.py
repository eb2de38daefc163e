"""Pages on quality, people and gold, over HTTP: drawn, narrowed to what a lead may see, acting."""

import pytest
from sqlalchemy import text

from dashboards.deeds import DEEDS, Terms
from ops.errors import InvalidInput, NotFound
from ops.models import User
from tests.functional.test_dashboards import draw
from tests.history import History

PAGES = ("quality", "labellers", "labeller", "gold")


def test_a_lead_sees_their_projects_and_nobody_from_others(
    ninety_days: History, session, client_for
):
    them = session.get(User, ninety_days.stranger)
    street, shop = (ninety_days.projects[name] for name in ("Street scenes", "Shop shelves"))
    rows = session.execute(
        text(
            "SELECT person.id, person.name, bool_or(project_id = :shop) AS theirs "
            "FROM user_account person JOIN assignment ON labeller_id = person.id "
            "GROUP BY person.id"
        ),
        {"shop": shop},
    ).all()
    theirs = {row.name for row in rows if row.theirs}
    mine = {row.name for row in rows} - theirs
    who = next(row.id for row in rows if row.name not in theirs) if mine else rows[0].id
    client = client_for(them)
    for page in PAGES:
        asked = f"?days=90&project={street}&labeller={who}&truth=car&said=bus"
        drawn = draw(client, f"/dashboards/{page}", asked).text
        assert "Something went wrong" not in drawn, page
        assert "Street scenes" not in drawn, page
        assert "ring-road-" not in drawn, page
        for name in mine:
            assert f'"{name}"' not in drawn, (page, name)


def test_gold_is_retired_by_who_runs_its_project_and_by_nobody_else(ninety_days: History, session):
    lead, stranger = (session.get(User, i) for i in (ninety_days.lead, ninety_days.stranger))
    chosen = "SELECT id FROM gold WHERE project_id = :project AND state = 'active' ORDER BY id"
    project = ninety_days.projects["Street scenes"]
    ids = list(session.scalars(text(chosen), {"project": project}))[:2]
    deed = DEEDS["gold.retire"]
    why = Terms(None, {"reason": "Seen on the web"})
    with pytest.raises(NotFound):
        deed.do(session, stranger, ids, why)
    with pytest.raises(InvalidInput):
        deed.do(session, lead, ids, Terms(None, {"reason": "  "}))
    assert "2 assets" in deed.foresee(session, lead, ids, why)
    assert list(session.scalars(text(chosen), {"project": project}))[:2] == ids
    assert deed.do(session, lead, ids, why) == "Retired: 2 gold."
    assert not set(ids) & set(session.scalars(text(chosen), {"project": project}))
    counted = text("SELECT count(*) FROM audit_entry WHERE action = 'gold.retired'")
    session.flush()
    assert session.scalar(counted) == 2
