"""The line counted in steps leaves what a rebuild would, and what plain counting would."""

from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from metrics import line_rollup
from metrics.definitions import LINE_BINS
from metrics.models import LineRollup, LineTask
from ops import clock_time, lanes, reopening
from ops.models import Asset, Assignment, Label, Task, WorkEvent
from tests.db.answering import answer
from tests.factories import Make

SEEN = ("arrived", "started", "finished", "looked", "passed")


class Life:
    """A floor on which at random tasks are opened, begun, answered, reopened and given up."""

    def __init__(self, make: Make, session: Session, seed: int):
        self.random, self.session = np.random.default_rng(seed), session
        self.floor = make.floor(labellers=3, assets=8, wanted=2)
        self.at = clock_time.now() - timedelta(days=40)
        session.execute(update(Task).values(created_at=self.at))
        session.commit()

    def step(self) -> None:
        deeds = (self.answer, self.answer, self.begin, self.lose, self.review, self.more,
                 self.fewer, self.reopen, self.again)  # fmt: skip
        self.at += timedelta(seconds=int(self.random.lognormal(8, 2)))
        deeds[self.random.integers(len(deeds))]()
        self.session.flush()
        self.session.expire_all()

    def _pick(self, *conditions: Any) -> Any:
        found = self.session.scalars(select(Task).where(*conditions).order_by(Task.id)).all()
        return found[self.random.integers(len(found))] if found else None

    def _free(self, task: Task) -> list[Any]:
        had = select(Assignment.labeller_id).where(
            Assignment.task_id == task.id, ~Assignment.surplus, Assignment.state != "expired"
        )
        taken = set(self.session.scalars(had))
        return [one for one in self.floor.labellers if one.id not in taken]

    def _tell(self, kind: str, task: Task, assignment: Assignment) -> None:
        about = {
            "labeller_id": assignment.labeller_id, "project_id": self.floor.project.id,
            "batch_id": self.floor.batch.id, "stage": task.stage, "task_id": task.id,
        }  # fmt: skip
        self.session.execute(
            insert(WorkEvent).values(kind=kind, at=self.at, assignment_id=assignment.id, **about)
        )

    def answer(self) -> None:
        task = self._pick(Task.open)
        people = self._free(task) if task else []
        if people:
            key = str(self.random.choice(["a", "b"]))
            took = int(self.random.lognormal(9, 1))
            says = {} if task.stage == "label" else {"verdict": ["accept", "fix"][key == "b"]}
            given = answer(self.session, task, people[0], key, active_ms=took, at=self.at, **says)
            self._tell("submitted", task, given)

    def begin(self, state: str = "leased") -> None:
        task = self._pick(Task.open)
        people = self._free(task) if task else []
        if people:
            given = Assignment(
                task_id=task.id, labeller_id=people[0].id, project_id=self.floor.project.id,
                state=state, leased_at=self.at, expires_at=self.at + timedelta(hours=1),
                shown_at=self.at if self.random.random() < 0.5 else None,
            )  # fmt: skip
            self.session.add(given)
            task.n_leased += state == "leased"
            self.session.flush()
            self._tell("leased", task, given)

    def lose(self) -> None:
        held = self.session.scalars(select(Assignment).where(Assignment.state == "leased")).first()
        if held is not None:
            held.state, held.ended_at = "expired", self.at
            task = self.session.get_one(Task, held.task_id)
            task.n_leased -= 1
            self._tell("expired", task, held)

    def review(self) -> None:
        lane = lanes.lane_for(self.session, self.floor.batch, "review")
        asset = self.floor.assets[self.random.integers(len(self.floor.assets))]
        lanes.open_tasks(self.session, lane, [asset.id], wanted=1)
        opened = select(Task.id).where(Task.stage == "review", Task.created_at > self.at)
        self.session.execute(update(Task).where(Task.id.in_(opened)).values(created_at=self.at))

    def more(self) -> None:
        task = self._pick(Task.wanted > 0, Task.n_done >= Task.wanted)
        if task:
            assert lanes.want_more(self.session, [task.id])

    def fewer(self) -> None:
        task = self._pick(Task.open)
        if task:
            task.wanted = task.n_done + task.n_leased

    def reopen(self) -> None:
        who = self.floor.labellers[self.random.integers(3)]
        since = self.at - timedelta(hours=3)
        reopening.discount(self.session, who.id, self.floor.project.id, since, self.at, cause="x")

    def again(self) -> None:
        who = self.floor.labellers[self.random.integers(3)]
        reopening.count_again(self.session, who.id, self.floor.project.id, "x", self.at)


def rows(session: Session, model: Any = LineRollup) -> list[tuple]:
    table = model.__table__
    found = session.execute(select(table).order_by(*table.primary_key.columns)).all()
    session.rollback()
    return [tuple(row) for row in found]


def pairwise_of_one(answers: list[Assignment]) -> list[tuple[Assignment, Assignment]]:
    """Each answer with the one before it of the same labeller."""
    by: dict[int, list[Assignment]] = defaultdict(list)
    for one in answers:
        by[one.labeller_id].append(one)
    return [pair for mine in by.values() for pair in pairwise(mine)]


