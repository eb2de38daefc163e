"""Guidelines published and read while work is claimed: nothing new goes to whoever lags behind."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ops import guideline_readers, guidelines
from ops.db import transaction
from ops.models import GuidelineVersion, Notice, Project, ProjectMember, User
from scheduling import dispatch

pytestmark = pytest.mark.serial

LABELLERS, LEADS, VERSIONS = 4, 2, 6


class Floor:
    """What leads have committed so far: the newest version that everybody must have read."""

    def __init__(self, sessions: sessionmaker[Session], project_id: int):
        self.sessions, self.project_id = sessions, project_id
        self.due, self.lock = 0, threading.Lock()
        self.done = threading.Event()

    def publish(self, lead_id: int) -> list[int]:
        made = []
        for n in range(VERSIONS):
            with transaction(self.sessions) as session:
                project, lead = session.get(Project, self.project_id), session.get(User, lead_id)
                text = f"Version {n} of lead {lead_id}."
                made.append(
                    guidelines.publish(session, project, text, lead, must_read=True).version
                )
            with self.lock:
                self.due = max(self.due, made[-1])
        return made

    def work(self, labeller_id: int) -> tuple[int, list[tuple[int, int]]]:
        """Claims and reads until all is published; what came although it should not have."""
        read, wrong, claims = 0, [], 0
        while not self.done.is_set() or read < self.due:
            due = self.due  # committed before this claim began
            with transaction(self.sessions) as session:
                me = session.get(User, labeller_id)
                claimed = dispatch.claim(session, me)
                claims += claimed is not None
            if claimed is not None and read < due:
                wrong.append((read, due))
            if claimed is None:
                with transaction(self.sessions) as session:
                    me, project = (
                        session.get(User, labeller_id),
                        session.get(Project, self.project_id),
                    )
                    newest = guidelines.current(session, self.project_id)
                    if newest is not None:
                        read = guideline_readers.read(session, me, project, newest.version)
        return claims, wrong


def test_nobody_who_lags_behind_gets_new_work(
    make: Any, session: Any, sessions: sessionmaker[Session]
) -> None:
    settings = {"max_leases": 1000}
    made = make.floor(labellers=LABELLERS, assets=60, wanted=LABELLERS, settings=settings)
    leads = [make.member(made.project, make.user("ops_lead")).id for _ in range(LEADS)]
    people = [one.id for one in made.labellers]
    project_id = made.project.id
    session.commit()
    floor = Floor(sessions, project_id)
    with ThreadPoolExecutor(LABELLERS + LEADS) as pool:
        working = [pool.submit(floor.work, one) for one in people]
        published = [pool.submit(floor.publish, one) for one in leads]
        versions = sorted(v for one in published for v in one.result())
        floor.done.set()
        told = [one.result() for one in working]
    assert [wrong for _, wrong in told] == [[]] * LABELLERS
    assert sum(claims for claims, _ in told) > 0
    # Two leads at once: every version is one, the newest is due, everybody was told of each.
    assert versions == list(range(1, LEADS * VERSIONS + 1))
    with sessions() as session:
        assert session.get(Project, project_id).guideline_due == versions[-1]
        stored = session.scalars(
            select(GuidelineVersion.version).order_by(GuidelineVersion.version)
        )
        assert stored.all() == versions
        reads = session.scalars(
            select(ProjectMember.guideline_read).where(ProjectMember.user_id.in_(people))
        )
        assert set(reads) == {versions[-1]}
        for one in people:
            keys = session.scalars(select(Notice.key).where(Notice.user_id == one)).all()
            assert len(keys) == len(versions)
