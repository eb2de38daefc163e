"""The people and projects of `tests.history`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Batch, PastAffiliation, Project, Team, User
from tests.factories import Make
from tests.history import DAYS, History

ZONES = ("UTC", "Asia/Kolkata", "America/Lima", "Pacific/Auckland", "Asia/Manila", "Africa/Nairobi")
NAMES = (
    "Ana Ruiz", "Bao Tran", "Chidi Okafor", "Dina Haddad", "Emil Novak", "Femi Ade",
    "Grace Kim", "Hana Sato", "Ivan Petrov", "Jaya Nair", "Karl Lund", "Lena Weiss",
)  # fmt: skip
FAST, FALLING, MOVED = 10, 7, 4  # places in NAMES


@dataclass
class Labeller:
    """How somebody works: accuracy, pace (1 is usual), zone, and whom they belong to."""

    id: int
    accuracy: float
    pace: float
    zone: ZoneInfo
    falls: bool


@dataclass
class BatchPlan:
    """A batch, its assets in order, and what is true of them."""

    row: Batch
    classes: list[str]
    assets: int
    wanted: int
    first_day: int
    gold: int
    picture: bool
    ids: list[int] = field(default_factory=list)


class Floor:
    """Vendors, teams, labellers and reviewers; three projects and their batches."""

    def __init__(self, session: Session):
        self.make, self.session, self.now = Make(session), session, clock_time.now()
        self.start = self.now - timedelta(days=DAYS)
        self.history = History()
        self._people()
        self._projects()
        session.flush()

    def _people(self) -> None:
        make, kept = self.make, self.history
        vendors = [make.organisation("vendor", name=name) for name in ("Kestrel", "Birch")]
        teams = [Team(name=name, created_at=self.start) for name in ("Dawn", "Dusk")]
        self.session.add_all(teams)
        self.session.flush()
        kept.vendors = {one.name: one.id for one in vendors}
        kept.teams = {one.name: one.id for one in teams}
        self.labellers: list[Labeller] = []
        self.users: list[User] = []
        for i, name in enumerate(NAMES):
            zone = ZONES[i % len(ZONES)]
            user = make.user(name=name, timezone=zone, team_id=teams[i % 2].id,
                             organisation_id=vendors[i // 6].id)  # fmt: skip
            accuracy = 0.66 if i == FAST else 0.97 - 0.012 * i
            pace = 0.45 if i == FAST else 0.8 + 0.04 * i
            one = Labeller(user.id, accuracy, pace, ZoneInfo(zone), i == FALLING)
            self.labellers.append(one)
            self.users.append(user)
        moved = self.users[MOVED]
        self.session.add(
            PastAffiliation(user_id=moved.id, until=self.now - timedelta(days=40),
                            team_id=teams[1].id, organisation_id=vendors[1].id, timezone="UTC")
        )  # fmt: skip
        self.reviewers = [make.user("reviewer", name=name) for name in ("Mara Holt", "Nils Berg")]
        kept.labellers = [one.id for one in self.labellers]
        kept.reviewers = [one.id for one in self.reviewers]
        kept.lead = make.user("ops_lead", name="Olga Stein").id
        kept.stranger = make.user("ops_lead", name="Pavel Roth").id
        kept.admin = make.user("admin", name="Quinn Day").id

    def _projects(self) -> None:
        client = self.make.organisation(name="Harbour Mapping")
        self.plans: list[BatchPlan] = []
        street = self._project(
            client, "Street scenes", ["car", "bus", "bicycle", "person"], "image"
        )
        news = self._project(client, "News topics", ["politics", "sport", "science"], "text")
        shop = self._project(client, "Shop shelves", ["tin", "box"], "text")
        due = [self.now + timedelta(days=n) for n in (-3, 9, 30)]
        self._batch(street, "Old town", 300, 3, 0, None, "complete")
        self._batch(street, "Harbour", 1000, 3, 35, due[0])
        self._batch(street, "Ring road", 700, 2, 75, due[1])
        self._batch(news, "Spring papers", 2000, 2, 0, due[2])
        self._batch(shop, "Aisle one", 420, 2, 20, None)
        members = [*self.users, *self.reviewers, self.session.get(User, self.history.lead)]
        for project in (street, news):
            for member in members:
                self.make.member(project, member)
        for member in [*self.users[:3], self.session.get(User, self.history.stranger)]:
            self.make.member(shop, member)

    def _project(self, client: Any, name: str, classes: list[str], medium: str) -> Project:
        project = self.make.project(
            name=name, classes=classes, medium=medium, organisation=client,
            skill=self.make.skill(name=name), created_at=self.start,
            settings={"cost_per_hour": 14.0} if name != "News topics" else {},
        )  # fmt: skip
        self.history.projects[name] = project.id
        project.classes = classes  # type: ignore[attr-defined]
        return project

    def _batch(
        self, project: Project, name: str, assets: int, wanted: int, first: int,
        due: datetime | None, state: str = "open",
    ) -> None:  # fmt: skip
        at = self.start + timedelta(days=first)
        row = self.make.batch(project, name=name, created_at=at, due_at=due, state=state)
        self.history.batches[name] = row.id
        classes: list[str] = project.classes  # type: ignore[attr-defined]
        plan = BatchPlan(row, classes, assets, wanted, first, 14, project.medium == "image")
        self.plans.append(plan)
