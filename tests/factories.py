"""Factories that flush: real rows through the real verbs where a verb exists."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ops import clock_time, consensus, people
from ops.models import (
    Asset,
    Batch,
    Certificate,
    Consensus,
    Lane,
    OntologyVersion,
    Organisation,
    Project,
    ProjectMember,
    Skill,
    Task,
    User,
)
from scheduling.models import Rule, RuleFiring

PASSWORD = "a long enough password"
_hash: list[str] = []
_numbers = itertools.count(1)


def _password_hash() -> str:
    # argon2 is slow by design: one hash serves every test user.
    if not _hash:
        _hash.append(people.hash_password(PASSWORD))
    return _hash[0]


@contextmanager
def as_of(moment: datetime | None) -> Iterator[None]:
    """What is done in the block is done at `moment`; None: now."""
    before = clock_time._source
    clock_time.use(moment.timestamp if moment else before)
    try:
        yield
    finally:
        clock_time.use(before)


class Make:
    """`make.user(role="labeller")`, `make.running_project(labellers=2, assets=5)`, …"""

    def __init__(self, session: Session):
        self.session = session

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def organisation(self, kind: str = "client", **more: Any) -> Organisation:
        name = more.pop("name", f"{kind} {next(_numbers)}")
        return self._add(Organisation(name=name, kind=kind, created_at=clock_time.now(), **more))

    def user(self, role: str = "labeller", **more: Any) -> User:
        n = next(_numbers)
        if role == "client" and "organisation_id" not in more:
            more["organisation_id"] = self.organisation().id
        values = {
            "email": f"{role}{n}@example.com",
            "name": f"{role.title()} {n}",
            "password_hash": _password_hash(),
            "created_at": clock_time.now(),
            **more,
        }
        return self._add(User(role=role, **values))

    def skill(self, **more: Any) -> Skill:
        name = more.pop("name", f"skill {next(_numbers)}")
        return self._add(Skill(name=name, created_at=clock_time.now(), **more))

    def certificate(self, user: User, skill: Skill, level: int = 1, days: int = 30) -> Certificate:
        at = clock_time.now()
        return self._add(
            Certificate(
                user_id=user.id,
                skill_id=skill.id,
                level=level,
                source="hand",
                granted_at=at,
                valid_until=at + timedelta(days=days),
            )
        )

    def project(self, *, classes: str | list[str] = "abc", **more: Any) -> Project:
        """A running project with an ontology of one class per key, and what `ontology` holds."""
        organisation = more.pop("organisation", None) or self.organisation()
        skill = more.pop("skill", None) or self.skill()
        ontology = more.pop("ontology", {})
        values = {
            "name": f"project {next(_numbers)}",
            "medium": "text",
            "state": "running",
            "created_at": clock_time.now(),
            **more,
        }
        project = self._add(Project(organisation_id=organisation.id, skill_id=skill.id, **values))
        listed = [
            {"key": k, "name": k.upper(), "colour": "#4363d8", "hotkey": k[0], "description": ""}
            for k in classes
        ]
        parts = {"classes": listed, "created_at": clock_time.now(), **ontology}
        self._add(OntologyVersion(project_id=project.id, version=1, **parts))
        return project

    def member(self, project: Project, user: User) -> User:
        self._add(ProjectMember(project_id=project.id, user_id=user.id, since=clock_time.now()))
        return user

    def batch(self, project: Project, **more: Any) -> Batch:
        values = {"name": f"batch {next(_numbers)}", "created_at": clock_time.now(), **more}
        return self._add(Batch(project_id=project.id, **values))

    def assets(self, batch: Batch, n: int = 1, **more: Any) -> list[Asset]:
        at = clock_time.now()
        rows = [
            Asset(
                project_id=batch.project_id,
                batch_id=batch.id,
                external_id=f"asset-{next(_numbers)}",
                **{"text": f"text {i}", "created_at": at, **more},
            )
            for i in range(n)
        ]
        self.session.add_all(rows)
        self.session.flush()
        return rows

    def decided(
        self, asset: Asset, key: str = "a", *, at: datetime | None = None, **more: Any
    ) -> Consensus:
        """The next version of an asset's consensus: class `key`, by the majority of 3 who agree."""
        values = {
            "method": "majority",
            "label": {"class": key},
            "probability": 0.9,
            "answers": 3,
            "agreement": 1.0,
            "posterior": {},
            **more,
        }
        with as_of(at):
            return consensus.append(
                self.session, asset_id=asset.id, batch_id=asset.batch_id, **values
            )

    def all_decided(self, assets: list[Asset], labels: list[dict[str, Any]]) -> None:
        """The first consensus of each asset, all at once: thousands take too long one by one."""
        at = clock_time.now()
        self.session.add_all(
            Consensus(
                asset_id=asset.id,
                batch_id=asset.batch_id,
                version=1,
                method="majority",
                label=label,
                probability=0.9,
                answers=3,
                agreement=1.0,
                posterior={},
                at=at,
            )
            for asset, label in zip(assets, labels, strict=True)
        )
        self.session.flush()

    def lane(self, batch: Batch, stage: str = "label", **more: Any) -> Lane:
        return self._add(Lane(project_id=batch.project_id, batch_id=batch.id, stage=stage, **more))

    def tasks(self, lane: Lane, assets: list[Asset], *, wanted: int = 1) -> list[Task]:
        rows = [
            Task(lane_id=lane.id, asset_id=a.id, stage=lane.stage, wanted=wanted, npri=i)
            for i, a in enumerate(assets)
        ]
        self.session.add_all(rows)
        self.session.flush()
        return rows

    def rule(self, project: Project, **more: Any) -> Rule:
        """A rule in force: whoever is unreliable is paused."""
        values = {
            "name": f"rule {next(_numbers)}",
            "signal": "gold_accuracy",
            "action": "pause",
            "terms": {},
            "measure": {"hours": 24.0, "redo": False},
            "created_at": clock_time.now(),
            **more,
        }
        return self._add(Rule(project_id=project.id, **values))

    def firing(self, rule: Rule, labeller: User, **more: Any) -> RuleFiring:
        """A firing of `rule` that took effect."""
        at = clock_time.now()
        kept = {"since": 0.0, "upto": at.timestamp(), "n": 5, "path": [[5, 5.0]], "bound": 4.6}
        asked = {name: getattr(rule, name) for name in ("signal", "terms", "action", "measure")}
        values = {
            "state": "applied",
            "reason": "Because.",
            "told": "Because.",
            "evidence": asked | kept,
            "decided_at": at,
            "takes_effect_at": at,
            "applied_at": at,
            "ends_at": at + timedelta(hours=24),
            **more,
        }
        ids = {"rule_id": rule.id, "project_id": rule.project_id, "labeller_id": labeller.id}
        return self._add(RuleFiring(**ids, **values))

    def floor(
        self, *, labellers: int = 1, assets: int = 3, wanted: int = 1, **more: Any
    ) -> "Floor":
        """A running project, one open batch with label tasks, and labellers who may work."""
        project = self.project(**more)
        batch = self.batch(project)
        rows = self.assets(batch, assets)
        lane = self.lane(batch)
        tasks = self.tasks(lane, rows, wanted=wanted)
        people_ = [self.member(project, self.user()) for _ in range(labellers)]
        return Floor(project, batch, lane, rows, tasks, people_)


class Floor:
    """What `make.floor` made."""

    def __init__(
        self,
        project: Project,
        batch: Batch,
        lane: Lane,
        assets: list[Asset],
        tasks: list[Task],
        labellers: list[User],
    ):
        self.project, self.batch, self.lane = project, batch, lane
        self.assets, self.tasks, self.labellers = assets, tasks, labellers
