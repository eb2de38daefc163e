"""The checklist and the claim agree: nothing missing means that a labeller gets a task."""

from datetime import timedelta

import pytest

from ops import clock_time, guidelines, lanes, projects
from quality import gold
from scheduling import dispatch
from scheduling.projects import facts, readiness


def keys(session, project):
    return [m.key for m in readiness.missing(session, project)]


def open_work(session, make, project, n=2):
    batch = make.batch(project)
    lane = lanes.lane_for(session, batch, "label")
    lanes.open_tasks(session, lane, [a.id for a in make.assets(batch, n)], wanted=1)
    return batch


def test_a_new_project_lacks_everything_and_each_step_takes_one_line_away(session, make, lead):
    project = projects.create(
        session, organisation=make.organisation(), name="New", medium="text", by=lead
    )
    from ops import ontologies

    assert keys(session, project) == ["assets", "classes", "guideline", "people", "running"]
    open_work(session, make, project)
    assert keys(session, project) == ["classes", "guideline", "people", "running"]
    ontologies.publish(session, project, [{"name": "A"}, {"name": "B"}], lead)
    assert keys(session, project) == ["guideline", "people", "running"]
    guidelines.publish(session, project, "Look closely.", lead)
    assert keys(session, project) == ["people", "running"]
    worker = make.user()
    projects.add_member(session, project, worker, by=lead)
    assert keys(session, project) == ["running"]
    assert dispatch.claim(session, worker) is None
    projects.start(session, project, by=lead)
    assert keys(session, project) == []
    assert dispatch.claim(session, worker) is not None


@pytest.fixture
def ready(session, make, lead):
    """A project in which nothing is missing, its batch, and its one labeller."""
    project = make.project()
    guidelines.publish(session, project, "Look closely.", lead)
    batch = open_work(session, make, project)
    worker = make.member(project, make.user())
    return project, batch, worker


def spoil_certificate(session, make, lead, project, batch, worker):
    projects.require(session, project, "label", {project.skill_id: 2}, by=lead)
    make.certificate(worker, project.skill, level=1)


def spoil_role(session, make, lead, project, batch, worker):
    projects.remove_member(session, project, worker, by=lead)


def spoil_pause(session, make, lead, project, batch, worker):
    until = clock_time.now() + timedelta(days=1)
    projects.pause_member(session, project, worker, until=until, reason="", by=lead)


def spoil_attributes(session, make, lead, project, batch, worker):
    projects.save_settings(session, project, {"attributes": {"language": ["de"]}}, lead)


def spoil_batch(session, make, lead, project, batch, worker):
    batch.paused = True
    session.flush()


def spoil_had(session, make, lead, project, batch, worker):
    while dispatch.claim(session, worker) is not None:
        pass


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (spoil_certificate, "people"),
        (spoil_role, "people"),
        (spoil_pause, "people"),
        (spoil_attributes, "people"),
        (spoil_batch, "assets"),
        (spoil_had, "assets"),
    ],
)
def test_whatever_keeps_a_labeller_from_work_is_named(session, make, lead, ready, spoil, key):
    project, batch, worker = ready
    assert keys(session, project) == []
    spoil(session, make, lead, project, batch, worker)
    assert dispatch.claim(session, worker) is None
    named = keys(session, project)
    assert key in named
    assert set(named) <= {key, "people"}


def test_a_valid_certificate_settles_the_requirement(session, make, lead, ready):
    project, batch, worker = ready
    spoil_certificate(session, make, lead, project, batch, worker)
    make.certificate(worker, project.skill, level=2)
    assert keys(session, project) == []
    assert dispatch.claim(session, worker) is not None


def test_gold_and_enough_labellers_are_advised_not_needed(session, make, lead, ready):
    project, batch, _ = ready
    advised = {s.key: s.done for s in readiness.checklist(session, project) if not s.needed}
    assert advised == {"gold": False, "enough": False}
    for asset in make.assets(batch, readiness.GOLD_ADVISED):
        gold.make(session, project, asset, [{"class": "a"}], lead)
    for _ in range(2):
        make.member(project, make.user())
    advised = {s.key: s.done for s in readiness.checklist(session, project) if not s.needed}
    assert advised == {"gold": True, "enough": True}


def test_many_projects_are_counted_in_two_statements(session, make, count_queries):
    made = [make.project() for _ in range(5)]
    count_queries.clear()
    found = facts.of(session, [p.id for p in made])
    assert set(found) == {p.id for p in made}
    assert len(count_queries) == 2
