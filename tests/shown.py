"""Two weeks of a floor, written straight into the tables, for what dashboards show of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from metrics import balance, rollup
from ops import clock_time, consensus, flags
from ops.models import Asset, Project, User, WorkEvent
from quality import timing_flags
from quality.models import AssetDifficulty, LabellerPace, Standing
from tests.db.answering import answer
from tests.factories import Floor, Make


@dataclass
class Shown:
    """One lead with a floor of their own."""

    floor: Floor
    lead: User

    @property
    def project(self) -> Project:
        return self.floor.project


def shown(
    make: Make,
    session: Session,
    sessions: sessionmaker[Session],
    *,
    seed: int = 1,
    answers: int = 120,
    days: int = 20,
    **more: Any,
) -> Shown:
    """A project with `answers` answers over `days` days up to today, judged and rolled up."""
    random = np.random.default_rng(seed)
    floor = make.floor(labellers=4, assets=answers // 3, wanted=3, **more)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    now = clock_time.now()
    for i in range(answers):
        task = floor.tasks[i // 3]
        labeller = floor.labellers[(i % 3 + i // 3) % 4]
        at = now - timedelta(days=int(days * (answers - 1 - i) / answers), minutes=1)
        _answer(session, floor, task, labeller, at, int(random.lognormal(8.5, 0.6)), random)
    _believe(session, floor, now)
    for asset in floor.assets[:3]:
        _difficult(session, floor, asset, now)
    flags.raise_flag(
        session, project_id=floor.project.id, kind=timing_flags.HASTY, evidence={"answers": 30},
        labeller_id=floor.labellers[3].id, reason="Twice as fast as others and wrong in 31 of 40.",
    )  # fmt: skip
    session.commit()
    rollup.roll_up(sessions)
    balance.update(sessions)
    return Shown(floor, lead)


def _answer(
    session: Session, floor: Floor, task: Any, labeller: User, at: datetime, ms: int, random: Any
) -> None:
    given = answer(session, task, labeller, "a", active_ms=ms, at=at)
    about = {
        "labeller_id": labeller.id, "project_id": floor.project.id, "batch_id": floor.batch.id,
        "stage": "label", "task_id": task.id, "assignment_id": given.id, "at": at,
    }  # fmt: skip
    judged = random.choice(["gold_scored", "consensus_scored", "reviewed"])
    right = {"correct": float(random.random() < 0.9)}
    work = {"active_ms": ms, "wall_ms": ms, "class": "a"}
    for kind, data in (("leased", {}), ("submitted", work), (str(judged), right)):
        session.execute(insert(WorkEvent).values(kind=kind, data=data, **about))


def _believe(session: Session, floor: Floor, at: datetime) -> None:
    for i, person in enumerate(floor.labellers):
        mean = 0.97 - 0.12 * i
        session.add(
            Standing(
                labeller_id=person.id, skill_id=floor.project.skill_id, mean=mean,
                low=mean - 0.05, high=min(1.0, mean + 0.03), gold_n=20, gold_correct=18,
                updated_at=at,
            )
        )  # fmt: skip
        session.add(
            LabellerPace(
                project_id=floor.project.id, labeller_id=person.id, answers=30,
                median_seconds=5.0, mad_log=0.4, pace=0.8 + 0.1 * i, at=at,
            )
        )  # fmt: skip


def _difficult(session: Session, floor: Floor, asset: Asset, at: datetime) -> None:
    reason = f"Takes 2.4 times as long as others, and {asset.external_id} divides the labellers."
    parts = {"answers": 3, "time_effect": 0.88, "time_se": 0.2, "seconds": 14.2,
             "disagreement": 2, "expected": 0.4, "skips": 1, "times": "usable"}  # fmt: skip
    session.add(
        AssetDifficulty(
            asset_id=asset.id, project_id=floor.project.id, difficulty=2.1, colour="red",
            reason=reason, parts=parts, at=at,
        )
    )  # fmt: skip
    consensus.append(
        session, asset_id=asset.id, batch_id=floor.batch.id, method="majority",
        label={"class": "a"}, probability=0.9, answers=3, agreement=1.0, posterior={},
    )  # fmt: skip
    flags.raise_flag(
        session, project_id=floor.project.id, kind=timing_flags.ASSET, reason=reason,
        asset_id=asset.id, evidence=parts,
    )  # fmt: skip
