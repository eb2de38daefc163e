"""Hard assets go to experts, with a deadline: what they do not get to in time is everybody's again.

Hard is what a model was unsure of, what took people long or set them apart, and what earlier
answers left in doubt. Nothing is sent where nobody could take it, and nothing twice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, lanes, notices, projects, workforce
from ops.db import transaction
from ops.models import Batch, Project
from ops.project_settings import ProjectSettings
from scheduling import hard_sql, sql

CHUNK = 2000
# What is dated within a transaction is seen when it is committed: look back this far.
OVERLAP = timedelta(seconds=60)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class _Looked:
    """How far a process has looked through a project's tasks under these terms."""

    terms: tuple[Any, ...]
    # Lane → its generation then, and the last task looked at.
    lanes: dict[int, tuple[int, int]] = field(default_factory=dict)
    flagged: datetime = LONG_AGO
    held: set[int] = field(default_factory=set)
    told: bool = False


_looked: dict[tuple[str, int], _Looked] = {}


class Hard(NamedTuple):
    """Assets of a batch with experts, since when the first, and given back after the deadline."""

    waiting: int = 0
    oldest: datetime | None = None
    given_back: int = 0


def of_batches(session: Session, batch_ids: Sequence[int]) -> dict[int, Hard]:
    """Batch id → its hard assets, for batches that have or had some."""
    found = sql.rows(session, hard_sql.COUNTS, batches=list(batch_ids))
    return {row.batch_id: Hard(row.waiting, row.oldest, row.given_back) for row in found}


def route(sessions: sessionmaker[Session]) -> int:
    """Move open label tasks on hard assets to their batches' lanes for experts; returns how many.

    Looks only at what is new or changed since the last time. Where no member holds the level the
    leads are told, and everything stays where it is.
    """
    with transaction(sessions) as session:
        found = [row.id for row in sql.rows(session, hard_sql.PROJECTS)]
        waiting = [row.project_id for row in sql.rows(session, hard_sql.PROJECTS_THAT_WAIT)]
    adopted = sum(_adopt(sessions, project_id) for project_id in waiting)
    return adopted + sum(_route(sessions, project_id) for project_id in found)


def _adopt(sessions: sessionmaker[Session], project_id: int) -> int:
    """Note the deadline of what was put before experts when it came in."""
    with transaction(sessions) as session:
        settings = projects.settings_of(session.get_one(Project, project_id))
        now = clock_time.now()
        due = now + timedelta(hours=settings.hard.deadline_hours)
        terms = {"project": project_id, "now": now, "due": due, **_terms(settings)}
        return sql.run(session, hard_sql.ADOPT, **terms)


def _terms(settings: ProjectSettings) -> dict[str, float]:
    """From where on an asset is hard."""
    many = settings.many_answers
    return {
        "below": settings.hard.below_confidence,
        "doubt": settings.adjudicate_below,
        "many": 2**15 if many is None else many,
    }


def _route(sessions: sessionmaker[Session], project_id: int) -> int:
    with transaction(sessions) as session:
        project = session.get_one(Project, project_id)
        settings = projects.settings_of(project)
        people = sorted(workforce.experts(session, project))
        looked = _so_far(session, project_id, settings)
        name = project.name
    if not people:
        return _nobody(sessions, project_id, name, settings, looked)
    looked.told = False
    started, total = clock_time.now(), 0
    for ids in _chunks(sessions, project_id, looked):
        with transaction(sessions) as session:
            total += _send(session, project_id, settings, people, ids, looked)
    looked.flagged = started - OVERLAP
    return total


def _so_far(session: Session, project_id: int, settings: ProjectSettings) -> _Looked:
    """What is remembered; other terms than last time make everything new."""
    where = (str(session.get_bind().engine.url), project_id)
    terms = (settings.hard.level, *_terms(settings).values())
    if where not in _looked or _looked[where].terms != terms:
        _looked[where] = _Looked(terms)
    return _looked[where]


def _chunks(
    sessions: sessionmaker[Session], project_id: int, looked: _Looked
) -> Iterator[list[int]]:
    """Ids of tasks worth a look; what is asked for next has been looked at."""
    held, looked.held = sorted(looked.held), set()
    for start in range(0, len(held), CHUNK):
        yield held[start : start + CHUNK]
    asked = {"project": project_id, "since": looked.flagged}
    yield from _pages(sessions, hard_sql.FLAGGED, **asked)
    yield from _pages(sessions, hard_sql.RETURNED, **asked)
    with transaction(sessions) as session:
        found = sql.rows(session, hard_sql.LANES, project=project_id)
    for lane in found:
        generation, last = looked.lanes.get(lane.id, (-1, 0))
        if generation != lane.generation:
            for ids in _pages(sessions, hard_sql.NEW, lane=lane.id, after=last, **asked):
                yield ids
                last = ids[-1]
            looked.lanes[lane.id] = (lane.generation, last)


