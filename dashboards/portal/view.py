"""What the portal shows of projects and batches, as data for its pages and for its API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboards.portal import words
from metrics.reads import client as reads
from metrics.reads.client import Delivered, Expected, Progress, Reviewed
from ops import client_questions, guideline_words, guidelines, scope, sealer
from ops.models import Batch, Issue, Project, User


class Asked(NamedTuple):
    """What waits for the client in a project: `questions`, of which `overdue`, and the version of
    the guideline that they have said nothing of (None: nothing to say)."""

    questions: int
    overdue: int
    guideline: int | None

    @property
    def anything(self) -> bool:
        """Whether anything waits."""
        return bool(self.questions or self.guideline)


@dataclass(frozen=True)
class Shown:
    """A batch as its client sees it; `deliveries` are the newest first."""

    batch: Batch
    at: Progress
    state: str
    expected: Expected | None
    deliveries: list[Delivered]
    sealed: bool

    @property
    def made(self) -> Any:
        """The newest delivery, None before the first."""
        return self.deliveries[0].made if self.deliveries else None

    @property
    def forecast(self) -> str:
        """When it will be through, in words; empty where it went out, be it mended or not: how much
        of what was rejected is left to do would tell which of it is gold."""
        if self.batch.state != "open" or self.deliveries:
            return ""
        return words.forecast(self.expected, paused=self.batch.paused)

    @property
    def checking(self) -> int:
        """Labelled, and not yet let go: all of them once the last label is there."""
        whole = self.at.labelled == self.at.received and self.batch.state != "delivered"
        return self.at.labelled if whole else self.at.checking


def projects(session: Session, user: User) -> Sequence[Project]:
    """The client's own, by name."""
    mine = select(Project).where(Project.id.in_(scope.projects(user)))
    return session.scalars(mine.order_by(Project.name)).all()


def batches(session: Session, project: Project, found: Sequence[Batch]) -> list[Shown]:
    """These batches of a project, in the same order."""
    ids = [batch.id for batch in found]
    at, expected = reads.progress(session, ids), reads.expected(session, project.id)
    made: dict[int, list[Delivered]] = {}
    for one in reads.deliveries(session, ids):
        made.setdefault(one.made.batch_id, []).append(one)
    entries = (some[0].made.audit_entry_id for some in made.values())
    covered = sealer.sealed(session, [entry for entry in entries if entry is not None])
    return [
        _shown(batch, at[batch.id], expected.get(batch.id), made.get(batch.id, []), covered)
        for batch in found
    ]


def _shown(
    batch: Batch,
    at: Progress,
    expected: Expected | None,
    made: list[Delivered],
    covered: set[int],
) -> Shown:
    sealed = bool(made) and made[0].made.audit_entry_id in covered
    state = words.state(
        at,
        delivered=bool(made) and batch.state == "delivered",
        sealed=sealed,
        paused=batch.paused,
        returned=bool(made) and batch.state != "delivered",
    )
    return Shown(batch, at, state, None if made else expected, made, sealed)


def asked_of_client(session: Session, user: User, project_ids: Sequence[int]) -> dict[int, Asked]:
    """Project id → what waits for the client in it."""
    waiting: dict[int, list[Issue]] = {}
    for one in client_questions.of(session, user):
        if client_questions.waiting(one):
            waiting.setdefault(one.project_id, []).append(one)
    return {
        i: Asked(
            len(waiting.get(i, [])),
            sum(map(client_questions.overdue, waiting.get(i, []))),
            _unread(session, i),
        )
        for i in project_ids
    }


def _unread(session: Session, project_id: int) -> int | None:
    current = guidelines.current(session, project_id)
    if current is None or guideline_words.newest_words(session, [current.id]):
        return None
    return current.version


def reviewed(session: Session, batch: Batch) -> Reviewed:
    """What the random sample says of a batch."""
    return reads.reviewed(session, batch)


def count(session: Session, project: Project) -> int:
    """How many batches a project has."""
    of_it = select(func.count()).select_from(Batch).where(Batch.project_id == project.id)
    return session.scalar(of_it) or 0
