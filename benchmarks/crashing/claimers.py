"""One client of a labeller: claims, answers, skips, releases, walks away; and dies at any moment.

It runs in a process of its own. Its death is real: SIGKILL to itself after some statement of some
transaction, before or after the commit. Whoever follows it reads the ledger and sends again, under
the same key, what was never acknowledged, as a browser would.
"""

import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import configure_mappers

from benchmarks.crashing.ledger import Ledger, read
from ops import clock_time, db
from ops.errors import Conflict, Forbidden
from ops.models import SKIP_REASONS, User
from scheduling import dispatch, leases, submit

# Once for all: clients are forked from a process that has imported this, and many of them die.
configure_mappers()

MOST_IN_HAND = 4
TRIES = 100
# SQLSTATEs of a connection that was taken away; any other error of the database is a fault.
GONE = (None, "57P01", "57P02", "57P03", "08006", "08003", "25P03")


@dataclass(frozen=True)
class Place:
    """Where and as whom a client works; `life` is its chance to die after each statement."""

    url: str
    time: Path
    ledger: Path
    labeller: int
    seed: int
    life: float


def work(place: Place) -> None:
    """Work until killed."""
    client = Client(place)
    client.settle()
    while True:
        client.step()


def drain(place: Place) -> None:
    """Answer everything that is to be had, then end."""
    client = Client(place)
    client.settle()
    silent, had = 0, Counter[str]()
    while silent < 3:
        token = client.claim(browser_has=None)
        if token:
            had[token] += 1
            if had[token] > TRIES:
                client.ledger.write("wrong", "comes back for ever", token)
                return
            client.submit(token)
        silent = 0 if token else silent + 1


