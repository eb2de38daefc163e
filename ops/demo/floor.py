"""Two weeks of a floor on simulated time: sessions, answers, and the clock's jobs in between."""

import heapq
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ops.clock_time import SimulatedTime
from ops.demo.client import Client
from ops.demo.digits import Digits, fingerprint
from ops.demo.people import Reader

SEES = timedelta(milliseconds=150)  # from the click to the next picture
TRIES_AGAIN = timedelta(minutes=20)  # when the queue was empty
JOBS_EVERY = timedelta(minutes=6)


@dataclass
class Floor:
    """Everyone at work. `jobs` does what clock and worker would; `heard` counts answers."""

    time: SimulatedTime
    digits: Digits
    jobs: Callable[[], None]
    heard: Callable[[int], None]
    rng: np.random.Generator
    clients: dict[str, Client] = field(default_factory=dict)
    answers: int = 0

    def __post_init__(self) -> None:
        self._known = self.digits.by_content()
        self._order = itertools.count()

    def day(self, start: datetime, readers: list[Reader], share: float = 1.0) -> None:
        """One working day: each reader gives about `share` of their daily answers.

        `start` is midnight of that day.
        """
        events: list[tuple[datetime, int, Callable[[datetime], Any]]] = []
        jobs_at = start

        def at(moment: datetime, act: Callable[[datetime], Any]) -> None:
            heapq.heappush(events, (moment, next(self._order), act))

        for reader in readers:
            begins = start + timedelta(hours=reader.starts + self.rng.uniform(0, 1.5))
            at(begins, self._session(reader, int(self.rng.poisson(reader.a_day * share)), at))
        while events:
            moment, _, act = heapq.heappop(events)
            if moment - jobs_at >= JOBS_EVERY:
                self.jobs()
                jobs_at = moment
            self.time.set(moment)
            act(moment)
        self.jobs()

    def _session(self, reader: Reader, quota: int, at: Callable[..., None]) -> Any:
        left = quota
        patience = 3

        def claim(moment: datetime) -> None:
            nonlocal patience
            if left <= 0:
                return
            work = self._client(reader).post("/api/v1/desk/next", self._tab(reader))["work"]
            if work is None:
                patience -= 1
                if patience > 0:
                    at(moment + TRIES_AGAIN, claim)
                return
            at(moment + SEES, lambda seen: look(seen, work))

        def look(moment: datetime, work: dict[str, Any]) -> None:
            client = self._client(reader)
            client.post(f"/api/v1/desk/{work['token']}/shown", self._tab(reader))
            i = self._known[fingerprint(client.data(work["image"]))]
            key, seconds = reader.reads(self.digits, i, self.rng)
            at(moment + timedelta(seconds=seconds), lambda then: submit(then, work, key, seconds))

        def submit(moment: datetime, work: dict[str, Any], key: str, seconds: float) -> None:
            nonlocal left
            label: dict[str, Any] = {"class": key}
            if work["stage"] in ("review", "adjudicate"):
                label["verdict"] = "accept" if key == work["current"] else "fix"
            self._client(reader).post(
                f"/api/v1/desk/{work['token']}/submit",
                {
                    "label": label,
                    "key": str(uuid.UUID(int=int(self.rng.integers(2**63)))),
                    "revision": 0,
                    "active_ms": int(seconds * 1000),
                    **self._tab(reader),
                },
            )
            left -= 1
            self.answers += 1
            self.heard(self.answers)
            at(moment + SEES, claim)

        return claim

    def _client(self, reader: Reader) -> Client:
        return self.clients[reader.email]

    @staticmethod
    def _tab(reader: Reader) -> dict[str, str]:
        return {"tab": f"simulated-{reader.email}"}
