"""A batch whose labels are all in, before the gate."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, consensus
from ops.models import Asset, Assignment, Batch, Project, Task, User
from quality import gate, judging
from tests.db.answering import answer
from tests.factories import Make

TERMS = {"accuracy": 0.9, "confidence": 0.9, "review_sample": 12, "rescore": False}


@dataclass
class Labelled:
    """A batch whose assets all have a label, and the people around it."""

    project: Project
    batch: Batch
    assets: list[Asset]
    lead: User
    labeller: User
    reviewer: User


def make_labelled(make: Make, session: Session) -> Labelled:
    """Sixty assets labelled a by one labeller, a lead and a reviewer."""
    floor = make.floor(labellers=1, assets=60, settings={"gate": TERMS})
    lead = make.member(floor.project, make.user(role="ops_lead"))
    reviewer = make.member(floor.project, make.user(role="reviewer"))
    for task in floor.tasks:
        answer(session, task, floor.labellers[0], "a")
        decide(session, floor.batch, task.asset_id, "a", "majority")
    session.execute(update(Assignment).values(judged_at=clock_time.now()))
    floor.batch.state = "complete"
    session.commit()
    return Labelled(floor.project, floor.batch, floor.assets, lead, floor.labellers[0], reviewer)


def decide(session: Session, batch: Batch, asset_id: int, key: str, method: str) -> Any:
    return consensus.append(
        session, asset_id=asset_id, batch_id=batch.id, method=method, label={"class": key},
        probability=0.9, answers=1, agreement=1.0, posterior={},
    )  # fmt: skip


def terms_missed(session: Session, batch: Batch) -> dict[str, dict]:
    return {reason["term"]: reason for reason in gate.examine(session, batch).reasons}


def review_all(
    session: Session, sessions: sessionmaker[Session], labelled: Labelled, wrong: int = 0
) -> None:
    """Review whatever review is open; the first `wrong` labels are changed."""
    waiting = select(Task).where(Task.stage == "review", Task.open).order_by(Task.asset_id)
    for i, task in enumerate(session.scalars(waiting).all()):
        verdict = {"key": "b", "verdict": "fix"} if i < wrong else {"key": "a", "verdict": "accept"}
        answer(session, task, labelled.reviewer, verdict.pop("key"), **verdict)
    session.commit()
    judging.judge(sessions)
    session.expire_all()
