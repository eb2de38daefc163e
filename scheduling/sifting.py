"""Asking the predicate about many tasks at once: what is allowed, and how many fail what.

Gold is never among them: it wants no answers, so it is never unfinished work.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from ops.errors import InvalidInput
from ops.models import Project, User
from scheduling import eligibility, line, selection, sql
from scheduling.conditions import LANE_CONDITIONS, LIMITS, ROOM, TASK_CONDITIONS
from scheduling.outcome import Refused
from scheduling.selection import Next, Ticked

MOST_PAGES = 100
OF_THEM = {c.name: c.of_them for c in (*LANE_CONDITIONS, *LIMITS, *TASK_CONDITIONS, ROOM)}

# Tasks that came to nothing with this labeller: a claim offers them last, a lead may at any time.
_LOST = """
    SELECT a.task_id AS task FROM assignment a
    WHERE a.labeller_id = %(me)s AND a.task_id = ANY(%(tasks)s::bigint[])
    GROUP BY a.task_id HAVING bool_and(a.state IN ('released', 'expired'))"""

NOTHING_LEFT = Refused("nothing_left", 0, "There is no unfinished work on these assets.")


@dataclass
class Sifted:
    """Tasks that the predicate allows, and those that fail by a condition they fail."""

    allowed: list[int] = field(default_factory=list)
    failing: dict[str, list[int]] = field(default_factory=dict)

    def add(self, failed: Mapping[int, Sequence[str]], but: Collection[str] = ()) -> None:
        """Take in tasks with the conditions that each fails, leaving out those named in `but`."""
        for task, every in failed.items():
            names = [name for name in every if name not in but]
            if names:
                # That it was theirs before comes last: it need not stand in the way.
                first = next((name for name in names if name != "not_mine"), names[0])
                self.failing.setdefault(first, []).append(task)
            else:
                self.allowed.append(task)


def ask(
    session: Session,
    labeller_id: int,
    tasks: Sequence[int],
    at: datetime,
    but: Collection[str] = (),
) -> Sifted:
    """Sift `tasks` in one statement; conditions named in `but` need not hold."""
    sifted = Sifted()
    sifted.add(eligibility.may_all(session, labeller_id, tasks, at), but)
    give_again(session, labeller_id, sifted)
    return sifted


def give_again(session: Session, labeller_id: int, sifted: Sifted) -> None:
    """Allow what the labeller has had only to lose it: a lead may give it to them once more."""
    had = sifted.failing.get("not_mine")
    if had:
        lost = {row.task for row in sql.rows(session, _LOST, me=labeller_id, tasks=had)}
        sifted.allowed += [task for task in had if task in lost]
        sifted.failing["not_mine"] = [task for task in had if task not in lost]


def choose(
    session: Session, project: Project, labeller: User, chosen: Ticked | Next, at: datetime
) -> tuple[list[int], list[Refused]]:
    """The tasks of a lead's choice that `labeller` may have, and why not the others.

    Raises InvalidInput naming `assets` or `n`.
    """
    if isinstance(chosen, Next):
        return _next(session, project, labeller, chosen, at)
    tasks, without = selection.tasks_of(session, project.id, chosen)
    sifted = ask(session, labeller.id, tasks, at)
    return sifted.allowed, [*refused(sifted), of(NOTHING_LEFT, without)]


def _next(
    session: Session, project: Project, labeller: User, chosen: Next, at: datetime
) -> tuple[list[int], list[Refused]]:
    if not 1 <= chosen.n <= selection.MOST:
        raise InvalidInput(f"give 1 to {selection.MOST:,}", field="n")
    sifted = Sifted()
    lanes = set(selection.lanes_of(session, project.id, chosen))
    mine = [x.lane.id for x in line.lanes_in_order(session, labeller, at, project.id)]
    pages = selection.in_order(session, [x for x in mine if x in lanes], chosen.search)
    for tasks, _ in zip(pages, range(MOST_PAGES), strict=False):
        failed = eligibility.may_all(session, labeller.id, tasks, at)
        sifted.add({task: failed[task] for task in tasks if task in failed})
        if len(sifted.allowed) >= chosen.n:
            # Passing over what they have had is what "the next n" means: no word of it.
            return _together(session, labeller, sifted.allowed[: chosen.n], at)
    allowed, shares = _together(session, labeller, sifted.allowed, at)
    shut = _shut(session, labeller, sorted(lanes.difference(mine)), at)
    return allowed, [*refused(sifted), *shares, *shut]


def _together(
    session: Session, labeller: User, tasks: list[int], at: datetime
) -> tuple[list[int], list[Refused]]:
    """What of `tasks`, each allowed alone, is allowed together: a share of a batch runs out."""
    sifted = ask(session, labeller.id, tasks, at)
    return sifted.allowed, list(refused(sifted))


def _shut(session: Session, labeller: User, lanes: list[int], at: datetime) -> Iterator[Refused]:
    """What is open in lanes that are shut to the labeller."""
    for n, example in selection.open_in(session, lanes):
        for one in refused(ask(session, labeller.id, [example], at)):
            yield of(one, n)


def refused(sifted: Sifted) -> Iterator[Refused]:
    """How many fail what, in the words of the condition."""
    for name, tasks in sifted.failing.items():
        yield Refused(name, len(tasks), OF_THEM[name])


def of(kind: Refused, n: int) -> Refused:
    """The same reason for another number of tasks."""
    return Refused(kind.name, n, kind.words)


def merged(found: Iterable[Refused]) -> tuple[Refused, ...]:
    """One entry a reason, the most frequent first; a reason that counts nothing says nothing."""
    by_name: dict[str, Refused] = {}
    for one in found:
        before = by_name.get(one.name)
        by_name[one.name] = of(one, one.n + (before.n if before else 0))
    return tuple(sorted((x for x in by_name.values() if x.n), key=lambda x: -x.n))
