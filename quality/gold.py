"""Gold: known answers hidden in the work; made, handed out once a labeller, revised, retired.

Gold is a task of round 0 in the lane of its batch, wanting no answers: it is never open, so the
claim finds it only when it asks for gold.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, consensus, flags, lanes, reopened
from ops.errors import Conflict, InvalidInput
from ops.labels import CHOICES
from ops.models import Asset, Batch, Flag, Project, Task, User
from quality.gold_answers import check_answers, coverage, label_of
from quality.gold_choice import UNMET, lock_exposure, pick
from quality.judging import gold_scores
from quality.models import Gold, GoldVersion

__all__ = [
    "UNMET", "latest_version", "lock_exposure", "make", "pick", "retire", "revise",
]  # fmt: skip

# Flags on gold that good labellers miss, and on gold that a reviewer saw otherwise.
QUESTIONED = ("gold_contended", "gold_disputed")


def make(
    session: Session,
    project: Project,
    asset: Asset,
    answers: Sequence[dict[str, Any]],
    by: User | None,
    for_assessment: bool = False,
) -> Gold:
    """Make `asset` gold with one or more accepted `answers` (see `gold_answers.check_answers`).

    No more ordinary work goes out for it: what nobody holds of its label tasks is closed, and its
    first accepted answer becomes its consensus. Raises InvalidInput naming the field, Conflict when
    it is gold already.
    """
    if asset.project_id != project.id:
        raise InvalidInput("the asset is not of this project", field="asset")
    accepted = check_answers(session, project, answers, asset)
    _close_ordinary_tasks(session, asset.id)
    if session.scalar(select(Gold.id).where(Gold.asset_id == asset.id)):
        raise Conflict("This asset is gold already; revise it instead.", field="asset")
    batch = session.get_one(Batch, asset.batch_id)
    lane = lanes.lane_for(session, batch, "label")
    task = Task(lane_id=lane.id, asset_id=asset.id, stage="label", round=0, wanted=0)
    session.add(task)
    session.flush()
    gold = Gold(
        project_id=project.id,
        asset_id=asset.id,
        task_id=task.id,
        batch_id=batch.id,
        class_key=coverage(project.label_type, accepted[0]),
        for_assessment=for_assessment,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
    )
    session.add(gold)
    session.flush()
    _add_version(session, gold, 1, accepted, "", by)
    _settle(session, batch, asset.id, accepted[0], project.label_type)
    _record(session, project, by, "gold.made", gold, answers=len(accepted))
    return gold


def _close_ordinary_tasks(session: Session, asset_id: int) -> None:
    # What is leased or answered stays wanted, so that it can still be submitted.
    session.execute(
        update(Task)
        .where(Task.asset_id == asset_id, Task.stage == "label", Task.round > 0)
        .values(wanted=Task.n_done + Task.n_leased)
        .execution_options(synchronize_session=False)
    )


def _add_version(
    session: Session,
    gold: Gold,
    version: int,
    answers: list[dict[str, Any]],
    reason: str,
    by: User | None,
) -> GoldVersion:
    made = GoldVersion(
        gold_id=gold.id,
        version=version,
        answers=answers,
        reason=reason,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
    )
    session.add(made)
    session.flush()
    return made


def _settle(
    session: Session, batch: Batch, asset_id: int, answer: dict[str, Any], label_type: str
) -> None:
    """The known answer is the asset's label, unless that was delivered and thereby frozen."""
    if batch.state == "delivered" or reopened.staying(session, [asset_id]):
        return
    consensus.append(
        session,
        asset_id=asset_id,
        batch_id=batch.id,
        method="gold",
        label=label_of(answer),
        probability=1.0,
        answers=0,
        agreement=None,
        posterior={str(answer[label_type]): 1.0} if label_type in CHOICES else {},
    )


def revise(
    session: Session,
    project: Project,
    gold: Gold,
    answers: Sequence[dict[str, Any]],
    by: User | None,
    *,
    reason: str,
) -> GoldVersion:
    """A new version of the accepted answers; every stored answer is scored again against it.

    Scores of the old version stay; evidence and standing follow the new one. Raises InvalidInput.
    """
    if not reason.strip():
        raise InvalidInput("say why the answer changes", field="reason")
    asset = session.get_one(Asset, gold.asset_id)
    accepted = check_answers(session, project, answers, asset)
    # The row that is locked is changed, so that two who revise follow one another.
    key = coverage(project.label_type, accepted[0])
    session.execute(update(Gold).where(Gold.id == gold.id).values(class_key=key))
    before = latest_version(session, gold.id)
    if before.answers == accepted:
        return before
    version = _add_version(session, gold, before.version + 1, accepted, reason.strip(), by)
    batch = session.get_one(Batch, asset.batch_id)
    _settle(session, batch, gold.asset_id, accepted[0], project.label_type)
    gold_scores.score_again(session, gold, version)
    settle_questions(session, gold.asset_id, by, "revise")
    _record(session, project, by, "gold.revised", gold, version=version.version)
    return version


def latest_version(session: Session, gold_id: int) -> GoldVersion:
    """The accepted answers in force."""
    return session.scalars(
        select(GoldVersion)
        .where(GoldVersion.gold_id == gold_id)
        .order_by(GoldVersion.version.desc())
        .limit(1)
    ).one()


def retire(
    session: Session, project: Project, gold: Gold, by: User | None, *, reason: str = ""
) -> None:
    """Hand this gold out no more. What was scored against it stays; twice is once."""
    if gold.state == "retired":
        return
    gold.state = "retired"
    session.flush()
    settle_questions(session, gold.asset_id, by, "retire")
    _record(session, project, by, "gold.retired", gold, reason=reason.strip())


def questions(session: Session, asset_id: int) -> list[Flag]:
    """The open flags that question the gold of this asset."""
    raised = select(Flag).where(
        Flag.asset_id == asset_id, Flag.kind.in_(QUESTIONED), Flag.resolved_at.is_(None)
    )
    return list(session.scalars(raised.order_by(Flag.id)))


def settle_questions(session: Session, asset_id: int, by: User | None, decision: str) -> None:
    """Something was decided of this gold: its flags come down, and say what.

    A flag notes the newest answer and version it was decided upon, so that a gold that was kept is
    not questioned again by the same answers.
    """
    raised = questions(session, asset_id)
    if not raised:
        return
    seen = gold_scores.newest(session, asset_id)
    for flag in raised:
        flag.evidence = {**flag.evidence, **seen, "decision": decision}
        flags.resolve(session, flag, by=by)


def _record(
    session: Session, project: Project, by: User | None, action: str, gold: Gold, **data: Any
) -> None:
    audit_log.record(
        session,
        by,
        action,
        f"gold:{gold.id}",
        organisation_id=project.organisation_id,
        project=project.id,
        **data,
    )
