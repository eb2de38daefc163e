"""Projects: who sees them, what they ask, what must be there before they start."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from ops import clock_time, guidelines, lanes, ontologies, projects, scope
from ops.errors import Conflict, InvalidInput, NotFound, NotReady
from ops.models import AuditEntry, Lane, Project, ProjectMember, Skill


@pytest.fixture
def project(session, make, lead):
    return projects.create(
        session, organisation=make.organisation(), name="Birds", medium="image", by=lead
    )


def actions(session, subject):
    found = select(AuditEntry.action).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
    return list(session.scalars(found))


def test_a_new_project_is_a_draft_with_a_skill_of_its_name_and_its_maker_as_member(
    session, project, lead
):
    assert project.state == "draft"
    assert session.get(Skill, project.skill_id).name == "Birds"
    assert projects.find(session, lead, project.id) is project
    assert projects.settings_of(project).wanted_answers == 3
    assert actions(session, f"project:{project.id}") == ["project.created", "project.member_added"]


def test_names_are_unique_within_an_organisation_whatever_their_case(session, make, project, lead):
    with pytest.raises(Conflict) as caught:
        projects.create(
            session, organisation=project.organisation, name="  birds ", medium="text", by=lead
        )
    assert caught.value.field == "name"
    other = projects.create(
        session, organisation=make.organisation(), name="Birds", medium="text", by=lead
    )
    assert other.skill_id == project.skill_id  # one skill of one name


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("name", {"name": " "}), ("medium", {"medium": "video"}), ("name", {"name": "x" * 121})],
)
def test_what_is_wrong_with_a_project_is_named(session, make, lead, field, wrong):
    values = {"name": "P", "medium": "image", **wrong}
    with pytest.raises(InvalidInput) as caught:
        projects.create(session, organisation=make.organisation(), by=lead, **values)
    assert caught.value.field == field


def test_a_vendor_has_no_projects(session, make, lead):
    with pytest.raises(InvalidInput, match="client organisation"):
        projects.create(
            session, organisation=make.organisation("vendor"), name="P", medium="text", by=lead
        )


def test_each_role_sees_its_own_projects(session, make, project, lead):
    foreign = make.project()
    colleague = make.user(role="ops_lead")
    client = make.user(role="client", organisation_id=project.organisation_id)
    seen = {
        who: set(session.scalars(scope.projects(who)))
        for who in (lead, colleague, client, make.user(role="admin"))
    }
    everything = set(session.scalars(select(Project.id)))
    assert list(seen.values()) == [{project.id}, set(), {project.id}, everything]
    with pytest.raises(NotFound):
        projects.find(session, lead, foreign.id)


def test_settings_name_each_wrong_field(session, project, lead):
    with pytest.raises(InvalidInput) as caught:
        projects.save_settings(
            session, project, {"wanted_answers": 0, "gold": {"rate_new": 2}, "colour": 1}, lead
        )
    named = {e["field"] for e in caught.value.errors}
    assert named == {"wanted_answers", "gold.rate_new", "colour"}
    saved = projects.save_settings(session, project, {"wanted_answers": 5}, lead)
    assert projects.settings_of(project) == saved
    assert saved.wanted_answers == 5


def test_members_come_pause_resume_and_go(session, make, project, lead):
    worker = make.user()
    projects.add_member(session, project, worker, by=lead)
    projects.add_member(session, project, worker, by=lead)
    member = session.get(ProjectMember, (project.id, worker.id))
    until = clock_time.now() + timedelta(days=1)
    projects.pause_member(session, project, worker, until=until, reason="training", by=lead)
    assert (member.paused_until, member.pause_reason) == (until, "training")
    projects.resume_member(session, project, worker, by=lead)
    assert member.paused_until is None
    projects.remove_member(session, project, worker, by=lead)
    with pytest.raises(NotFound):
        projects.remove_member(session, project, worker, by=lead)
    assert actions(session, f"project:{project.id}")[2:] == [
        "project.member_added",
        "project.member_paused",
        "project.member_resumed",
        "project.member_removed",
    ]


def test_a_pause_lies_in_the_future(session, project, lead):
    with pytest.raises(InvalidInput, match="future"):
        projects.pause_member(session, project, lead, until=clock_time.now(), reason="", by=lead)


@pytest.mark.parametrize("who", ["client", "closed"])
def test_who_cannot_be_a_member(session, make, project, lead, who):
    user = make.user(role="client") if who == "client" else make.user(active=False)
    with pytest.raises(InvalidInput) as caught:
        projects.add_member(session, project, user, by=lead)
    assert caught.value.field == "user"


def test_requirements_reach_the_lanes_that_exist(session, make, project, lead):
    lane = lanes.lane_for(session, make.batch(project), "label")
    assert lane.requirements == {}
    projects.require(session, project, "label", {project.skill_id: 2}, by=lead)
    session.refresh(lane)
    assert lane.requirements == {str(project.skill_id): 2}
    again = lanes.lane_for(session, make.batch(project), "label")
    assert again.requirement_key == lane.requirement_key != ""
    projects.require(session, project, "label", {}, by=lead)
    assert set(session.scalars(select(Lane.requirement_key))) == {""}


@pytest.mark.parametrize(
    ("stage", "levels", "field"),
    [("lunch", {}, "stage"), ("label", {1: 9}, "level"), ("label", {10**6: 1}, "skill")],
)
def test_a_requirement_that_makes_no_sense_is_refused(session, project, lead, stage, levels, field):
    with pytest.raises(InvalidInput) as caught:
        projects.require(session, project, stage, levels, by=lead)
    assert caught.value.field == field


def test_a_project_starts_once_it_has_classes_and_can_be_paused(session, project, lead):
    with pytest.raises(NotReady, match="classes"):
        projects.start(session, project, by=lead)
    ontologies.publish(session, project, [{"name": "Owl"}, {"name": "Wren"}], lead)
    with pytest.raises(Conflict):
        projects.pause(session, project, by=lead)
    projects.start(session, project, by=lead)
    assert project.state == "running"
    projects.pause(session, project, by=lead)
    assert project.state == "paused"


def test_guidelines_come_in_versions(session, project, lead):
    assert guidelines.current(session, project.id) is None
    first = guidelines.publish(session, project, "# Look\r\nclosely", lead)
    assert guidelines.publish(session, project, "# Look\nclosely\n", lead) is first
    second = guidelines.publish(session, project, "# Look twice", lead)
    assert (first.version, second.version) == (1, 2)
    assert guidelines.current(session, project.id) is second
    with pytest.raises(InvalidInput):
        guidelines.publish(session, project, "  ", lead)
