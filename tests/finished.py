"""A batch that the gate lets go, for tests of what comes after."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ops import clock_time, consensus
from ops.models import Asset, Assignment, Batch, Project, User
from quality.review_sample import draw_review_sample
from tests.db.answering import answer
from tests.factories import Make

TERMS = {"accuracy": 0.8, "confidence": 0.9, "review_sample": 5, "rescore": False}


@dataclass
class Finished:
    """A project with one batch: every asset is labelled, the sample reviewed."""

    project: Project
    batch: Batch
    assets: list[Asset]
    lead: User
    labellers: list[User]


def finished(
    make: Make,
    session: Session,
    *,
    assets: int = 20,
    reviewed: bool = True,
    alone: bool = False,
    **more: Any,
) -> Finished:
    """Two labellers label everything with class a (every fifth asset is in doubt between a and b);
    a reviewer has looked at the whole batch, unless `reviewed` is false. `alone`: the two share
    the assets, and each is labelled once."""
    more.setdefault("settings", {"gate": TERMS, "cost_per_hour": 12.0})
    floor = make.floor(labellers=2, assets=assets, wanted=1 if alone else 2, **more)
    lead = make.member(floor.project, make.user(role="ops_lead"))
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    for i, task in enumerate(floor.tasks):
        if alone:
            answer(session, task, floor.labellers[i % 2], "a")
        else:
            for person, key in zip(floor.labellers, "aa" if i % 5 else "ab", strict=True):
                answer(session, task, person, key)
        decide(session, floor.batch, task.asset_id, "majority")
    if reviewed:
        draw_review_sample(session, floor.batch, assets, lead, seed=1)
        _review(session, floor.batch, reviewer)
    session.execute(update(Assignment).values(judged_at=clock_time.now()))
    floor.batch.state = "complete"
    session.commit()
    return Finished(floor.project, floor.batch, floor.assets, lead, floor.labellers)


def decide(session: Session, batch: Batch, asset_id: int, method: str, key: str = "a") -> None:
    consensus.append(
        session, asset_id=asset_id, batch_id=batch.id, method=method, label={"class": key},
        probability=0.9, answers=2, agreement=1.0, posterior={},
    )  # fmt: skip


def _review(session: Session, batch: Batch, reviewer: User) -> None:
    from sqlalchemy import select

    from ops.models import Lane, Task

    open_ = select(Task).join(Lane).where(Lane.batch_id == batch.id, Task.stage == "review")
    for task in session.scalars(open_).all():
        answer(session, task, reviewer, "a", verdict="accept")
        decide(session, batch, task.asset_id, "review")
