"""Handing out: the claim, gold in its place, and what is held already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time
from ops.local_time import day_in
from ops.models import User
from scheduling import claim_sql, eligibility, gold_pace, leases, policy, sql
from scheduling.claim_answer import Answer, Owing


@dataclass(frozen=True)
class Claimed:
    """A lease as the house knows it; the labeller learns nothing of it but `token`."""

    id: int
    token: str
    task_id: int
    project_id: int
    expires_at: datetime
    # Where the next gold is to be settled when the labeller has been answered.
    owes_gold: Owing | None = None


def claim(session: Session, labeller: User, *, project_id: int | None = None) -> Claimed | None:
    """Lease one more task to `labeller`, of one project or any; None when there is none for them.

    Takes the labeller's desk row lock, then the task's. Never more leases than a task wants answers
    or than the project lets a labeller hold.
    """
    asking = _Asking(session, labeller, project_id, settle=True)
    said = asking.first(None)
    claimed = asking.through(said)
    asking.end_lapsed(said)
    return claimed


def next_work(
    session: Session,
    labeller: User,
    *,
    project_id: int | None = None,
    browser_has: Collection[str] | None = None,
    settle: bool = True,
) -> Claimed | None:
    """What the labeller should look at next: a lease they hold already, or else a new one.

    Without `settle` the next gold is left to the caller, who settles what is owed afterwards.
    `browser_has` are the tokens their browser knows of; see `policy.lease_to_return`. A lease on
    what they may not do any more, as after a pause, is neither returned nor in the way.
    """
    asking = _Asking(session, labeller, project_id, settle)
    said = asking.first(browser_has or ())
    if said.given or not said.live:
        found = asking.through(said)
    else:
        found = _beside_what_is_held(asking, said, browser_has)
    asking.end_lapsed(said)
    return found


def _beside_what_is_held(
    asking: "_Asking", said: Answer, browser_has: Collection[str] | None
) -> Claimed | None:
    live = asking.workable()
    here = [h for h in live if asking.values["project"] in (None, h.project_id)]
    again = policy.lease_to_return(here, browser_has, len(here) + 1)
    if again is None:
        asking.holding = len(live)
        new = asking.through(asking.again(said))
        if new is not None:
            return new
        again = policy.lease_to_return(here, browser_has, len(here))
    if again is None:
        return None
    return Claimed(again.id, again.token, again.task_id, again.project_id, again.expires_at)


class _Asking:
    """One labeller asking for work: the calls of the function that one claim may take."""

    def __init__(self, session: Session, labeller: User, project_id: int | None, settle: bool):
        self.session, self.settle = session, settle
        self.me, self.at = labeller.id, clock_time.now()
        # How many leases count against what may be held; None: all that live.
        self.holding: int | None = None
        self.values: dict[str, Any] = {
            "me": self.me,
            "now": self.at,
            "day": day_in(labeller.timezone, self.at),
            "project": project_id,
            "settle": settle,
        }

    def first(self, has: Collection[str] | None) -> Answer:
        """Lock the desk, see what is on it, and take a task if nothing speaks against it."""
        return self._ask(claim_sql.ASK, has=None if has is None else list(has))

    def again(self, said: Answer, *, kept: bool = False, this: int | None = None) -> Answer:
        """Ask once more, under the lock; take what is `kept`, or wait for `this` task."""
        how = {"turn": said.turn, "holding": self.holding, "kept": kept, "this": this}
        return self._ask(claim_sql.ASK_AGAIN, **how)

    def _ask(self, statement: str, **how: Any) -> Answer:
        found = sql.row(self.session, statement, **self.values, **how)
        assert found is not None
        return Answer(*found[0])

    def through(self, said: Answer) -> Claimed | None:
        """The next task. None only if nothing was free, not if it was merely locked just now."""
        while not said.given:
            if said.outcome == "unsettled":
                gold_pace.settle_due(self.session, self.me, said.lane)
                self.values["settle"] = False
                said = self.again(said)
            elif said.outcome == "kept":
                # A reservation that ended just now stays locked by the look at it: that must be
                # given up again.
                said = self._attempt(said, kept=True)
            elif (head := self._look(claim_sql.HEAD, said)) is not None:
                taken = self._attempt(said, this=head)
                said = taken if taken.given else self.again(said)
            else:
                said = self._lost(said)
                return self._claimed(said) if said.given else None
        return self._claimed(said)

    def _lost(self, said: Answer) -> Answer:
        """A lease that was lost comes back, even one that has run out just now."""
        while (head := self._look(claim_sql.LOST, said, among=None)) is not None:
            taken = self._attempt(said, this=head)
            if taken.given:
                return taken
        # What has run out is ended last: its tasks stay locked then, and no other is waited for.
        ended = self.end_lapsed(said)
        head = self._look(claim_sql.LOST, said, among=ended) if ended else None
        return said if head is None else self._attempt(said, this=head)

    def end_lapsed(self, said: Answer) -> list[int]:
        """What has run out meanwhile ends last: whoever ends it keeps the locks of its tasks.

        A claim that held them while it waits for another task could be waited for in turn.
        """
        return leases.expire_mine(self.session, self.me, self.at) if said.lapsed else []

    def workable(self) -> Sequence[Row[Any]]:
        """The live leases on which the labeller may go on working."""
        held = leases.held(self.session, self.me, self.at)
        live = [h for h in held if not h.lapsed]
        lanes = {h.lane_id for h in live}
        allowed = eligibility.may_hold(self.session, self.me, lanes, self.at)
        return [h for h in live if h.lane_id in allowed]

    def _look(self, statement: str, said: Answer, **more: Any) -> int | None:
        """The id of the task that `statement` finds in the lanes open to the labeller."""
        holding = said.live if self.holding is None else self.holding
        where = {"turn": said.turn, "last": said.last_project_id, "holding": holding}
        found = sql.row(self.session, statement, **self.values, **where, **more)
        return None if found is None else found.id

    def _attempt(self, said: Answer, **how: Any) -> Answer:
        """Take a task; the locks of an attempt that came to nothing go with its savepoint.

        Whoever waits for a task holds no other and no assignment, so two who wait cannot wait for
        one another.
        """
        attempt = self.session.begin_nested()
        taken = self.again(said, **how)
        if taken.given:
            attempt.commit()
        else:
            attempt.rollback()
        return taken

    def _claimed(self, new: Answer) -> Claimed:
        if new.counts and new.due is not None:
            gold_pace.give_back(self.session, self.me, new.project_id, new.due)
        owes = None
        if new.stage == "label" and self.settle:
            gold_pace.settle_next(self.session, self.me, new)
        elif new.stage == "label":
            owes = gold_pace.owed(new)
        expires_at = datetime.fromisoformat(new.expires_at)
        return Claimed(new.id, new.token, new.task_id, new.project_id, expires_at, owes)
