"""Service levels: what was agreed of each delivery, whether it was kept, and how it went by month.

Of deliveries and what their client said of them; nothing of who worked on them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.definitions import Share
from ops import clock_time
from ops.models import Acceptance, Batch, Delivery, Project
from ops.project_settings import ServiceTerms
from ops.projects import settings_of
from quality.acceptance import audit
from quality.measures import audits

State = Literal["met", "missed", "open"]
NAMES = {
    "accuracy": "Accuracy",
    "turnaround": "Turnaround",
    "answer": "Mending after a rejection",
}
DAY = 86_400.0


@dataclass(frozen=True)
class Level:
    """One level of one delivery: what was `agreed`, the `value`, on how many items (`n`) it rests,
    and whether it was kept. `unit` is "share" or "days"; `at` is when it was settled."""

    kind: str
    agreed: float
    value: float | None
    n: int
    state: State
    unit: str
    at: datetime | None
    low: float | None = None
    high: float | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return NAMES[self.kind]


@dataclass(frozen=True)
class Row:
    """The levels of one delivery, or of a batch that waits for its next (`made` is None)."""

    batch: Batch
    made: Delivery | None
    levels: list[Level]


def of_project(session: Session, project: Project) -> dict[str, Any]:
    """{"agreed": whether anything is, "rows": newest first, "sums": {kind: Share}, "months":
    [{"month", kind: Share}], "days": Days of the first deliveries}."""
    terms = settings_of(project).service
    agreed = any(value is not None for value in terms.model_dump().values())
    rows = _rows(session, project, terms) if agreed else []
    every = [level for row in rows for level in row.levels]
    first = [
        level.value for row in rows if row.made for level in row.levels
        if level.kind == "turnaround" and level.value is not None
    ]  # fmt: skip
    return {
        "agreed": agreed,
        "terms": terms,
        "rows": rows,
        "sums": {kind: _share(every, kind) for kind in NAMES},
        "months": _months(every),
        "days": definitions.turnaround(first),
    }


def of_delivery(session: Session, made: Delivery) -> list[Level]:
    """The levels of one delivery."""
    terms = settings_of(made.batch.project).service
    rows = _rows(session, made.batch.project, terms, [made.batch_id])
    return next((row.levels for row in rows if row.made and row.made.id == made.id), [])


def _rows(
    session: Session, project: Project, terms: ServiceTerms, batches: Sequence[int] | None = None
) -> list[Row]:
    of_it = select(Batch).where(Batch.project_id == project.id).order_by(Batch.id.desc())
    if batches is not None:
        of_it = of_it.where(Batch.id.in_(batches))
    found = session.scalars(of_it).all()
    made: dict[int, list[tuple[Delivery, Acceptance | None]]] = defaultdict(list)
    pairs = select(Delivery, Acceptance).outerjoin(Acceptance)
    for one, decided in session.execute(
        pairs.where(Delivery.batch_id.in_([b.id for b in found])).order_by(Delivery.version)
    ):
        made[one.batch_id].append((one, decided))
    now = clock_time.now()
    return [row for batch in found for row in _of_batch(session, batch, made[batch.id], terms, now)]


def _of_batch(
    session: Session,
    batch: Batch,
    made: Sequence[tuple[Delivery, Acceptance | None]],
    terms: ServiceTerms,
    now: datetime,
) -> list[Row]:
    since, kind, agreed = batch.created_at, "turnaround", terms.turnaround_days
    rows = []
    for one, decided in made:
        levels = [_days(kind, agreed, since, one.delivered_at, now)]
        levels.append(_accuracy(session, one, decided, terms.accuracy))
        rows.append(Row(batch, one, [level for level in levels if level is not None]))
        if decided is None or decided.state != "rejected":
            return rows[::-1]
        assert decided.decided_at is not None
        since, kind, agreed = decided.decided_at, "answer", terms.answer_days
    waits = _days(kind, agreed, since, None, now)
    return [Row(batch, None, [waits] if waits else []), *rows[::-1]]


def _days(
    kind: str, agreed: float | None, since: datetime, until: datetime | None, now: datetime
) -> Level | None:
    """Days that it took, or has taken so far: what waits is missed once its days are over."""
    if agreed is None:
        return None
    taken = ((until or now) - since).total_seconds() / DAY
    state: State = "missed" if taken > agreed else "met" if until else "open"
    return Level(kind, agreed, taken, 1, state, "days", until or (now if taken > agreed else None))


def _accuracy(
    session: Session, made: Delivery, decided: Acceptance | None, agreed: float | None
) -> Level | None:
    """By the client's own audit: what its sample shows of the delivery."""
    if agreed is None:
        return None
    if decided is None:
        return Level("accuracy", agreed, None, 0, "open", "share", None)
    far = audit.progress(audit.items(session, decided))
    sure = decided.plan["confidence"]
    found = audits.found(far.right, far.looked, made.items, agreed, sure)
    # As long as they look, nothing is settled.
    state: State = "open"
    if decided.state != "open" and found.shows in ("met", "missed"):
        state = "met" if found.shows == "met" else "missed"
    return Level(
        "accuracy", agreed, found.value, found.n, state, "share", decided.decided_at,
        found.low, found.high,
    )  # fmt: skip


def _share(levels: Iterable[Level], kind: str) -> Share:
    states = [level.state for level in levels if level.kind == kind and level.state != "open"]
    return definitions.service_met(states.count("met"), len(states))


def _months(levels: Sequence[Level]) -> list[dict[str, Any]]:
    """By the month (UTC) in which it was settled, the newest first."""
    by_month: dict[str, list[Level]] = defaultdict(list)
    for level in levels:
        if level.at is not None and level.state != "open":
            by_month[f"{level.at:%Y-%m}"].append(level)
    return [
        {"month": month, **{kind: _share(by_month[month], kind) for kind in NAMES}}
        for month in sorted(by_month, reverse=True)
    ]
