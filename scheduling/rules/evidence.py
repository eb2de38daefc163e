"""What rules look at: stored evidence about answers, and what was handed in, of some labellers."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from ops import ontologies
from ops.local_time import day_in
from ops.models import Project, User
from quality import timing
from quality.measures.arrays import Bools, Floats, Ints
from quality.models import LabellerPace

_T = TypeVar("_T")

# The newest so many rows of a labeller: more would be read again and again and tell little more.
MOST = 4000
# A pace from fewer answers is hardly one.
FEWEST_ANSWERS = 10
KINDS = ("gold", "review", "consensus")  # the best first


class Window(NamedTuple):
    """Answers handed in after `since` and up to `upto` (seconds since 1970).

    What was handed in before `ripe`, when the rule was made, is evidence like any other, but a rule
    does not fire for what was made good by then.
    """

    since: float
    upto: float
    ripe: float = 0.0

    def ripe_from(self, at: Floats) -> int:
        """The first index at which a rule may fire: the last answer before it was made."""
        return max(int((at <= self.ripe).sum()) - 1, 0)


class Judged(NamedTuple):
    """What is known of one labeller's answers: parallel arrays in the order in which it was first
    known. `kind` indexes KINDS; `at` is when the answer was handed in."""

    answer: Ints
    at: Floats
    kind: Ints
    correct: Floats
    certainty: Floats
    classes: Ints

    def best(self, kinds: Sequence[str], window: Window) -> "Judged":
        """Each answer of the window once, by the best that is known of it among `kinds`.

        It keeps the place of what was known of it first: what is learnt later changes what an
        observation says, not the order in which they were made.
        """
        wanted = np.isin(self.kind, [KINDS.index(kind) for kind in kinds])
        wanted &= (self.at > window.since) & (self.at <= window.upto) & (self.classes > 1)
        rows = np.flatnonzero(wanted)
        place: dict[int, int] = {}
        chosen: list[int] = []
        for row in rows:
            answer = int(self.answer[row])
            if answer not in place:
                place[answer] = len(chosen)
                chosen.append(int(row))
            elif self.kind[row] < self.kind[chosen[place[answer]]]:
                chosen[place[answer]] = int(row)
        return self.take(chosen)

    def take(self, rows: Any) -> "Judged":
        """Some of the observations: by index, slice or truth value."""
        return Judged(
            self.answer[rows],
            self.at[rows],
            self.kind[rows],
            self.correct[rows],
            self.certainty[rows],
            self.classes[rows],
        )


class Handed(NamedTuple):
    """What one labeller handed in, in that order: `seconds` of work (nan: unknown), whether it was
    `skipped`, and whether `alone`: nobody else skipped it."""

    at: Floats
    seconds: Floats
    skipped: Bools
    alone: Bools

    def within(self, window: Window) -> "Handed":
        """The part of it that lies in the window."""
        kept = (self.at > window.since) & (self.at <= window.upto)
        return Handed(self.at[kept], self.seconds[kept], self.skipped[kept], self.alone[kept])


class Seen(NamedTuple):
    """All that the rules of a project look at of one labeller.

    `floor`: seconds below which an answer is faster than plausible (nan: not known). `active_hours`
    of their own `day`, over all projects. `classes` of the project.
    """

    judged: Judged
    handed: Handed
    floor: float
    day: str
    active_hours: float
    classes: int


# A review tells of a labeller only if chance chose it: what looks wrong is reviewed because it
# looks wrong, and a good labeller's hard answers would count against them.
_JUDGED = text(
    """
    SELECT who.id AS labeller_id, found.assignment_id,
           extract(epoch FROM assignment.ended_at)::float8 AS at,
           array_position(CAST(:kinds AS text[]), found.kind) - 1 AS kind,
           found.correct, found.certainty, found.classes
    FROM unnest(CAST(:labellers AS bigint[])) AS who(id)
    CROSS JOIN LATERAL (
        SELECT id, assignment_id, kind, correct, certainty, classes FROM evidence
        WHERE labeller_id = who.id AND skill_id = :skill AND project_id = :project
        ORDER BY at DESC, id DESC LIMIT :most) found
    JOIN assignment ON assignment.id = found.assignment_id
    WHERE found.kind <> 'review' OR EXISTS (
        SELECT FROM task
        WHERE task.id = assignment.task_id AND (
            EXISTS (SELECT FROM review_sample drawn WHERE drawn.asset_id = task.asset_id)
            OR EXISTS (
                SELECT FROM task review JOIN review_draw drawn ON drawn.task_id = review.id
                WHERE review.asset_id = task.asset_id AND review.stage = 'review'
                  AND drawn.reason IN ('standing', 'restricted', 'nesting'))))
    ORDER BY who.id, found.id
    """
)

_HANDED = text(
    """
    SELECT who.id AS labeller_id, extract(epoch FROM found.ended_at)::float8 AS at,
           coalesce(nullif(found.active_ms, 0), found.wall_ms)::float8 / 1000 AS seconds,
           found.state = 'skipped' AS skipped,
           found.state = 'skipped' AND NOT EXISTS (
               SELECT FROM assignment other
               WHERE other.task_id = found.task_id AND other.labeller_id <> who.id
                 AND other.state = 'skipped') AS alone
    FROM unnest(CAST(:labellers AS bigint[])) AS who(id)
    CROSS JOIN LATERAL (
        SELECT a.ended_at, a.active_ms, a.wall_ms, a.state, a.task_id
        FROM assignment a JOIN task t ON t.id = a.task_id
        WHERE a.labeller_id = who.id AND a.project_id = :project AND t.stage = 'label'
          AND a.state IN ('submitted', 'skipped')
        ORDER BY a.id DESC LIMIT :most) found
    ORDER BY who.id, found.ended_at
    """
)

_TALLY = text(
    """
    SELECT tally.labeller_id, sum(tally.active_ms)::float8 / 3600000 AS hours
    FROM unnest(CAST(:labellers AS bigint[]), CAST(:days AS date[])) AS own(labeller_id, day)
    JOIN desk_tally tally ON tally.labeller_id = own.labeller_id AND tally.day = own.day
    GROUP BY 1
    """
)


def see(
    session: Session, project: Project, labellers: Sequence[int], at: datetime
) -> dict[int, Seen]:
    """What there is to look at of each labeller, in a few queries whatever their number."""
    values = {"labellers": list(labellers), "project": project.id, "most": MOST}
    kinds = {"kinds": list(KINDS), "skill": project.skill_id}
    judged = _columns(session.execute(_JUDGED, values | kinds).all(), labellers, _judged)
    handed = _columns(session.execute(_HANDED, values).all(), labellers, _handed)
    days = _days(session, labellers, at)
    tally = {"labellers": list(days), "days": list(days.values())}
    hours = {row.labeller_id: row.hours for row in session.execute(_TALLY, tally)}
    ontology, floor = ontologies.current(session, project.id), fastest(session, project.id)
    classes = max(len(ontology.classes) if ontology else 0, 2)
    return {
        who: Seen(judged[who], handed[who], floor, str(days[who]), hours.get(who, 0.0), classes)
        for who in labellers
    }


def _days(session: Session, labellers: Sequence[int], at: datetime) -> dict[int, date]:
    """The day it is where each labeller lives."""
    zones = select(User.id, User.timezone).where(User.id.in_(labellers))
    return {who: day_in(zone, at) for who, zone in session.execute(zones)}


def fastest(session: Session, project_id: int) -> float:
    """Seconds below which an answer in this project is faster than plausible; nan: not known."""
    found = session.execute(
        select(LabellerPace.median_seconds, LabellerPace.mad_log).where(
            LabellerPace.project_id == project_id,
            LabellerPace.answers >= FEWEST_ANSWERS,
            # Times that do not describe single answers give no pace.
            LabellerPace.pace.is_not(None),
            LabellerPace.median_seconds > 0,
            LabellerPace.mad_log.is_not(None),
        )
    ).all()
    return timing.fastest_plausible(
        [row[0] or 0.0 for row in found], [row[1] or 0.0 for row in found]
    )


def _columns(
    rows: Sequence[Row[Any]], labellers: Sequence[int], make: Callable[[Sequence[Row[Any]]], _T]
) -> dict[int, _T]:
    mine: dict[int, list[Row[Any]]] = {who: [] for who in labellers}
    for row in rows:
        mine[row.labeller_id].append(row)
    return {who: make(found) for who, found in mine.items()}


def _judged(rows: Sequence[Row[Any]]) -> Judged:
    return Judged(
        np.array([r.assignment_id for r in rows], np.int64),
        np.array([r.at for r in rows], float),
        np.array([r.kind for r in rows], np.int64),
        np.array([r.correct for r in rows], float),
        np.array([r.certainty for r in rows], float),
        np.array([r.classes for r in rows], np.int64),
    )


def _handed(rows: Sequence[Row[Any]]) -> Handed:
    return Handed(
        np.array([r.at for r in rows], float),
        np.array([np.nan if r.seconds is None else r.seconds for r in rows], float),
        np.array([r.skipped for r in rows], bool),
        np.array([r.alone for r in rows], bool),
    )
