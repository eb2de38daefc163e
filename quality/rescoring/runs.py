"""Asking for a re-score run, reading it, and writing to it under its fence."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, queue, scope
from ops.errors import Conflict, Frozen, InvalidInput, NotFound, NotReady
from ops.labels import CHOICES
from ops.models import Asset, Batch, Consensus, ReferenceModel, User
from ops.projects import clean_name
from quality.models import LabelScore, RescoreChunk, RescoreRun
from quality.rescoring import orders
from quality.rescoring.settings import checked

# Whose labels a classifier can learn: one key of a few, or any number of tags.
LEARNT = (*CHOICES, "tags")
LEAST_LABELS = 20  # to learn from, where folds are made of them
_COLUMNS = (
    "run_id", "asset_id", "consensus_id", "given", "predicted", "quality", "probabilities",
    "error", "evidence", "suspect", "reason",
)  # fmt: skip


class FenceLost(Conflict):
    """Another worker has taken this run up; what this one still has is discarded."""


def request(
    session: Session,
    batch: Batch,
    by: User | None,
    *,
    settings: Mapping[str, Any] | None = None,
    model: ReferenceModel | None = None,
    name: str = "",
) -> RescoreRun:
    """Put a run over the batch's labels on the worker's queue `gpu`.

    `model` is what the labels are compared with; without one, folds of the labels themselves judge
    what chooses, and the other labellers and gold the rest. Raises InvalidInput for settings or a
    model that do not fit, NotReady when there are too few labels, Conflict when a run of this batch
    is under way, Frozen when the batch was delivered.
    """
    chosen = checked(settings)
    _fits(batch, model)
    orders.fits(session, batch, model, route(batch.project.label_type, model), chosen)
    locked = select(Batch.state).where(Batch.id == batch.id).with_for_update(key_share=True)
    if session.scalar(locked) == "delivered":
        raise Frozen("This batch was delivered; its labels are scored no more.")
    if active(session, batch.id):
        raise Conflict("A re-score run of this batch is under way.")
    _enough(session, batch, model)
    newest = session.scalar(
        select(func.max(RescoreRun.version)).where(RescoreRun.batch_id == batch.id)
    )
    version = (newest or 0) + 1
    run = RescoreRun(
        batch_id=batch.id,
        version=version,
        name=clean_name(name) if name else f"Run {version}",
        settings=chosen.model_dump(),
        reference_model_id=model.id if model else None,
        requested_by=by.id if by else None,
        requested_at=clock_time.now(),
    )
    session.add(run)
    session.flush()
    queue.defer(session, "rescore", queue="gpu", run_id=run.id)
    audit_log.record(
        session,
        by,
        "rescore.requested",
        f"batch:{batch.id}",
        run=run.id,
        model=model.id if model else None,
    )
    return run


def _fits(batch: Batch, model: ReferenceModel | None) -> None:
    if model is None:
        return
    if model.project_id != batch.project_id:
        raise InvalidInput("this reference model is of another project", field="model")
    if model.embeds and batch.project.label_type not in LEARNT:
        raise InvalidInput(
            f"embeddings judge {', '.join(LEARNT)}; this project asks for "
            f"{batch.project.label_type}: give predictions",
            field="model",
        )


def _enough(session: Session, batch: Batch, model: ReferenceModel | None) -> None:
    labelled = select(func.count(func.distinct(Consensus.asset_id)))
    count = session.scalar(labelled.where(Consensus.batch_id == batch.id)) or 0
    judged = model is not None and route(batch.project.label_type, model) == "predictions"
    least = 1 if judged else LEAST_LABELS
    if count < least:
        raise NotReady(
            f"Re-scoring needs at least {least} labelled assets; this batch has {count}."
        )


def route(label_type: str, model: ReferenceModel | None) -> str:
    """How labels are judged: by `predictions`, by `folds` of the labels, by `people` alone."""
    if model is not None and not model.embeds:
        return "predictions"
    return "folds" if label_type in LEARNT else "people"


def active(session: Session, batch_id: int) -> RescoreRun | None:
    """The run of this batch that is queued or running."""
    return session.scalar(
        select(RescoreRun).where(
            RescoreRun.batch_id == batch_id, RescoreRun.state.in_(("queued", "running"))
        )
    )


def newest(session: Session, batch_id: int) -> RescoreRun | None:
    """The newest finished run of this batch."""
    return session.scalar(
        select(RescoreRun)
        .where(RescoreRun.batch_id == batch_id, RescoreRun.state == "done")
        .order_by(RescoreRun.version.desc())
        .limit(1)
    )


def listed(session: Session, batch_id: int) -> Sequence[RescoreRun]:
    """Every run of this batch, the newest first."""
    return session.scalars(
        select(RescoreRun)
        .where(RescoreRun.batch_id == batch_id)
        .order_by(RescoreRun.version.desc())
    ).all()


def find(session: Session, user: User, run_id: int) -> RescoreRun:
    """The run, if `user` may see the project of its batch. Raises NotFound."""
    run = session.scalar(
        select(RescoreRun)
        .join(Batch, Batch.id == RescoreRun.batch_id)
        .where(RescoreRun.id == run_id, Batch.project_id.in_(scope.projects(user)))
    )
    if run is None:
        raise NotFound("There is no such run, or you are not a member of its project.")
    return run


def progress(session: Session, run: RescoreRun) -> dict[str, Any]:
    """How far a run is: chunks done of all, labels scored, how fast, and the seconds left."""
    chunks = session.execute(
        select(
            RescoreChunk.index.label("at"),
            RescoreChunk.items,
            RescoreChunk.fence,
            RescoreChunk.done_at,
        )
        .where(RescoreChunk.run_id == run.id)
        .order_by(RescoreChunk.done_at)
    ).all()
    done = len(chunks)
    items = sum(chunk.items for chunk in chunks if chunk.at >= 0)
    pace = _pace([chunk for chunk in chunks if chunk.fence == run.fence], run)
    going = run.state == "running" and pace is not None
    return {
        "done": done,
        "of": run.chunks,
        "items": items,
        "stage": "predicting" if done and not items else "scoring",
        "per_second": pace[1] if going and pace else None,
        "seconds_left": max(0.0, pace[0] * (run.chunks - done)) if going and pace else None,
    }


def _pace(chunks: Sequence[Any], run: RescoreRun) -> tuple[float, float] | None:
    """Seconds a chunk and items a second of the worker that has the run now: whoever goes on with
    one that was broken off does not count the pause."""
    if not chunks or run.started_at is None:
        return None
    first, last = chunks[0], chunks[-1]
    counted = chunks[1:] if len(chunks) > 1 else chunks
    since = first.done_at if len(chunks) > 1 else run.started_at
    spent = max((last.done_at - since).total_seconds(), 1e-3)
    return spent / len(counted), sum(chunk.items for chunk in counted) / spent


def suspects(session: Session, run: RescoreRun) -> Sequence[tuple[LabelScore, Asset]]:
    """The suspects of a run with their assets, worst first."""
    rows = session.execute(
        select(LabelScore, Asset)
        .join(Asset, Asset.id == LabelScore.asset_id)
        .where(LabelScore.run_id == run.id, LabelScore.suspect)
        .order_by(LabelScore.rank)
    )
    return [(score, asset) for score, asset in rows]


def open_suspects(session: Session, run: RescoreRun) -> int:
    """How many suspects of a run nobody has decided yet."""
    return (
        session.scalar(
            select(func.count()).where(
                LabelScore.run_id == run.id, LabelScore.suspect, LabelScore.outcome.is_(None)
            )
        )
        or 0
    )


def take_up(session: Session, run_id: int) -> RescoreRun:
    """Become the one worker of a run: whoever held it before can write no more.

    Raises NotFound when there is no such run or it has ended.
    """
    run = session.get(RescoreRun, run_id, with_for_update=True)
    if run is None or run.state not in ("queued", "running"):
        raise NotFound("This run has ended or does not exist.")
    run.fence += 1
    run.state = "running"
    run.started_at = run.started_at or clock_time.now()
    session.flush()
    return run


def hold(session: Session, run_id: int, fence: int) -> RescoreRun:
    """The run, locked, if `fence` is still the newest. Raises FenceLost."""
    run = session.get(RescoreRun, run_id, with_for_update=True, populate_existing=True)
    if run is None or run.fence != fence or run.state != "running":
        raise FenceLost
    return run


def chunks_done(session: Session, run_id: int) -> set[int]:
    """The chunks of a run that are stored; those below zero are of its network."""
    return set(session.scalars(select(RescoreChunk.index).where(RescoreChunk.run_id == run_id)))


def write_chunk(
    session: Session,
    run_id: int,
    fence: int,
    index: int,
    scores: Sequence[Sequence[Any]],
    *,
    items: int | None = None,
) -> None:
    """Store one chunk whole, or nothing; written twice it is written once. Raises FenceLost.

    `scores` are rows of `label_score` in the order of its columns from run_id to reason; `items`
    says how many were worked on where that is not how many rows there are.
    """
    hold(session, run_id, fence)
    if session.get(RescoreChunk, (run_id, index)):
        return
    if scores:
        connection: Any = session.connection().connection.driver_connection
        copy = f"COPY label_score ({', '.join(_COLUMNS)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(copy) as into:
            for row in scores:
                into.write_row(row)
    session.add(
        RescoreChunk(
            run_id=run_id,
            index=index,
            fence=fence,
            items=len(scores) if items is None else items,
            done_at=clock_time.now(),
        )
    )
    session.flush()