def by_hand(session: Session) -> dict[tuple, dict]:
    """The same figures by a plain reading of the definitions."""
    counts: dict[tuple, dict] = defaultdict(Counter)
    every = session.scalars(select(Assignment).order_by(Assignment.id)).all()
    said = dict(session.execute(select(Label.assignment_id, Label.payload["class"].astext)).all())
    tasks = session.scalars(select(Task)).all()
    for task, batch_id in session.execute(select(Task, Asset.batch_id).join(Asset)).all():
        if task.round == 0 or task.wanted == task.n_done == 0:
            continue
        mine = [a for a in every if a.task_id == task.id]

        def hour(at: datetime, batch: int = batch_id, stage: str = task.stage) -> tuple:
            return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0), batch, stage

        def took(what: str, at: datetime, since: datetime, place: Any = hour) -> None:
            ms = (at - since) // timedelta(milliseconds=1)
            counts[place(at)][what, bisect_right(LINE_BINS, ms)] += 1

        begun = [a.leased_at for a in mine
                 if a.state in ("leased", "submitted", "skipped") or a.shown_at]  # fmt: skip
        counts[hour(task.created_at)]["arrived"] += 1
        if begun:
            counts[hour(min(begun))]["started"] += 1
            took("wait", min(begun), task.created_at)
        if task.n_done >= task.wanted:
            given = [a for a in mine if a.state == "submitted" and a.counts]
            last = max(a.ended_at for a in given)
            counts[hour(last)]["finished"] += 1
            took("cycle", last, min(begun))
            took("lead", last, task.created_at)
            before = [
                t for t in tasks if t.asset_id == task.asset_id and t.id < task.id and t.n_done
            ]
            if task.stage == "review" and before:
                at = hour(last, stage=max(before, key=lambda t: t.id).stage)
                counts[at]["looked"] += 1
                counts[at]["passed"] += said[given[-1].id] == "a"
        answers = [a for a in mine if a.state == "submitted" and task.stage == "label"]
        pairs = pairwise_of_one(answers)
        for before, again in pairs:
            counts[hour(max(a.ended_at for _, a in pairs))]["repeats"] += 1
            counts[hour(max(a.ended_at for _, a in pairs))]["alike"] += (
                said[before.id] == said[again.id]
            )
    session.rollback()
    return counts


def told(row: LineRollup) -> dict[Any, int]:
    """A row of the table as `by_hand` writes it."""
    names = ("arrived", "started", "finished", "looked", "passed", "repeats", "alike")
    found: dict[Any, int] = {name: getattr(row, name) for name in names}
    for kind in ("wait", "cycle", "lead"):
        bins, n = getattr(row, f"{kind}_bins"), getattr(row, f"{kind}_counts")
        assert list(bins) == sorted(set(bins)) and all(n)
        found |= {(kind, place): count for place, count in zip(bins, n, strict=True)}
    return {name: n for name, n in found.items() if n}


@pytest.mark.parametrize("seed", range(2))
def test_steps_equal_a_rebuild_and_plain_counting(
    make: Make, session: Session, sessions: sessionmaker[Session], seed: int
):
    life = Life(make, session, seed)
    assert line_rollup.roll_up(sessions) == 8
    for _ in range(12):
        for _ in range(6):
            life.step()
        session.commit()
        line_rollup.roll_up(sessions)
    assert line_rollup.roll_up(sessions) == 0
    counted, tasks = rows(session), rows(session, LineTask)
    found = {(r.hour, r.batch_id, r.stage): told(r) for r in session.scalars(select(LineRollup))}
    plain = by_hand(session)
    assert found == {at: dict(+seen) for at, seen in plain.items() if +seen}
    assert min(sum(row.get(name, 0) for row in found.values()) for name in SEEN) > 0
    assert line_rollup.rebuild(sessions) == len(tasks)
    assert (rows(session), rows(session, LineTask)) == (counted, tasks)


def test_what_is_given_up_before_anybody_began_was_never_in_the_line(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    floor = make.floor(labellers=1, assets=2, wanted=1)
    session.commit()
    line_rollup.roll_up(sessions)
    assert session.scalar(select(func.sum(LineRollup.arrived))) == 2
    session.execute(update(Task).where(Task.id == floor.tasks[0].id).values(wanted=0))
    session.commit()
    assert line_rollup.roll_up(sessions) == 1
    assert [row.task_id for row in session.scalars(select(LineTask))] == [floor.tasks[1].id]


def test_who_meets_an_asset_again_repeats_or_not(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    floor = make.floor(labellers=1, assets=2, wanted=1)
    at = clock_time.now()
    for task, again in zip(floor.tasks, ("a", "b"), strict=True):
        first = answer(session, task, floor.labellers[0], "a", surplus=True, at=at)
        assert first.surplus
        answer(session, task, floor.labellers[0], again, at=at)
    session.commit()
    line_rollup.roll_up(sessions)
    row = session.scalars(select(LineRollup).where(LineRollup.repeats > 0)).one()
    assert (row.repeats, row.alike) == (2, 1)
