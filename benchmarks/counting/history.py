"""A made year of work events, day by day, as they would lie in sealed files.

Labellers of several time zones and vendors answer in shifts, some 70 tasks a day each, in the
batches that are open then. Of the leases most are submitted; some are skipped, released or expire.
Of the answers some are gold, most come to a consensus within two days, some are reviewed within
three; a few are corrected, and some scores are revised. Seeded.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ops.event_files import ORDER, SCHEMA

DAY_US = 86_400_000_000
EVENTS_PER_LEASE = 2.86
PROJECTS, BATCH_DAYS = 6, 20
CLASSES = np.array(["cat", "dog", "fox", "none"])
LABELLING, CHECKING = np.array(["label", "rework"]), np.array(["review", "adjudicate"])
SHIFT_US = 4 * 3_600_000_000
ATTENDING = 0.7
_EPOCH = date(1970, 1, 1)
_NUMBERS = ("labeller_id", "project_id", "batch_id", "task_id", "assignment_id")
Columns = dict[str, Any]


@dataclass
class Year:
    """A history of about `events` events; `days()` yields each day's table of events once."""

    events: int
    n_days: int
    labellers: int
    first: date = date(2025, 11, 1)
    seed: int = 1
    _later: dict[int, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))
    _leases: int = 0
    _events: int = 0

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        zones = np.array([0, 1, 2, 5.5, -3.5, 8, -5])
        self.offsets_us = (self.random.choice(zones, self.labellers) * 3_600_000_000).astype(int)
        self.pace = self.random.normal(0, 0.35, self.labellers)
        self.reviews = self.random.random(self.labellers) < 0.15
        self.project = self.random.integers(PROJECTS, size=(self.labellers, 2))

    def days(self) -> Iterator[tuple[date, pa.Table]]:
        """(day, its events in the order and columns of a sealed file)."""
        for n in range(self.n_days):
            number = (self.first - _EPOCH).days + n
            self._happen(n, number)
            parts = self._later.pop(number, [])
            if parts:
                yield self.first + timedelta(days=n), self._in_order(pa.concat_tables(parts))

    def _in_order(self, table: pa.Table) -> pa.Table:
        """Numbered as they were written: by time, some transactions with two events."""
        table = table.sort_by([("at", "ascending"), ("assignment_id", "ascending")])
        ids = np.arange(self._events, self._events + len(table)) + 1
        self._events += len(table)
        for place, numbers in enumerate((ids, 1000 + ids * 2 // 3)):
            table = table.set_column(place, SCHEMA.field(place), pa.array(numbers))
        return table.sort_by(ORDER)

    def _happen(self, n: int, number: int) -> None:
        """What is leased on this day, and whatever comes of it, today or later."""
        per_day = self.events / EVENTS_PER_LEASE / self.n_days
        there = np.flatnonzero(self.random.random(self.labellers) < ATTENDING)
        mean = per_day / max(1, ATTENDING * self.labellers)
        who = np.repeat(there, self.random.poisson(mean, len(there)))
        lease = self._leased(n, number, who)
        plain = self._only(lease, np.ones(len(who), bool), lease["at"], "leased")
        self._note(plain)
        fate = self.random.random(len(who))
        for kind, low, high in (("skipped", 0, 0.04), ("released", 0.04, 0.05),
                                ("expired", 0.05, 0.06)):  # fmt: skip
            chosen = (fate >= low) & (fate < high)
            self._note(self._only(lease, chosen, lease["at"] + lease["wall_ms"] * 1000, kind))
        self._answered(lease, fate >= 0.06)

    def _leased(self, n: int, number: int, who: Any) -> Columns:
        size = len(who)
        start = self.random.integers(8, 12, self.labellers)[who] * 3_600_000_000
        at = number * DAY_US - self.offsets_us[who] + start
        at += (self.random.random(size) * SHIFT_US).astype(int)
        # Two batches of a project are open at any time; most stay with one of them for a day.
        elsewhere = self.random.random(size) < 0.1
        project = self.project[who, (who + n + elsewhere) % 2]
        batch = n // BATCH_DAYS + (who + n // 7) % 2
        rare = (self.random.random(size) < 0.05).astype(int)
        number_of = self._leases + np.argsort(np.argsort(at, kind="stable")) + 1
        self._leases += size
        active = np.exp(self.random.normal(9.6, 0.6, size) + self.pace[who]).astype(int)
        return {
            "labeller_id": who + 1,
            "project_id": project + 1,
            "batch_id": 1 + project + PROJECTS * batch,
            "task_id": number_of // 3 + 1,
            "assignment_id": number_of,
            "stage": np.where(self.reviews[who], CHECKING[rare], LABELLING[rare]),
            "class": CLASSES[self.random.choice(4, size, p=[0.45, 0.3, 0.15, 0.1])],
            "at": at,
            "active_ms": active,
            "idle_ms": (active * 0.2 * self.random.random(size)).astype(int),
            "wall_ms": active * 2,
        }

    def _answered(self, lease: Columns, chosen: Any) -> None:
        random, at = self.random, lease["at"] + lease["wall_ms"] * 1000
        size = len(at)
        late = random.random(size) < 0.01
        self._note(self._only(lease, chosen & ~late, at, "submitted"))
        self._note(self._only(lease, chosen & late, at, "surplus"))
        # A few answers are corrected within the hour.
        again = {**lease, "active_ms": lease["active_ms"] + 4000, "class": lease["class"][::-1]}
        corrected = chosen & (random.random(size) < 0.015)
        self._note(self._only(again, corrected, at + random.integers(3_600_000_000), "submitted"))
        labelled = chosen & (lease["stage"] == "label")
        for kind, share, waits, right in (
            ("gold_scored", 0.08, 10_000_000, 0.9),
            ("consensus_scored", 0.8, 2 * DAY_US, 0.85),
            ("reviewed", 0.15, 3 * DAY_US, 0.8),
        ):
            judged = labelled & (random.random(size) < share)
            said = np.where(random.random(size) < right, 1.0, random.integers(0, 3, size) / 3)
            then = at + (random.random(size) * waits).astype(int)
            self._note(self._only(lease, judged, then, kind, said))
            revised = judged & (random.random(size) < 0.02)
            self._note(self._only(lease, revised, then + DAY_US // 2, kind, 1 - said))

    def _only(self, lease: Columns, chosen: Any, at: Any, kind: str, said: Any = None) -> pa.Table:
        size = int(chosen.sum())
        values = {name: pa.array(lease[name][chosen]) for name in (*_NUMBERS, "stage")}
        none = pa.nulls(size, pa.int64())
        values |= {"kind": pa.array([kind]).take(pa.array(np.zeros(size, int)))}
        values |= {"id": pa.array(np.zeros(size, int)), "xid": pa.array(np.zeros(size, int))}
        values |= {"at": pa.array(at[chosen]).cast(pa.timestamp("us", tz="UTC"))}
        values |= dict.fromkeys(("active_ms", "idle_ms", "wall_ms", "inputs"), none)
        values |= {"class": pa.nulls(size, pa.string()), "correct": pa.nulls(size, pa.float64())}
        values |= {"data": pa.array(["{}"]).take(pa.array(np.zeros(size, int)))}
        if kind in ("submitted", "surplus", "skipped"):
            for name in ("active_ms", "idle_ms", "wall_ms"):
                values[name] = pa.array(lease[name][chosen])
            values["inputs"] = pa.array(lease["active_ms"][chosen] // 900)
        if kind in ("submitted", "surplus"):
            values["class"] = pa.array(lease["class"][chosen])
        if said is not None:
            values["correct"] = pa.array(said[chosen])
        values["data"] = _data(values)
        return pa.table(values).select(SCHEMA.names).cast(SCHEMA)

    def _note(self, table: pa.Table) -> None:
        days = pc.divide(table["at"].cast(pa.int64()), DAY_US).to_numpy()
        for day in np.unique(days):
            self._later[int(day)].append(table.filter(pa.array(days == day)))


def _data(values: Columns) -> pa.Array:
    """The JSON from which the columns are taken, as the service writes it."""
    if values["correct"].null_count < len(values["correct"]):
        return pc.binary_join_element_wise(
            '{"correct": ', pc.cast(values["correct"], pa.string()), "}", ""
        )
    if values["active_ms"].null_count:
        return values["data"]
    parts: list[Any] = []
    for name in ("active_ms", "idle_ms", "wall_ms", "inputs"):
        parts += [f', "{name}": ' if parts else '{"active_ms": ', values[name].cast(pa.string())]
    if not values["class"].null_count:
        parts += [', "class": "', values["class"], '"']
    return pc.binary_join_element_wise(*parts, "}", "")
