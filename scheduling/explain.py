"""Why a labeller gets, or does not get, a task: every condition, who holds it, where it stands.

For leads. The conditions are the claim's own; nothing here decides anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ops.models import Asset, User
from quality.gold_choice import NEVER_MET
from scheduling import eligibility, line, sql
from scheduling.eligibility import Held

# They pass by themselves as work is handed in.
PASSING = ("has_room", "hands_free")

_TASKS = """
    SELECT t.id, t.stage, t.round, t.wanted, t.n_done, t.n_leased, t.npri, t.returned, t.lane_id,
           l.kind, l.project_id, b.name AS batch, p.until_next, p.gold_id AS settled,
           g.id AS gold, g.state AS gold_state, g.for_assessment,
           EXISTS (SELECT FROM course_step s WHERE s.gold_id = g.id) AS taught
    FROM task t JOIN lane l ON l.id = t.lane_id JOIN batch b ON b.id = l.batch_id
    LEFT JOIN gold g ON g.task_id = t.id
    LEFT JOIN gold_pace p ON p.labeller_id = %(me)s AND p.project_id = l.project_id
    WHERE t.asset_id = %(asset)s ORDER BY t.round, t.id"""

_HOLDERS = """
    SELECT a.task_id, a.labeller_id, u.name, a.state, a.surplus, a.leased_at AS since,
           a.expires_at AS until, a.ended_at, a.shown_at IS NOT NULL AS opened
    FROM assignment a JOIN user_account u ON u.id = a.labeller_id
    WHERE a.task_id = ANY(%(tasks)s::bigint[])
      AND (a.state IN ('reserved', 'leased') AND a.expires_at > %(now)s
           OR a.labeller_id = %(me)s)
    ORDER BY a.id"""


_NEW_GOLD = text(f"SELECT FROM gold WHERE gold.id = :gold AND {NEVER_MET}")


@dataclass(frozen=True)
class TaskWhy:
    """One task of an asset as far as one labeller is concerned.

    `verdict` is the answer in a sentence; `holders` are live leases and reservations of anybody;
    `place` says where it stands in the labeller's line, where every condition holds.
    """

    task: Row[Any]
    verdict: str
    conditions: tuple[Held, ...] = ()
    holders: tuple[Row[Any], ...] = ()
    place: line.Place | None = None

    @property
    def failing(self) -> list[Held]:
        """The conditions that do not hold."""
        return [one for one in self.conditions if not one.holds]


@dataclass
class _Asked:
    """What every answer about one asset needs."""

    session: Session
    labeller: User
    at: datetime
    holders: dict[int, list[Row[Any]]] = field(default_factory=dict)


def of_asset(session: Session, labeller: User, asset: Asset, at: datetime) -> list[TaskWhy]:
    """Why `labeller` gets, or does not get, each task of `asset`; gold first, then by round."""
    tasks = sql.rows(session, _TASKS, me=labeller.id, asset=asset.id)
    asked = _Asked(session, labeller, at)
    ids = [task.id for task in tasks]
    for row in sql.rows(session, _HOLDERS, tasks=ids, me=labeller.id, now=at):
        asked.holders.setdefault(row.task_id, []).append(row)
    golden = any(task.gold_state == "active" for task in tasks)
    return [_gold(asked, t) if t.round == 0 else _work(asked, t, golden) for t in tasks]


def _gold(asked: _Asked, task: Row[Any]) -> TaskWhy:
    own = [row for row in asked.holders.get(task.id, []) if row.labeller_id == asked.labeller.id]
    name = asked.labeller.name
    if own and own[-1].state == "leased" and own[-1].until > asked.at:
        words = f"Gold, on the desk of {name} until {_moment(own[-1].until)}."
    elif own:
        words = f"Gold, which {name} was given at {_moment(own[-1].since)}. Nobody gets it twice."
    elif task.gold_state != "active":
        words = "Gold that was retired: it goes to nobody."
    elif task.for_assessment:
        words = "Gold kept for assessments: it is not slipped into work."
    elif task.taught:
        words = "Gold that a course shows: it is not slipped into work."
    elif not _never_met(asked, task):
        words = f"Gold, but {name} has met this asset otherwise, so it is never theirs as gold."
    else:
        known = "This is what comes." if task.settled == task.gold else "It may be this or another."
        coming = f" {known}" if task.until_next is not None else ""
        words = f"Gold, which {name} has not met. {pace(name, task.until_next)}{coming}"
    return TaskWhy(task, words, holders=_live(asked, task))


def _never_met(asked: _Asked, task: Row[Any]) -> bool:
    values = {"gold": task.gold, "labeller": asked.labeller.id, "project": task.project_id}
    return asked.session.execute(_NEW_GOLD, values).first() is not None


def pace(name: str, until_next: int | None) -> str:
    """When gold comes to a labeller next, for a lead to read."""
    if until_next is None:
        return f"When gold comes to {name} is drawn at their first claim here."
    nth = _nth(until_next + 1)
    return f"{name} gets gold at their {nth} claim of label work from now."


def _nth(n: int) -> str:
    return "next" if n == 1 else f"{n}th" if n > 3 else ("2nd", "3rd")[n - 2]


def _work(asked: _Asked, task: Row[Any], golden: bool) -> TaskWhy:
    conditions = tuple(eligibility.why(asked.session, asked.labeller.id, task.id, asked.at))
    failing = [one for one in conditions if not one.holds]
    own = [row for row in asked.holders.get(task.id, []) if row.labeller_id == asked.labeller.id]
    place = None
    if own and (said := _own(asked.labeller.name, own[-1], asked.at)):
        verdict = said
    elif golden and any(one.name == "has_room" for one in failing):
        verdict = "The asset is gold now: no more ordinary work goes out for it."
    elif failing:
        verdict = _refused(asked.labeller.name, failing)
    else:
        place = line.place(asked.session, asked.labeller, task, asked.at)
        verdict = f"{asked.labeller.name} gets it: {place.words()}"
    return TaskWhy(task, verdict, conditions, _live(asked, task), place)


def _live(asked: _Asked, task: Row[Any]) -> tuple[Row[Any], ...]:
    rows = asked.holders.get(task.id, [])
    return tuple(r for r in rows if r.state in ("reserved", "leased") and r.until > asked.at)


def _own(name: str, last: Row[Any], at: datetime) -> str:
    """What they did with it, where that is the answer; empty where they only lost it."""
    if last.state == "submitted":
        how = " as surplus" if last.surplus else ""
        return f"{name} answered it{how}, {_moment(last.ended_at)}."
    if last.state == "skipped":
        return f"{name} skipped it, {_moment(last.ended_at)}."
    if last.until <= at:
        return ""
    until = _moment(last.until)
    if last.state == "reserved":
        return f"It is reserved for {name} until {until}, and comes out first when they ask."
    if last.state == "leased":
        return f"It is on the desk of {name} until {until}."
    return ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _refused(name: str, failing: Sequence[Held]) -> str:
    names = {one.name for one in failing}
    if names <= set(PASSING):
        return f"{name} may have it, but not now: {_lower(failing[0].words)}"
    first = next(one for one in failing if one.name not in PASSING)
    more = len(failing) - 1
    beside = f" {more} more {'does' if more == 1 else 'do'} not hold." if more else ""
    return f"{name} does not get it: {_lower(first.words)}{beside}"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
