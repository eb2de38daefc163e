"""Asking for a re-score run, reading it, and writing to it under its fence."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, queue
from ops.errors import Conflict, Frozen, InvalidInput, NotFound, NotReady
from ops.models import Asset, Batch, Consensus, User
from quality.models import LabelScore, RescoreChunk, RescoreRun

DEFAULTS = {"folds": 5, "seed": 0, "most_others": 20_000}
LEAST_LABELS = 20


class FenceLost(Conflict):
    """Another worker has taken this run up; what this one still has is discarded."""


def request(
    session: Session, batch: Batch, by: User | None, *, settings: dict[str, Any] | None = None
) -> RescoreRun:
    """Put a run over the batch's labels on the worker's queue `gpu`.

    Raises InvalidInput for unknown settings, NotReady when there are too few labels to learn from,
    Conflict when a run of this batch is under way, Frozen when the batch was delivered.
    """
    chosen = {**DEFAULTS, **(settings or {})}
    _check(chosen)
    locked = select(Batch.state).where(Batch.id == batch.id).with_for_update(key_share=True)
    if session.scalar(locked) == "delivered":
        raise Frozen("This batch was delivered; its labels are scored no more.")
    if active(session, batch.id):
        raise Conflict("A re-score run of this batch is under way.")
    labelled = select(func.count(func.distinct(Consensus.asset_id)))
    count = session.scalar(labelled.where(Consensus.batch_id == batch.id)) or 0
    if count < LEAST_LABELS:
        raise NotReady(
            f"Re-scoring needs at least {LEAST_LABELS} labelled assets; this batch has {count}."
        )
    newest = session.scalar(
        select(func.max(RescoreRun.version)).where(RescoreRun.batch_id == batch.id)
    )
    version = (newest or 0) + 1
    run = RescoreRun(
        batch_id=batch.id,
        version=version,
        name=f"Run {version}",
        settings=chosen,
        requested_by=by.id if by else None,
        requested_at=clock_time.now(),
    )
    session.add(run)
    session.flush()
    queue.defer(session, "rescore", queue="gpu", run_id=run.id)
    audit_log.record(session, by, "rescore.requested", f"batch:{batch.id}", run=run.id)
    return run


def _check(settings: dict[str, Any]) -> None:
    unknown = settings.keys() - DEFAULTS.keys()
    if unknown:
        raise InvalidInput(f"unknown settings: {', '.join(sorted(unknown))}", field="settings")
    if settings["folds"] not in range(2, 11):
        raise InvalidInput("folds must be 2 to 10", field="folds")


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


def progress(session: Session, run: RescoreRun) -> dict[str, Any]:
    """How far a run is: chunks done of all, labels scored, seconds since it began and left."""
    done, items, last = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(RescoreChunk.items), 0),
            func.max(RescoreChunk.done_at),
        ).where(RescoreChunk.run_id == run.id)
    ).one()
    left = None
    if done and run.started_at and run.state == "running":
        spent = (last - run.started_at).total_seconds()
        left = max(0.0, spent / done * (run.chunks - done))
    return {"done": done, "of": run.chunks, "items": int(items), "seconds_left": left}


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


def write_chunk(
    session: Session, run_id: int, fence: int, index: int, scores: list[dict[str, Any]]
) -> None:
    """Store one chunk whole, or nothing; written twice it is written once. Raises FenceLost."""
    hold(session, run_id, fence)
    if session.get(RescoreChunk, (run_id, index)):
        return
    if scores:
        assets = [score["asset_id"] for score in scores]
        session.execute(
            delete(LabelScore).where(LabelScore.run_id == run_id, LabelScore.asset_id.in_(assets))
        )
        session.execute(insert(LabelScore), scores)
    session.add(
        RescoreChunk(
            run_id=run_id, index=index, fence=fence, items=len(scores), done_at=clock_time.now()
        )
    )
    session.flush()
