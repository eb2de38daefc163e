"""Random histories of work events, written straight into the tables, for roll-ups and reads."""

from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Assignment, WorkEvent
from tests.factories import Floor, Make


class History:
    """Assignments of a floor and events about them, at random, in any order."""

    def __init__(self, make: Make, seed: int, *, floors: int = 2, assignments: int = 30):
        self.random = np.random.default_rng(seed)
        self.floors = [make.floor(labellers=3, assets=5, wanted=9) for _ in range(floors)]
        self.start = clock_time.now() - timedelta(days=10)
        self.assignments = [self._assignment(make.session) for _ in range(assignments)]
        make.session.commit()

    def _assignment(self, session: Session) -> dict[str, Any]:
        floor: Floor = self.floors[self.random.integers(len(self.floors))]
        task = floor.tasks[self.random.integers(len(floor.tasks))]
        labeller = floor.labellers[self.random.integers(len(floor.labellers))]
        row = {
            "task_id": task.id,
            "labeller_id": labeller.id,
            "project_id": floor.project.id,
            "state": "expired",
            "leased_at": self.start,
            "expires_at": self.start,
        }
        made = session.execute(insert(Assignment).values(**row).returning(Assignment.id))
        return {
            "assignment_id": made.scalar_one(),
            "task_id": task.id,
            "labeller_id": labeller.id,
            "project_id": floor.project.id,
            "batch_id": floor.batch.id,
            "stage": "label",
        }

    def event(self) -> dict[str, Any]:
        """One event about one assignment, up to five days after the start."""
        kinds = ("leased", "submitted", "surplus", "skipped", "released", "expired")
        judged = ("gold_scored", "consensus_scored", "reviewed")
        kind = str(self.random.choice(kinds + judged * 2 + ("submitted",) * 3))
        data: dict[str, Any] = {}
        if kind in ("submitted", "surplus"):
            active = int(self.random.lognormal(9, 2)) * int(self.random.random() > 0.1)
            data = {"active_ms": active, "wall_ms": active + 500, "class": "a"}
        elif kind in judged:
            # Thirds have no exact binary form: summed in another order they differ.
            data = {"correct": float(self.random.integers(0, 4)) / 3}
        elif kind == "skipped":
            data = {"reason": "unclear"}
        moment = self.start + timedelta(seconds=int(self.random.integers(0, 5 * 86400)))
        chosen = self.assignments[self.random.integers(len(self.assignments))]
        return {"at": moment, "kind": kind, "data": data, **chosen}

    def write(self, session: Session, n: int) -> list[dict[str, Any]]:
        """Append n events in the caller's transaction; returns them in the order of their ids."""
        rows = [self.event() for _ in range(n)]
        for row in rows:
            session.execute(insert(WorkEvent).values(**row))
        return rows
