"""A labelling floor in plain Python: who may have what, what counts, what is left.

Nothing here knows the database or the code under test; it is written from the rules alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIVE = ("reserved", "leased")
HAD = ("reserved", "leased", "submitted", "skipped")
LOST = ("released", "expired")
JUDGES = ("reviewer", "expert")


@dataclass
class Task:
    """A task, or gold (round 0, wanting nothing)."""

    id: int
    asset: int
    batch: int
    project: int
    stage: str
    wanted: int
    round: int = 1


@dataclass
class Assignment:
    """One handing out of a task and what became of it."""

    id: int
    token: str
    task: Task
    who: int
    state: str
    expires: datetime
    counts: bool = True
    surplus: bool = False
    shown: bool = False
    recalled: bool = False
    key: str | None = None
    ended: datetime | None = None
    causes: set[str] = field(default_factory=set)


@dataclass
class Member:
    """What stands between a member and the work of a project."""

    paused_until: datetime | None = None
    suspended: bool = False
    restricted: bool = False


@dataclass
class Project:
    """A project's state and terms; `level` is asked of labellers, if any."""

    running: bool = True
    max_leases: int = 2
    lease_minutes: int = 30
    level: int = 0
    batch_share: float | None = None


@dataclass
class Model:
    """The whole floor at `now`."""

    now: datetime
    roles: dict[int, str]
    projects: dict[int, Project]
    members: dict[tuple[int, int], Member]
    batches: dict[int, int]  # batch → project
    paused: set[int] = field(default_factory=set)
    assets: dict[int, int] = field(default_factory=dict)  # asset → batch
    certificates: dict[int, list[tuple[int, datetime]]] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    gold: dict[int, bool] = field(default_factory=dict)  # task of gold → active
    done: list[Assignment] = field(default_factory=list)

    # Places

    def of(self, task: Task) -> list[Assignment]:
        """Everything that was ever handed out of a task."""
        return [a for a in self.done if a.task is task]

    def n_live(self, task: Task) -> int:
        """Places held."""
        return sum(a.counts and a.state in LIVE for a in self.of(task))

    def n_done(self, task: Task) -> int:
        """Answers that count."""
        return sum(a.counts and a.state == "submitted" for a in self.of(task))

    def open(self, task: Task) -> bool:
        """Whether it wants an answer that nobody is giving."""
        return self.n_live(task) + self.n_done(task) < task.wanted

    # People

    def held(self, who: int) -> list[Assignment]:
        """Leases of `who` that have not run out."""
        mine = [a for a in self.done if a.who == who and a.state == "leased"]
        return [a for a in mine if a.expires > self.now]

    def reserved(self, who: int) -> list[Assignment]:
        """What is kept for `who`."""
        mine = [a for a in self.done if a.who == who and a.state == "reserved"]
        return [a for a in mine if a.expires > self.now]

    def level(self, who: int) -> int:
        """The highest level certified now."""
        valid = [n for n, until in self.certificates.get(who, ()) if until > self.now]
        return max(valid, default=0)

    def may_work(self, who: int, batch: int, stage: str) -> bool:
        """Every condition between a labeller and a lane, limits aside."""
        project = self.projects[self.batches[batch]]
        member = self.members.get((self.batches[batch], who))
        if member is None or member.suspended or not project.running or batch in self.paused:
            return False
        if member.paused_until is not None and member.paused_until > self.now:
            return False
        if stage != "label" and (member.restricted or self.roles[who] not in JUDGES):
            return False
        return self.level(who) >= (project.level if stage == "label" else 0)

    def in_share(self, who: int, batch: int) -> bool:
        """Whether `who` has not yet had all of the batch that one labeller may."""
        share = self.projects[self.batches[batch]].batch_share
        if share is None:
            return True
        mine = [a for a in self.done if a.who == who and a.task.batch == batch]
        taken = sum(a.state == "submitted" for a in mine)
        taken += sum(a.state in LIVE and a.expires > self.now for a in mine)
        size = sum(b == batch for b in self.assets.values())
        return taken < -(-share * size // 1)

    # Tasks

    def apart(self, who: int, task: Task) -> bool:
        """Whether nothing that `who` had of the asset stands against this task."""
        others = [
            a.task
            for a in self.done
            if a.who == who and a.task.asset == task.asset and a.task is not task
        ]
        if task.stage == "label":
            return not any(o.round == 0 or o.stage == "label" for o in others)
        return not others

    def new_to(self, who: int, task: Task) -> bool:
        """Whether `who` never had it."""
        return not any(a.who == who for a in self.of(task)) and self.apart(who, task)

    def lost_by(self, who: int, task: Task) -> bool:
        """Whether `who` had it, lost it, and neither holds nor answered it."""
        mine = [a.state for a in self.of(task) if a.who == who]
        return bool(mine) and all(s in LOST for s in mine) and self.apart(who, task)

    def workable(self, who: int) -> list[Assignment]:
        """Leases of `who` on what they may still do."""
        return [a for a in self.held(who) if self.may_work(who, a.task.batch, a.task.stage)]

    def within_reach(self, who: int, n: int) -> set[tuple[int, str]]:
        """(batch, stage) of which `who`, with `n` leases in hand, may be given something new."""
        return {
            (batch, stage)
            for batch, project in self.batches.items()
            for stage in ("label", "adjudicate")
            if self.may_work(who, batch, stage)
            and self.in_share(who, batch)
            and n < self.projects[project].max_leases
        }

    def choices(self, who: int, in_hand: int) -> "Choices":
        """What `who` may be given now, with so many leases in hand."""
        reach = self.within_reach(who, in_hand)
        near = [t for t in self.tasks.values() if (t.batch, t.stage) in reach and t.round > 0]
        kept = {a.task.id for a in self.reserved(who) if (a.task.batch, a.task.stage) in reach}
        fresh = {t.id for t in near if self.open(t) and self.new_to(who, t)}
        lost = {t.id for t in near if self.open(t) and self.lost_by(who, t)}
        label = {
            p for t in near if t.id in fresh | kept and t.stage == "label" for p in (t.project,)
        }
        met = {a.task.asset for a in self.done if a.who == who}
        gold = {
            task
            for task, active in self.gold.items()
            if active and self.tasks[task].project in label and self.tasks[task].asset not in met
        }
        return Choices(kept, fresh, lost, gold)

    # What happens

    def run_out(self, who: int | None = None) -> list[Assignment]:
        """End what has run out, of one labeller or of all."""
        ended = [
            a
            for a in self.done
            if a.state in LIVE and a.expires <= self.now and who in (None, a.who)
        ]
        for one in ended:
            one.state = "expired"
        return ended

    def is_surplus(self, one: Assignment) -> bool:
        """Whether an answer to `one`, handed in now, is kept outside the count."""
        if not self.may_work(one.who, one.task.batch, one.task.stage):
            return True
        if one.state == "leased":
            return False
        if one.recalled or not one.counts:  # gold never counts: it is never too late for it
            return one.recalled
        others = [a for a in self.of(one.task) if a.who == one.who and a is not one]
        answered = any(a.state in ("submitted", "skipped") and not a.surplus for a in others)
        own_place = any(a.state in LIVE for a in others)
        return answered or not (self.open(one.task) or own_place)

    def lease(self, minutes: int) -> datetime:
        """Until when a lease taken now runs."""
        return self.now + timedelta(minutes=minutes)


@dataclass
class Choices:
    """Task ids by why they may be handed out: kept first, then fresh, then lost ones."""

    kept: set[int]
    fresh: set[int]
    lost: set[int]
    gold: set[int]

    @property
    def work(self) -> set[int]:
        """What an ordinary answer may hold; gold may come in its place, unless it is lost work."""
        return self.kept or self.fresh or self.lost
