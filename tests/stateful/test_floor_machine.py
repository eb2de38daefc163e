"""Any order of everything that people do on a floor, against the same floor in plain Python.

`TOUCHSTONE_EXAMPLES=2000 pytest tests/stateful` looks for longer than the suite does.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.crashing import recount
from ops import batches, certificates, clock_time, lanes, projects, reopening
from ops.errors import Conflict, Forbidden, Stale, TouchstoneError
from ops.models import Asset, Assignment, Batch, Certificate, Lane, Project, ProjectMember, User
from quality import gold
from quality.models import Gold
from scheduling import dispatch, leases, push, submit
from scheduling.selection import Ticked
from tests.factories import Make
from tests.stateful import floor as floors
from tests.stateful.model import HAD, LIVE, Task
from tests.stateful.model import Assignment as Had

EXAMPLES = int(os.environ.get("TOUCHSTONE_EXAMPLES", "40"))
STEPS = 40

who = st.integers(0, 3)
some = st.integers(0, 1000)


def machine(engine: Engine, floor: floors.Floor) -> type[RuleBasedStateMachine]:
    """The machine on `floor`: an example is one transaction, undone at its end."""

    class Machine(FloorMachine):
        def __init__(self) -> None:
            super().__init__(engine, floor)

    return Machine


class FloorMachine(RuleBasedStateMachine):
    """Rules are what people do; every answer of the house must be one the model allows."""

    def __init__(self, engine: Engine, floor: floors.Floor):
        super().__init__()
        self.floor, self.model = floor, floor.model()
        self.connection = engine.connect()
        self.outer = self.connection.begin()
        self.sessions = sessionmaker(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        self.session = self.sessions()
        clock_time.use(self._seconds)

    def _seconds(self) -> float:
        return self.model.now.timestamp()

    def teardown(self) -> None:
        self.session.close()
        self.outer.rollback()
        self.connection.close()
        clock_time.use(None)

    # Who and what

    def me(self, n: int) -> User:
        return self.floor.people[n]

    def mine(self, n: int, states: tuple[str, ...], pick: int) -> Had | None:
        found = [a for a in self.model.done if a.who == self.me(n).id and a.state in states]
        return found[pick % len(found)] if found else None

    def project(self, n: int) -> Project:
        return self.session.get_one(Project, self.floor.projects[n % 2].id)

    def batch(self, n: int) -> Batch:
        return self.session.get_one(Batch, self.floor.batches[n % 3].id)

    @property
    def by(self) -> User:
        return self.floor.lead

    # The labeller's desk

    @rule(n=who)
    def claim(self, n: int) -> None:
        in_hand = len(self.model.held(self.me(n).id))
        self._note(n, dispatch.claim(self.session, self.me(n)), in_hand)

    @rule(n=who, knows=st.sampled_from(("nothing", "all", "some")))
    def next_work(self, n: int, knows: str) -> None:
        me, m = self.me(n).id, self.model
        held = sorted(m.held(me), key=lambda a: a.id)
        may_see = [a for a in held if m.may_work(me, a.task.batch, a.task.stage)]
        has = {"nothing": None, "all": [a.token for a in held], "some": [a.token for a in held[:1]]}
        missing = [a for a in may_see if a.token not in (has[knows] or ())]
        shown = [a for a in missing if a.shown]
        in_hand = len(may_see)  # what one may not do any more is not in the way
        again = shown or (missing if knows != "nothing" else [])
        got = dispatch.next_work(self.session, self.me(n), browser_has=has[knows])
        if again:
            assert got is not None and got.id == again[0].id
        elif got is not None and got.id in {a.id for a in missing}:
            assert knows == "nothing" and not m.choices(me, in_hand).work
            assert got.id == missing[0].id
        elif got is None:
            assert not missing
            self._note(n, None, in_hand)
        else:
            self._note(n, got, in_hand)

    def _note(self, n: int, got: Any, in_hand: int) -> None:
        """Whether what was handed out is what may be; then the model has it, too."""
        me, m = self.me(n).id, self.model
        if any(a.expires <= m.now and a.state == "leased" and a.who == me for a in m.done):
            m.run_out(me)
        choices = m.choices(me, in_hand)
        if got is None:
            assert not choices.work, f"nothing, beside {choices}"
            return
        allowed = choices.work | (choices.gold if choices.kept or choices.fresh else set())
        assert got.task_id in allowed, f"task {got.task_id}, not of {choices}"
        task = m.tasks[got.task_id]
        expires = m.lease(m.projects[task.project].lease_minutes)
        assert got.expires_at == expires
        kept = next((a for a in m.reserved(me) if a.task is task), None)
        if kept is not None:
            assert got.id == kept.id
            kept.state, kept.expires = "leased", expires
            return
        one = Had(got.id, got.token, task, me, "leased", expires, counts=task.round > 0)
        m.done.append(one)

    @rule(n=who, pick=some, key=st.sampled_from("ab"), revision=st.sampled_from((0, 0, 0, 1)))
    def submit(self, n: int, pick: int, key: str, revision: int) -> None:
        one = self.mine(n, ("leased", "submitted", "skipped", *("released", "expired")), pick)
        if one is None:
            return
        refused = self._refusal(one, key, revision)
        surplus = self.model.is_surplus(one)
        try:
            done = submit.submit(
                self.session, self.me(n), uuid.UUID(one.token), label={"class": "a"}, key=key,
                revision=revision, active_ms=7, tab="t",
            )  # fmt: skip
        except TouchstoneError as error:
            assert type(error) is refused
            return
        assert refused is None
        if one.state == "submitted":
            return  # the same submission again
        assert done.surplus == surplus
        self._other_place_is_free(one)
        one.state, one.key, one.counts = "submitted", key, one.counts and not surplus
        one.surplus, one.ended = done.surplus, self.model.now

    def _other_place_is_free(self, one: Had) -> None:
        """A lost task that came back to the same labeller: the answer closes the newer place."""
        for other in self.model.of(one.task):
            if other.who == one.who and other is not one and other.state in LIVE:
                other.state = "released"

    def _refusal(self, one: Had, key: str, revision: int) -> type[Exception] | None:
        if one.state == "submitted":
            return None if one.key == key else Conflict
        if one.state == "skipped":
            return Conflict
        return Stale if revision else None

    @rule(n=who, pick=some)
    def skip(self, n: int, pick: int) -> None:
        one = self.mine(n, ("leased", "submitted", "skipped", "released", "expired"), pick)
        if one is None:
            return
        token = uuid.UUID(one.token)
        if one.state == "submitted":
            with pytest.raises(Conflict):
                submit.skip(self.session, self.me(n), token, reason="unclear")
            return
        submit.skip(self.session, self.me(n), token, reason="unclear")
        others = [a for a in self.model.of(one.task) if a.who == one.who and a is not one]
        if one.state != "skipped" and not any(
            a.state in ("submitted", "skipped") and not a.surplus for a in others
        ):
            self._other_place_is_free(one)
            one.state = "skipped"

    @rule(n=who, pick=some)
    def release(self, n: int, pick: int) -> None:
        one = self.mine(n, ("leased", "submitted", "skipped", "released", "expired"), pick)
        if one is None:
            return
        if one.state in ("submitted", "skipped"):
            with pytest.raises(Conflict):
                leases.release(self.session, self.me(n), uuid.UUID(one.token))
            return
        leases.release(self.session, self.me(n), uuid.UUID(one.token))
        if one.state == "leased":
            one.state = "released"

    @rule(n=who, pick=some)
    def look(self, n: int, pick: int) -> None:
        """Show it and send a heartbeat: the lease runs on from here, while one may do this work."""
        one = self.mine(n, ("leased",), pick)
        if one is None:
            return
        may = self.model.may_work(one.who, one.task.batch, one.task.stage)
        token = uuid.UUID(one.token)
        try:
            leases.shown(self.session, self.me(n), token, tab="t")
            leases.heartbeat(self.session, self.me(n), token, tab="t", beat=1, active_ms=5)
        except (Forbidden, TouchstoneError):
            assert not may
            return
        assert may
        minutes = self.model.projects[one.task.project].lease_minutes
        one.shown, one.expires = True, max(one.expires, self.model.lease(minutes))

    # Time

    @rule(minutes=st.sampled_from((1, 10, 31, 31, 120)))
    def later(self, minutes: int) -> None:
        self.model.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        assert leases.expire(self.sessions_after_flush()) == len(self.model.run_out())

    def sessions_after_flush(self) -> sessionmaker[Session]:
        self.session.flush()
        return self.sessions

    # The lead

    @rule(n=who, p=some, minutes=st.sampled_from((5, 60)))
    def pause_labeller(self, n: int, p: int, minutes: int) -> None:
        member = self.model.members.get((self.project(p).id, self.me(n).id))
        if member is not None:
            member.paused_until = self.model.lease(minutes)
            projects.pause_member(
                self.session, self.project(p), self.me(n), until=member.paused_until, reason="",
                by=self.by,
            )  # fmt: skip

    @rule(n=who, p=some)
    def resume_labeller(self, n: int, p: int) -> None:
        member = self.model.members.get((self.project(p).id, self.me(n).id))
        if member is not None:
            member.paused_until = None
            projects.resume_member(self.session, self.project(p), self.me(n), by=self.by)

    @rule(n=who, p=some, what=st.sampled_from(("suspended", "restricted")))
    def bar(self, n: int, p: int, what: str) -> None:
        """Suspended or restricted, or not any more."""
        key = (self.project(p).id, self.me(n).id)
        if key in self.model.members:
            member = self.model.members[key]
            setattr(member, what, not getattr(member, what))
            row = self.session.get_one(ProjectMember, key)
            setattr(row, f"{what}_at", self.model.now if getattr(member, what) else None)
            self.session.flush()

    @rule(n=who, p=some)
    def leave_or_join(self, n: int, p: int) -> None:
        project, key = self.project(p), (self.project(p).id, self.me(n).id)
        if key in self.model.members:
            del self.model.members[key]
            projects.remove_member(self.session, project, self.me(n), by=self.by)
        else:
            projects.add_member(self.session, project, self.me(n), by=self.by)
            self.model.members[key] = floors.model.Member()

    @rule(b=some)
    def pause_or_resume_batch(self, b: int) -> None:
        batch = self.batch(b)
        change = batches.resume if batch.id in self.model.paused else batches.pause
        change(self.session, batch, by=self.by)
        self.model.paused ^= {batch.id}

    @rule(p=some)
    def pause_or_start_project(self, p: int) -> None:
        project = self.project(p)
        kept = self.model.projects[project.id]
        (projects.pause if kept.running else projects.start)(self.session, project, by=self.by)
        kept.running = not kept.running

    @rule(n=who, level=st.integers(1, 3), minutes=st.sampled_from((20, 600)))
    def certify(self, n: int, level: int, minutes: int) -> None:
        until = self.model.lease(minutes)
        certificates.grant(
            self.session, user=self.me(n), skill=self.floor.skill, level=level, source="hand",
            by=self.by, valid_until=until,
        )  # fmt: skip
        self.model.certificates.setdefault(self.me(n).id, []).append((level, until))

    @rule(n=who)
    def revoke(self, n: int) -> None:
        mine = select(Certificate).where(
            Certificate.user_id == self.me(n).id, Certificate.revoked_at.is_(None)
        )
        for one in self.session.scalars(mine).all():
            certificates.revoke(self.session, one, by=self.by, reason="why not")
        self.model.certificates.pop(self.me(n).id, None)

    @rule(p=some, share=st.sampled_from((None, 0.3, 0.5)), most=st.sampled_from((1, 2, 3)))
    def set_limits(self, p: int, share: float | None, most: int) -> None:
        project = self.project(p)
        chosen = projects.settings_of(project)
        chosen.limits.batch_share, chosen.max_leases = share, most
        projects.save_settings(self.session, project, chosen, self.by)
        kept = self.model.projects[project.id]
        kept.batch_share, kept.max_leases = share, most

    @rule(b=some, priority=st.integers(-2, 2))
    def set_priority(self, b: int, priority: int) -> None:
        batches.set_priority(self.session, self.batch(b), priority, by=self.by)

    @rule(b=some, wanted=st.integers(1, 2))
    def import_assets(self, b: int, wanted: int) -> None:
        batch = self.batch(b)
        if len(self.model.assets) > 15:
            return
        asset = Make(self.session).assets(batch, 1)[0]
        lane = self.session.scalars(
            select(Lane).where(Lane.batch_id == batch.id, Lane.stage == "label")
        ).one()
        (task,) = lanes.open_tasks(self.session, lane, [asset.id], wanted=wanted)
        self.model.assets[asset.id] = batch.id
        self.model.tasks[task] = Task(task, asset.id, batch.id, batch.project_id, "label", wanted)

    @rule(n=who, picks=st.sets(some, min_size=1, max_size=3), minutes=st.sampled_from((5, 60)))
    def reserve(self, n: int, picks: set[int], minutes: int) -> None:
        """A lead keeps some assets' labels for somebody; what the predicate refuses is left."""
        m, me = self.model, self.me(n)
        project = self.project(min(picks))
        assets = sorted(a for a, b in m.assets.items() if m.batches[b] == project.id)
        chosen = sorted({assets[p % len(assets)] for p in picks})
        if (project.id, me.id) not in m.members:
            return
        wanted = sorted(
            t.id for t in m.tasks.values()
            if t.asset in chosen and t.stage == "label" and t.round > 0
        )  # fmt: skip
        may = [t for t in wanted if self._may_be_kept(me.id, m.tasks[t])]
        with suppress(Conflict):
            push.reserve(
                self.session, project, me, Ticked(chosen, "label"), by=self.by, hours=minutes / 60
            )
        self._learn_reservations(me.id, may, m.lease(minutes))

    def _may_be_kept(self, me: int, task: Task) -> bool:
        m = self.model
        if not (m.open(task) and m.may_work(me, task.batch, task.stage)):
            return False
        return m.in_share(me, task.batch) and (m.new_to(me, task) or m.lost_by(me, task))

    def _learn_reservations(self, me: int, may: list[int], until: Any) -> None:
        """What was kept must be of what may be; a share of a batch may leave out the last."""
        known = {a.id for a in self.model.done}
        rows = self.session.scalars(
            select(Assignment)
            .where(Assignment.state == "reserved", Assignment.labeller_id == me)
            .execution_options(populate_existing=True)
        ).all()
        new = [row for row in rows if row.id not in known]
        assert {row.task_id for row in new} <= set(may)
        for row in new:
            assert row.expires_at == until
            task = self.model.tasks[row.task_id]
            kept = Had(row.id, str(row.token), task, me, "reserved", until)
            self.model.done.append(kept)
        for task_id in set(may) - {row.task_id for row in new}:
            # Left out although it might be kept: only because the rest of the share is used up.
            task = self.model.tasks[task_id]
            assert not self.model.in_share(me, task.batch) or task_id in self.unkept(me)

    def unkept(self, me: int) -> set[int]:
        """Tasks that were lost once and are not kept for the same labeller again."""
        return {t.id for t in self.model.tasks.values() if self.model.lost_by(me, t)}

    @rule(pick=some)
    def recall(self, pick: int) -> None:
        live = [a for a in self.model.done if a.state in LIVE]
        if not live:
            return
        one = live[pick % len(live)]
        project = self.session.get_one(Project, one.task.project)
        push.recall(self.session, project, [one.id], by=self.by)
        one.state, one.recalled = "released", True

    @rule(pick=some)
    def want_more(self, pick: int) -> None:
        m = self.model
        some_of = [t for t in m.tasks.values() if t.stage == "label" and t.round > 0]
        task = some_of[pick % len(some_of)]
        full = 0 < task.wanted <= m.n_done(task)
        raised = lanes.want_more(self.session, [task.id])
        assert raised == ({task.id} if full else set())
        task.wanted += full

    @rule(pick=some)
    def make_gold(self, pick: int) -> None:
        m = self.model
        golden = {m.tasks[g].asset for g in m.gold}
        assets = sorted(set(m.assets) - golden)
        if not assets or len(golden) > 4:
            return
        asset = self.session.get_one(Asset, assets[pick % len(assets)])
        project = self.session.get_one(Project, asset.project_id)
        made = gold.make(self.session, project, asset, [{"class": "a"}], self.by)
        for task in m.tasks.values():
            if task.asset == asset.id and task.stage == "label" and task.round > 0:
                task.wanted = m.n_done(task) + m.n_live(task)
        batch = m.assets[asset.id]
        m.tasks[made.task_id] = Task(
            made.task_id, asset.id, batch, m.batches[batch], "label", 0, round=0
        )
        m.gold[made.task_id] = True

    @precondition(lambda self: self.model.gold)
    @rule(pick=some)
    def retire_gold(self, pick: int) -> None:
        task = sorted(self.model.gold)[pick % len(self.model.gold)]
        one = self.session.scalars(select(Gold).where(Gold.task_id == task)).one()
        gold.retire(self.session, self.session.get_one(Project, one.project_id), one, self.by)
        self.model.gold[task] = False

    @rule(n=who, p=some, minutes=st.sampled_from((1, 60)), again=st.booleans())
    def redo(self, n: int, p: int, minutes: int, again: bool) -> None:
        """What somebody answered lately loses its weight; or gets it back where there is room."""
        m, me, project = self.model, self.me(n).id, self.project(p).id
        golden = {m.tasks[g].asset for g in m.gold}
        since = m.now - timedelta(minutes=minutes)
        mine = [
            a for a in m.done
            if a.who == me and a.task.project == project and a.state == "submitted"
            and a.task.stage == "label" and a.task.round > 0
        ]  # fmt: skip
        if not again:
            lose = [
                a for a in mine
                if a.counts and a.ended and a.ended >= since and a.task.asset not in golden
            ]  # fmt: skip
            done = reopening.discount(self.session, me, project, since, m.now, cause="c")
            assert done == len(lose)
            for one in lose:
                one.counts, one.surplus = False, True
                one.causes.add("c")
            return
        regain = [
            a for a in mine
            if a.surplus and "c" in a.causes and m.open(a.task)
            and not any(
                o.who == me and o.state in HAD and not o.surplus for o in m.of(a.task)
            )
        ]  # fmt: skip
        done = reopening.count_again(self.session, me, project, "c", m.now)
        assert done == len(regain)
        for one in regain:
            one.counts, one.surplus = True, False

    # What must always hold

    @invariant()
    def the_books_are_right(self) -> None:
        self.session.flush()
        assert recount.wrong(self.session) == {}

    @invariant()
    def the_model_agrees(self) -> None:
        m = self.model
        rows = {
            row.id: tuple(row)[1:]
            for row in self.session.execute(
                text("SELECT id, wanted, n_leased, n_done, open FROM task")
            )
        }
        told = {t.id: (t.wanted, m.n_live(t), m.n_done(t), m.open(t)) for t in m.tasks.values()}
        assert rows == told
        states = {
            row.id: (row.state, row.counts, row.surplus)
            for row in self.session.execute(
                text("SELECT id, state, counts, surplus FROM assignment")
            )
        }
        assert states == {a.id: (a.state, a.counts, a.surplus) for a in m.done}


@pytest.fixture
def floor(sessions: sessionmaker[Session]) -> Iterator[floors.Floor]:
    yield floors.build(sessions)


def test_the_floor_does_what_the_model_says(engine: Engine, floor: floors.Floor) -> None:
    run_state_machine_as_test(
        machine(engine, floor),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
