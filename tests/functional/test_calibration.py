"""The pages of calibration over HTTP: what is refused is said, and nothing of others is shown."""

import pytest
from sqlalchemy import func, select

from metrics.web import calibration_pages
from ops import projects
from ops.models import ProjectMember
from quality.models import CalibrationMove
from tests.functional.test_dashboards import draw

PAGE = "/onboarding/calibration"


@pytest.fixture
def world(make, session, client_for):
    """A nesting project with a newcomer, another's project, and the client of its manager."""
    mine = make.project(name="Mine", settings={"nesting": {"on": True}})
    manager = make.member(mine, make.user(role="onboarding_manager"))
    who, other = make.user(name="Ada"), make.user(name="Zoe Elsewhere")
    projects.add_member(session, mine, who, by=manager)
    theirs = make.project(name="Theirs", settings={"nesting": {"on": True}})
    projects.add_member(session, theirs, other, by=manager)
    session.commit()
    return client_for(manager), mine, theirs, who, other


def test_pages_show_ones_own_projects_alone(world, monkeypatch):
    client, mine, theirs, _, _ = world
    assert client.get(f"{PAGE}/{theirs.id}").status_code == 404
    for path in (PAGE, f"{PAGE}/{mine.id}?by=team", f"{PAGE}/{mine.id}?by=opening"):
        page = client.get(path)
        assert page.status_code == 200 and "Mine" in page.text
        assert "Theirs" not in page.text and "Zoe" not in page.text
    assert client.get(f"{PAGE}?project={mine.id}").location.endswith(f"/{mine.id}?by=month")
    assert client.get(f"{PAGE}?project={theirs.id}").status_code == 404
    assert client.get(f"{PAGE}?project={10**30}").status_code == 422
    assert "<option" not in client.get(PAGE).text
    monkeypatch.setattr(calibration_pages, "MOST_BUTTONS", 0)
    assert f'<option value="{mine.id}"' in client.get(PAGE).text
    assert "needs at least 30 more judged answers" in client.get(f"{PAGE}/{mine.id}").text


def test_moves_need_somebody_of_the_project_and_a_reason(world, session):
    client, mine, theirs, who, other = world
    let_go = {"deed": "promote", "who": who.id, "reason": "well known"}
    address = f"{PAGE}/{mine.id}"
    for changed in ({"reason": ""}, {"who": other.id}, {"who": "x"}, {"deed": "burn"}):
        assert client.post(address, data={**let_go, **changed}).status_code == 422, changed
    assert client.post(f"{PAGE}/{theirs.id}", data=let_go).status_code == 404
    assert session.scalar(select(func.count()).select_from(CalibrationMove)) == 0
    assert client.post(address, data=let_go).status_code == 303
    client.post(address, data=let_go)
    assert "is not nested (any more)" in client.get(address).text
    moved = select(ProjectMember.nesting_since).where(ProjectMember.user_id == who.id)
    assert session.scalar(moved) is None
    page = client.get(address).text
    assert "Nobody just now" in page and "well known" in page


def test_the_page_of_a_labeller_of_whom_nothing_is_known_is_drawn(world, make, session, client_for):
    _, mine, _, who, _ = world
    lead = make.member(mine, make.user(role="ops_lead"))
    session.commit()
    drawn = draw(client_for(lead), "/dashboards/labeller", f"?labeller={who.id}").text
    assert "Something went wrong" not in drawn and "gets work, nested" in drawn
    assert "nested since" in client_for(lead).get(f"/projects/{mine.id}/people").text
