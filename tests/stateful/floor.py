"""The floor that every example of the machine begins with, in the database and as a model."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, lanes
from ops import projects as set_up
from ops.models import Batch, Project, Skill, User
from tests.factories import Make
from tests.stateful import model

START = datetime.fromisoformat("2026-11-02T08:00:00+00:00")
GOLD = {"rate_new": 0.5, "rate_trusted": 0.5}
SETTINGS = {"max_leases": 2, "lease_minutes": 30, "gold": GOLD}


@dataclass
class Floor:
    """Rows of the committed floor; they are read only."""

    lead: User
    people: list[User]
    projects: list[Project]
    batches: list[Batch]
    skill: Skill
    tasks: list[Any]

    def model(self) -> model.Model:
        """The same floor in plain Python."""
        easy, asking = (p.id for p in self.projects)
        found = model.Model(
            now=START,
            roles={u.id: u.role for u in self.people},
            projects={easy: model.Project(), asking: model.Project(level=2)},
            members={(p.id, u.id): model.Member() for p in self.projects for u in self.people},
            batches={b.id: b.project_id for b in self.batches},
        )
        for task, asset, batch in self.tasks:
            found.assets[asset] = batch.id
            found.tasks[task.id] = model.Task(
                task.id, asset, batch.id, batch.project_id, task.stage, task.wanted
            )
        return found


def build(sessions: sessionmaker[Session]) -> Floor:
    """Two projects, three batches, three labellers and a reviewer; committed."""
    clock_time.use(START.timestamp)
    with sessions.begin() as session:
        make = Make(session)
        skill = make.skill()
        projects = [make.project(skill=skill, settings=SETTINGS) for _ in range(2)]
        lead = make.user(role="ops_lead")
        people = [make.user() for _ in range(3)] + [make.user(role="reviewer")]
        for project in projects:
            for user in (lead, *people):
                make.member(project, user)
        asks = {skill.id: 2}
        set_up.require(session, projects[1], "label", asks, by=lead)
        batches = [make.batch(projects[0]), make.batch(projects[0]), make.batch(projects[1])]
        tasks = []
        for batch, wanted in zip(batches, (2, 1, 2), strict=True):
            lane = lanes.lane_for(session, batch, "label")
            assets = make.assets(batch, 3)
            tasks += [(t, t.asset_id, batch) for t in make.tasks(lane, assets, wanted=wanted)]
            judged = lanes.lane_for(session, batch, "adjudicate")
            tasks += [(t, t.asset_id, batch) for t in make.tasks(judged, assets[:1])]
        return Floor(lead, people, projects, batches, skill, tasks)