class Client:
    """The state of a client: what it holds, and what it walked away from."""

    def __init__(self, place: Place):
        clock_time.use(clock_time.SimulatedTime(place.time))
        self.rng = random.Random(place.seed)
        self.ledger, self.place = Ledger(place.ledger), place
        engine = db.make_engine(place.url, pool_size=1)
        if place.life:
            event.listen(engine, "after_cursor_execute", lambda *_: self.perhaps_die())
        self.sessions = db.make_sessions(engine)
        self.hand: list[str] = []
        self.late: list[str] = []
        self.keys: dict[str, str] = {}
        self.me = self._who()
        self.ledger.write("act", "began")

    def _who(self) -> User:
        while True:
            with self.braving(), db.transaction(self.sessions) as session:
                return session.get_one(User, self.place.labeller)

    def perhaps_die(self) -> None:
        """SIGKILL to this process, by chance."""
        if self.rng.random() < self.place.life:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def braving(self) -> Any:
        """Outlive a lost connection and a refusal; note whatever else goes wrong."""
        try:
            yield
        except (Conflict, Forbidden):
            pass
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if error.connection_invalidated or state in GONE:
                time.sleep(0.05)
            else:
                self.ledger.write("wrong", type(error.orig).__name__, error.orig)
        except Exception as error:
            self.ledger.write("wrong", type(error).__name__, error)

    def settle(self) -> None:
        """Send again what was sent and never acknowledged."""
        known = read(self.place.ledger)
        self.keys |= known.sent
        for token in known.unsettled:
            self.submit(token)

    def step(self) -> None:
        """One thing that a labeller may do."""
        what = self.rng.random()
        if what < 0.45 and len(self.hand) < MOST_IN_HAND:
            self._take()
        elif what < 0.97 and self.hand:
            self._deal_with(self.hand.pop(self.rng.randrange(len(self.hand))))
        elif self.late:
            self.submit(self.late.pop(0))

    def _take(self) -> None:
        watch = self.rng.random() < 0.02
        before = self.free() if watch else {}
        known = len(self.hand)
        token = self.claim(browser_has=self.hand if self.rng.random() < 0.5 else ())
        if token and token not in self.hand:
            self.hand.append(token)
        if not token and watch and known == 0:
            self._look_into(before)
        if not token:
            time.sleep(0.01)

    def claim(self, browser_has: Any) -> str | None:
        """The token of what is next: a new lease, or one held already."""
        with self.braving():
            with db.transaction(self.sessions) as session:
                if browser_has == ():
                    found = dispatch.claim(session, self.me)
                else:
                    found = dispatch.next_work(session, self.me, browser_has=browser_has)
            return found.token if found else None
        return None

    def _deal_with(self, token: str) -> None:
        what = self.rng.random()
        if what < 0.78:
            self.submit(token)
        elif what < 0.84:
            reason = self.rng.choice(SKIP_REASONS)
            self._do("skip", lambda s, t: submit.skip(s, self.me, t, reason=reason), token)
        elif what < 0.89:
            self._do("release", lambda s, t: leases.release(s, self.me, t), token)
        elif what < 0.94:
            self.hand.append(token)
            self._do("heartbeat", self._beat, token)
        else:
            self.late.append(token)
            self.ledger.write("act", "walked away")

    def _do(self, name: str, verb: Callable[[Any, Any], None], token: str) -> None:
        with self.braving():
            with db.transaction(self.sessions) as session:
                verb(session, uuid.UUID(token))
            self.ledger.write("act", name)

    def _beat(self, session: Any, token: uuid.UUID) -> None:
        tab = str(self.place.ledger.name)
        leases.shown(session, self.me, token, tab=tab)
        leases.heartbeat(session, self.me, token, tab=tab, beat=1, active_ms=self.rng.randrange(50))

    def submit(self, token: str) -> None:
        """Send an answer until it is acknowledged or refused; always under the same key."""
        key = self.keys.setdefault(token, str(uuid.UUID(int=self.rng.getrandbits(128))))
        self.ledger.write("sent", token, key)
        for _ in range(TRIES):
            with self.braving():
                self.ledger.write(self._send(token, key), token, key)
                return
        self.ledger.write("wrong", "never acknowledged", token)

    def _send(self, token: str, key: str) -> str:
        try:
            with db.transaction(self.sessions) as session:
                submit.submit(
                    session, self.me, uuid.UUID(token), label={"class": self.rng.choice("abc")},
                    key=key, revision=0, active_ms=self.rng.randrange(50), tab="t",
                )  # fmt: skip
        except Conflict:
            return "refused"
        self.perhaps_die()
        return "acknowledged"

    def free(self) -> dict[int, Any]:
        """Work of the open project that is free for me: {task: versions of all that decides}."""
        with self.braving(), db.transaction(self.sessions) as session:
            values = {"me": self.me.id, "now": clock_time.now()}
            return {row.id: tuple(row) for row in session.execute(FREE, values)}
        return {}

    def _look_into(self, before: dict[int, Any]) -> None:
        """Nothing came: was there a task that was free before, and untouched until after?"""
        after = self.free()
        missed = [task for task, versions in before.items() if after.get(task) == versions]
        if missed:
            self.ledger.write("wrong", "empty beside free work", self.me.id, missed[:5])
        self.ledger.write("empty")


# Versions of rows (xmin): what is the same before and after was the same in between.
FREE = text(
    """
    SELECT t.id, t.xmin::text, b.xmin::text, p.xmin::text, m.xmin::text
    FROM task t JOIN lane l ON l.id = t.lane_id JOIN batch b ON b.id = l.batch_id
    JOIN project p ON p.id = l.project_id
    JOIN project_member m ON m.project_id = p.id AND m.user_id = :me
    WHERE t.open AND p.id = 1 AND p.state = 'running' AND b.state = 'open' AND NOT b.paused
      AND (m.paused_until IS NULL OR m.paused_until <= :now) AND m.suspended_at IS NULL
      AND m.training_since IS NULL
      AND NOT EXISTS (SELECT FROM task o JOIN assignment a ON a.task_id = o.id
                      WHERE o.asset_id = t.asset_id AND a.labeller_id = :me)
      AND (SELECT count(*) FROM assignment a WHERE a.labeller_id = :me AND a.state = 'leased') = 0
    ORDER BY t.id LIMIT 200
    """
)
