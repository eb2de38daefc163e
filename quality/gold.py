"""Gold: known answers hidden in the work; made, handed out once a labeller, revised, retired.

Gold is a task of round 0 in the lane of its batch, wanting no answers: it is never open, so the
claim finds it only when it asks for gold.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, consensus, lanes, ontologies
from ops.errors import Conflict, InvalidInput
from ops.models import Asset, Batch, Lane, Project, Task, User
from quality.judging import gold_scores
from quality.models import Gold, GoldVersion


def make(
    session: Session,
    project: Project,
    asset: Asset,
    answers: Sequence[dict[str, Any]],
    by: User | None,
    for_assessment: bool = False,
) -> Gold:
    """Make `asset` gold with one or more accepted `answers` (label payloads).

    No more ordinary work goes out for it: what nobody holds of its label tasks is closed, and its
    first accepted answer becomes its consensus. Raises InvalidInput naming the field, Conflict when
    it is gold already.
    """
    if asset.project_id != project.id:
        raise InvalidInput("the asset is not of this project", field="asset")
    accepted = check_answers(session, project.id, answers)
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
        for_assessment=for_assessment,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
    )
    session.add(gold)
    session.flush()
    _add_version(session, gold, 1, accepted, "", by)
    _settle(session, batch, asset.id, accepted[0])
    _record(session, project, by, "gold.made", gold, answers=len(accepted))
    return gold


def check_answers(
    session: Session, project_id: int, answers: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The accepted answers, validated against the ontology in force, without repeats.

    Raises InvalidInput naming the field.
    """
    ontology = ontologies.current(session, project_id)
    if ontology is None:
        raise InvalidInput("the project has no classes yet", field="answers")
    checked = {
        clean["class"]: {"class": clean["class"]}
        for clean in (ontologies.check_label(ontology, answer) for answer in answers)
    }
    if not checked:
        raise InvalidInput("give at least one accepted answer", field="answers")
    if len(checked) == len(ontology.classes):
        raise InvalidInput("if every class is right, nothing is tested", field="answers")
    return list(checked.values())


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


def _settle(session: Session, batch: Batch, asset_id: int, answer: dict[str, Any]) -> None:
    """The known answer is the asset's label, unless the batch is delivered and thereby frozen."""
    if batch.state == "delivered":
        return
    consensus.append(
        session,
        asset_id=asset_id,
        batch_id=batch.id,
        method="gold",
        label=answer,
        probability=1.0,
        answers=0,
        agreement=None,
        posterior={answer["class"]: 1.0},
    )


# Active gold of :project that :labeller never met, in work or in an assessment.
UNMET = """
    gold.project_id = :project AND gold.state = 'active'
    AND NOT EXISTS (
        SELECT FROM task JOIN assignment ON assignment.task_id = task.id
        WHERE task.asset_id = gold.asset_id AND assignment.labeller_id = :labeller)
    AND NOT EXISTS (
        SELECT FROM attempt_question question
        JOIN attempt ON attempt.id = question.attempt_id
        JOIN gold_version asked ON asked.id = question.gold_version_id
        WHERE attempt.labeller_id = :labeller AND asked.gold_id = gold.id)
"""

_PICK = text(
    f"""
    WITH picked AS (
        SELECT gold.id
        FROM gold JOIN asset ON asset.id = gold.asset_id
        WHERE {UNMET} AND NOT gold.for_assessment
        ORDER BY asset.batch_id <> :batch, gold.exposures, random()
        LIMIT 1
        FOR UPDATE OF gold SKIP LOCKED
    )
    UPDATE gold SET exposures = exposures + 1 FROM picked WHERE gold.id = picked.id
    RETURNING gold.id
    """
)


def pick(session: Session, labeller_id: int, lane: Lane) -> Gold | None:
    """A gold this labeller has never met, counted as handed out; None when there is none.

    Of the lane's batch if possible, the least exposed first, ties at random. Whatever the labeller
    ever held, skipped or let run out is met, and so is what an assessment asked.
    """
    lock_exposure(session, labeller_id)
    values = {"project": lane.project_id, "labeller": labeller_id, "batch": lane.batch_id}
    found = session.scalar(_PICK, values)
    return session.get_one(Gold, found, populate_existing=True) if found else None


def lock_exposure(session: Session, labeller_id: int) -> None:
    """Make choosing gold for one labeller serial, until the transaction ends.

    Work and an assessment begun in the same moment would otherwise show the same gold twice.
    """
    key = f"gold.exposure:{labeller_id}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


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
    accepted = check_answers(session, project.id, answers)
    session.execute(update(Gold).where(Gold.id == gold.id).values(state=Gold.state))
    before = latest_version(session, gold.id)
    if before.answers == accepted:
        return before
    version = _add_version(session, gold, before.version + 1, accepted, reason.strip(), by)
    _settle(session, session.get_one(Batch, _batch_of(session, gold)), gold.asset_id, accepted[0])
    gold_scores.score_again(session, gold, version)
    _record(session, project, by, "gold.revised", gold, version=version.version)
    return version


def _batch_of(session: Session, gold: Gold) -> int:
    return session.scalars(select(Asset.batch_id).where(Asset.id == gold.asset_id)).one()


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
    _record(session, project, by, "gold.retired", gold, reason=reason.strip())


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