def _pages(sessions: sessionmaker[Session], statement: str, **values: Any) -> Iterator[list[int]]:
    """The ids that a statement finds, so many at a time."""
    with transaction(sessions) as session:
        found = sql.row(session, statement, **values)
    ids = (found.ids if found else None) or []
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _hard(
    session: Session,
    project_id: int,
    settings: ProjectSettings,
    people: Sequence[int],
    ids: Sequence[int],
) -> Sequence[Row[Any]]:
    """Those of the tasks that are hard: id, batch_id, reason."""
    asked = {"project": project_id, "ids": list(ids), "experts": list(people), **_terms(settings)}
    return sql.rows(session, hard_sql.HARD, **asked)


def _send(
    session: Session,
    project_id: int,
    settings: ProjectSettings,
    people: Sequence[int],
    ids: Sequence[int],
    looked: _Looked,
) -> int:
    found = _hard(session, project_id, settings, people, ids)
    if not found:
        return 0
    lane_of = _lanes(session, {row.batch_id for row in found}, "hard")
    now = clock_time.now()
    moved = sql.rows(
        session,
        hard_sql.TO_EXPERTS,
        ids=[row.id for row in found],
        lanes=[lane_of[row.batch_id] for row in found],
        reasons=[row.reason for row in found],
        now=now,
        due=now + timedelta(hours=settings.hard.deadline_hours),
    )
    looked.held |= {row.id for row in found} - {row.id for row in moved}
    return len(moved)


def _lanes(session: Session, batch_ids: set[int], kind: str) -> dict[int, int]:
    return {
        batch_id: lanes.lane_for(session, session.get_one(Batch, batch_id), "label", kind).id
        for batch_id in sorted(batch_ids)
    }


def _nobody(
    sessions: sessionmaker[Session],
    project_id: int,
    name: str,
    settings: ProjectSettings,
    looked: _Looked,
) -> int:
    """Tell the leads of the first hard asset found, once a day; the search stays where it is."""
    if looked.told:
        return 0
    aside = _Looked(looked.terms, dict(looked.lanes), looked.flagged)
    for ids in _chunks(sessions, project_id, aside):
        with transaction(sessions) as session:
            if _hard(session, project_id, settings, (), ids):
                _tell_of_nobody(session, project_id, name, settings)
                looked.told = True
                break
    return 0


def _tell_of_nobody(
    session: Session, project_id: int, name: str, settings: ProjectSettings
) -> None:
    notices.tell_leads(
        session,
        project_id,
        key=f"hard.nobody:{project_id}:{settings.hard.level}:{clock_time.now():%Y-%m-%d}",
        text=(
            f"{name} has hard assets, but no member holds its skill at level "
            f"{settings.hard.level}. They stay with everybody: certify a member or lower the level."
        ),
        url=f"/projects/{project_id}/people",
    )


def escalate(sessions: sessionmaker[Session]) -> int:
    """Give back what experts did not finish by its deadline, or can no longer; returns how many.

    It is the next work of everybody who may do it, and the leads are told once a batch and day.
    """
    with transaction(sessions) as session:
        found = [row.project_id for row in sql.rows(session, hard_sql.PROJECTS_THAT_WAIT)]
    return sum(_escalate(sessions, project_id) for project_id in found)


def _escalate(sessions: sessionmaker[Session], project_id: int) -> int:
    with transaction(sessions) as session:
        project = session.get_one(Project, project_id)
        settings = projects.settings_of(project)
        people = workforce.experts(session, project)
        asked = {"project": project_id, "experts": sorted(people), "now": clock_time.now()}
        due = sql.rows(session, hard_sql.WAITING, **asked)
        _tell_of_overdue(session, project, Counter(row.batch_id for row in due if row.overdue))
        if settings.hard.level and due and not people:
            _tell_of_nobody(session, project_id, project.name, settings)
    back = 0
    for start in range(0, len(due), CHUNK):
        with transaction(sessions) as session:
            back += _give_back(session, due[start : start + CHUNK])
    return back


def _give_back(session: Session, due: Sequence[Row[Any]]) -> int:
    lane_of = _lanes(session, {row.batch_id for row in due}, "ordinary")
    moved = sql.rows(
        session,
        hard_sql.BACK,
        ids=[row.id for row in due],
        lanes=[lane_of[row.batch_id] for row in due],
        now=clock_time.now(),
    )
    return len(moved)


def _tell_of_overdue(session: Session, project: Project, overdue: Counter[int]) -> None:
    for batch_id, n in sorted(overdue.items()):
        batch = session.get_one(Batch, batch_id)
        what = "1 hard asset" if n == 1 else f"{n:,} hard assets"
        notices.tell_leads(
            session,
            project.id,
            key=f"hard.overdue:{batch_id}:{clock_time.now():%Y-%m-%d}",
            text=(
                f"{project.name}, {batch.name}: {what} waited for experts past the deadline and "
                "are now the next work of everybody. More experts, or a longer deadline, keep "
                "them where they belong."
            ),
            url=f"/projects/{project.id}/batches",
        )
