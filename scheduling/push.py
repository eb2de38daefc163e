"""Push beside pull: a lead keeps work for somebody by name, takes it back, gives it to another.

All of it under the predicate of the claim. The desks of everybody concerned are locked first, by
id, so that nobody claims, answers or gives back while the predicate is asked about them; then the
tasks by id. One audit entry says what an act did, whatever the number of tasks.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, notices, projects, reserving
from ops.errors import InvalidInput
from ops.models import Project, ProjectMember, User
from scheduling import claim_sql, leases, selection, sifting, sql
from scheduling.outcome import Outcome, Refused
from scheduling.selection import Next, Ticked

LONGEST_HOURS = 720

_LOCK_DESKS = """
    INSERT INTO desk AS d (labeller_id, claims)
    SELECT one.id, 0 FROM unnest(%(labellers)s::bigint[]) AS one(id) ORDER BY one.id
    ON CONFLICT (labeller_id) DO UPDATE SET claims = d.claims"""

_LIVE = """
    SELECT a.id, a.task_id, a.labeller_id, a.state, a.counts, u.pseudonym
    FROM assignment a JOIN user_account u ON u.id = a.labeller_id
    WHERE a.id = ANY(%(ids)s::bigint[]) AND a.project_id = %(project)s
      AND a.state IN ('reserved', 'leased') ORDER BY a.id"""

_HELD_BY = """
    SELECT a.id FROM assignment a
    WHERE a.labeller_id = %(labeller)s AND a.project_id = %(project)s
      AND a.state = ANY(%(states)s::text[]) AND a.expires_at > %(now)s
    ORDER BY a.id LIMIT %(most)s"""

ENDED = Refused("ended", 0, "This was handed in, given back or ended in the meantime.")
ONCE = Refused("once", 0, "One labeller answers a task once, and these are held by several.")
TAKEN = Refused("has_room", 0, "All the answers this task wants are given or being given.")


def reserve(
    session: Session,
    project: Project,
    labeller: User,
    chosen: Ticked | Next,
    *,
    by: User,
    hours: float | None = None,
    tell: bool = False,
) -> Outcome:
    """Keep tasks for `labeller` for `hours` (the project's setting when None); they come out first.

    With `tell` the labeller gets a notice: the work is assigned. What the predicate refuses is left
    and counted. Raises InvalidInput naming `labeller`, `hours`, `assets` or `n`.
    """
    at, until = _from_until(project, hours)
    _refuse_stranger(session, project, labeller)
    _lock_desks(session, [labeller.id])
    tasks, refused = sifting.choose(session, project, labeller, chosen, at)
    kept = reserving.reserve(session, tasks, labeller.id, until, at)
    late = sifting.of(TAKEN, len(tasks) - len(kept))
    outcome = Outcome(
        "assigned" if tell else "reserved",
        tuple(kept),
        sifting.merged([*refused, late]),
        labeller.name,
        until,
    )
    if kept:
        entry = _record(session, project, by, outcome, labeller=str(labeller.pseudonym))
        if tell:
            _tell(session, project, labeller, outcome, entry)
    return outcome


def recall(session: Session, project: Project, assignments: Sequence[int], *, by: User) -> Outcome:
    """End live leases and reservations; what is still handed in of them is surplus.

    Raises InvalidInput naming `assignments` when none is given or too many.
    """
    at = clock_time.now()
    held = _live(session, project, assignments)
    ended = leases.recall(session, [one.id for one in held], at)
    late = len(set(assignments)) - len(ended)
    outcome = Outcome("recalled", tuple(ended), sifting.merged([sifting.of(ENDED, late)]))
    if ended:
        _record(session, project, by, outcome, of=_of_whom(held, ended))
    return outcome


def reassign(
    session: Session,
    project: Project,
    assignments: Sequence[int],
    to: User,
    *,
    by: User,
    hours: float | None = None,
    tell: bool = False,
) -> Outcome:
    """Take work back from whoever holds it and keep it for `to`, in one transaction.

    What `to` may not have stays where it is. Gold among it ends and goes to nobody: it is handed
    out by itself, and would show if it were left. Raises InvalidInput naming the field.
    """
    at, until = _from_until(project, hours)
    _refuse_stranger(session, project, to, "to")
    held = _live(session, project, assignments, to)
    work, gold = _apart(held)
    # The place becomes free when it is taken from its holder.
    sifted = sifting.ask(session, to.id, list(work), at, {"has_room"})
    moving = [work[task] for task in sifted.allowed]
    gold = gold if moving or not work else []
    ended = leases.recall(session, [*moving, *gold], at)
    free = [task for task in sifted.allowed if work[task] in set(ended)]
    kept = reserving.reserve(session, free, to.id, until, at)
    left = [
        *sifting.refused(sifted),
        sifting.of(ONCE, len(held) - len(work) - sum(not one.counts for one in held)),
        sifting.of(ENDED, len(set(assignments)) - len(held)),
    ]
    outcome = Outcome(
        "reassigned",
        tuple(kept),
        sifting.merged(left),
        to.name,
        until,
        _about_gold(len(gold)),
    )
    if ended:
        of = _of_whom(held, ended)
        entry = _record(session, project, by, outcome, labeller=str(to.pseudonym), of=of)
        if tell and kept:
            _tell(session, project, to, outcome, entry)
    return outcome


def held_by(
    session: Session, project: Project, labeller: User, states: Sequence[str] = ("reserved",)
) -> list[int]:
    """Everything a labeller holds here in one of `states`, for recall or reassign as a whole."""
    at, most = clock_time.now(), selection.MOST
    found = sql.rows(
        session, _HELD_BY, labeller=labeller.id, project=project.id, states=list(states), now=at,
        most=most,
    )  # fmt: skip
    return [row.id for row in found]


def _from_until(project: Project, hours: float | None) -> tuple[datetime, datetime]:
    at = clock_time.now()
    asked = projects.settings_of(project).reserve_hours if hours is None else hours
    if not (math.isfinite(asked) and 0 < asked <= LONGEST_HOURS):
        raise InvalidInput(f"give more than 0 and at most {LONGEST_HOURS} hours", field="hours")
    return at, at + timedelta(hours=asked)


def _refuse_stranger(
    session: Session, project: Project, labeller: User, field: str = "labeller"
) -> None:
    if session.get(ProjectMember, (project.id, labeller.id)) is None:
        raise InvalidInput("choose a member of this project", field=field)


def _lock_desks(session: Session, labellers: Iterable[int]) -> None:
    # Planned as a claim is: the predicate looks into indexes, one task after the other.
    sql.row(session, f"SELECT {claim_sql.PLANNER}")
    sql.run(session, _LOCK_DESKS, labellers=sorted(set(labellers)))


def _live(
    session: Session, project: Project, assignments: Sequence[int], *others: User
) -> Sequence[Row[Any]]:
    """The live ones among `assignments`, with the desks of all concerned locked."""
    wanted = sorted(set(assignments))
    if not wanted:
        raise InvalidInput("choose at least one", field="assignments")
    if len(wanted) > selection.MOST:
        raise InvalidInput(f"choose at most {selection.MOST:,} at once", field="assignments")
    values = {"ids": wanted, "project": project.id}
    held = sql.rows(session, _LIVE, **values)
    _lock_desks(session, [*(one.labeller_id for one in held), *(other.id for other in others)])
    return sql.rows(session, _LIVE, **values)


def _apart(held: Sequence[Row[Any]]) -> tuple[dict[int, int], list[int]]:
    """Work as {task: one assignment of it}, and the assignments of gold."""
    work = {one.task_id: one.id for one in held if one.counts}
    return work, [one.id for one in held if not one.counts]


def _about_gold(n: int) -> str:
    if not n:
        return ""
    return f"{n} gold {'was' if n == 1 else 'were'} ended with the rest and reserved for nobody."


def _of_whom(held: Sequence[Row[Any]], ended: Sequence[int]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in held:
        if one.id in set(ended):
            counts[str(one.pseudonym)] = counts.get(str(one.pseudonym), 0) + 1
    return counts


def _record(session: Session, project: Project, by: User, outcome: Outcome, **data: Any) -> int:
    return audit_log.of_project(
        session,
        project,
        by,
        f"work.{outcome.act}",
        tasks=outcome.n,
        refused={one.name: one.n for one in outcome.refused},
        until=outcome.until.isoformat() if outcome.until else None,
        **data,
    )


def _tell(session: Session, project: Project, labeller: User, outcome: Outcome, entry: int) -> None:
    work = "1 task" if outcome.n == 1 else f"{outcome.n:,} tasks"
    until = f"{outcome.until:%Y-%m-%d %H:%M} UTC"
    text = f"Assigned to you until {until}: {work} in {project.name}, the first that you get next."
    notices.tell(session, labeller, key=f"assigned:{entry}", text=text, url="/desk")
