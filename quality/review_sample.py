"""The random sample of reviews: drawn among all assets of a batch, recorded, and read."""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, lanes
from ops.errors import Frozen, InvalidInput, NotReady
from ops.models import Asset, Batch, Project, Task, User
from quality.models import ReviewSample

# Labels known to be right at the draw, as far as anyone knows: they need no further review.
KNOWN = ("review", "adjudication", "gold")


class Sampled(NamedTuple):
    """One asset of the sample. `accepted` is None until its review is in; `given` is the class that
    was judged, `fixed` whether an error was put right, `known` whether it needed no review."""

    asset_id: int
    step: int
    given: str | None
    accepted: bool | None
    fixed: bool
    known: bool


_RESULTS = text(
    """
    SELECT sample.asset_id, sample.step, sample.task_id IS NULL AS known,
           coalesce(before.key, now.key) AS given, review.key AS answered,
           review.verdict, before.key AS before, review.by_labeller, now.key AS now
    FROM review_sample sample
    LEFT JOIN LATERAL (
        SELECT label.payload ->> 'class' AS key, label.payload ->> 'verdict' AS verdict,
               label.created_at AS at,
               EXISTS (
                   SELECT FROM assignment own JOIN task ON task.id = own.task_id
                   WHERE task.asset_id = sample.asset_id AND task.stage IN ('label', 'rework')
                     AND own.labeller_id = assignment.labeller_id AND own.state = 'submitted'
               ) AS by_labeller
        FROM assignment JOIN label ON label.assignment_id = assignment.id
        WHERE assignment.task_id = sample.task_id AND assignment.state = 'submitted'
        ORDER BY assignment.surplus, assignment.id, label.revision DESC LIMIT 1
    ) review ON true
    LEFT JOIN LATERAL (
        SELECT label ->> 'class' AS key FROM consensus
        WHERE consensus.asset_id = sample.asset_id AND consensus.at < review.at
        ORDER BY version DESC LIMIT 1
    ) before ON true
    LEFT JOIN LATERAL (
        SELECT label ->> 'class' AS key FROM consensus
        WHERE consensus.asset_id = sample.asset_id ORDER BY version DESC LIMIT 1
    ) now ON true
    WHERE sample.batch_id = :batch ORDER BY sample.asset_id
    """
)


def results(session: Session, batch_id: int) -> list[Sampled]:
    """The sample of a batch and what its reviews came to.

    A review by somebody who labelled the asset is not counted: the asset stays unjudged.
    """
    found = []
    for row in session.execute(_RESULTS, {"batch": batch_id}):
        accepted: bool | None = None
        if row.known:
            accepted = True
        elif row.answered is not None and not row.by_labeller:
            accepted = row.answered == row.before if row.before else row.verdict == "accept"
        fixed = accepted is False and row.now == row.answered
        found.append(Sampled(row.asset_id, row.step, row.given, accepted, fixed, row.known))
    return found


def draw_review_sample(
    session: Session, batch: Batch, n: int, by: User, *, seed: int | None = None
) -> int:
    """Draw n more assets of the batch at random and open their reviews; returns how many it drew.

    All that are left are drawn when n is larger. Each asset has the same chance, whatever is known
    of it: one whose label a person has decided already is in the sample without another review.
    Raises InvalidInput when n < 1, NotReady while labels are still coming in, Frozen.
    """
    if n < 1:
        raise InvalidInput("expected a number of at least 1", field="n")
    batch = lanes.lock_batch(session, batch.id)
    if batch.state == "delivered":
        raise Frozen
    _refuse_unfinished(session, batch)
    left = session.scalars(
        select(Asset.id)
        .where(
            Asset.batch_id == batch.id,
            ~select(ReviewSample).where(ReviewSample.asset_id == Asset.id).exists(),
        )
        .order_by(Asset.id)
    ).all()
    if not left:
        return 0
    last = select(func.max(ReviewSample.step)).where(ReviewSample.batch_id == batch.id)
    step = 1 + (session.scalar(last) or 0)
    seed = secrets.randbits(62) if seed is None else seed
    chosen = np.random.default_rng(seed).choice(left, min(n, len(left)), replace=False)
    drawn = sorted(int(i) for i in chosen)
    _record(session, batch, drawn, _open_reviews(session, batch, drawn), step, seed, by)
    audit_log.record(
        session,
        by,
        "batch.review_sample_drawn",
        f"batch:{batch.id}",
        organisation_id=session.get_one(Project, batch.project_id).organisation_id,
        drawn=len(drawn),
        step=step,
        seed=str(seed),
    )
    return len(drawn)


def note(session: Session, batch: Batch, drawn: dict[int, int]) -> None:
    """Record reviews (asset id → round) drawn by chance as labels came in: step 0 of the sample."""
    if not drawn:
        return
    asset = Task.asset_id
    chosen = select(
        asset, literal(batch.id), Task.id, literal(0), literal(0), literal(clock_time.now())
    ).where(
        Task.stage == "review",
        func.row(asset, Task.round).in_([func.row(a, r) for a, r in sorted(drawn.items())]),
    )
    columns = ["asset_id", "batch_id", "task_id", "step", "seed", "drawn_at"]
    session.execute(pg_insert(ReviewSample).from_select(columns, chosen).on_conflict_do_nothing())


_UNFINISHED = text(
    """
    SELECT EXISTS (
        SELECT FROM task JOIN lane ON lane.id = task.lane_id
        WHERE lane.batch_id = :batch AND task.stage IN ('label', 'rework', 'adjudicate')
          AND (task.open OR task.n_leased > 0)
    ) OR EXISTS (
        SELECT FROM asset WHERE asset.batch_id = :batch
          AND NOT EXISTS (SELECT FROM consensus WHERE consensus.asset_id = asset.id)
    )
    """
)


def _refuse_unfinished(session: Session, batch: Batch) -> None:
    # A sample of the labels that happen to be in says nothing of those that are not.
    if session.scalar(_UNFINISHED, {"batch": batch.id}):
        raise NotReady("A sample can be drawn when every asset of the batch has its label.")


_STATE = text(
    """
    SELECT asset.id, now.method,
           (SELECT min(task.id) FROM task WHERE task.asset_id = asset.id
              AND task.stage = 'review' AND (task.open OR task.n_leased > 0)) AS unfinished,
           (SELECT coalesce(max(task.round), 0) FROM task
            WHERE task.asset_id = asset.id AND task.stage = 'review') AS rounds
    FROM asset JOIN LATERAL (
        SELECT method FROM consensus WHERE consensus.asset_id = asset.id
        ORDER BY version DESC LIMIT 1
    ) now ON true
    WHERE asset.id = ANY(:assets)
    """
)


def _open_reviews(session: Session, batch: Batch, drawn: Sequence[int]) -> dict[int, int]:
    """Asset id → the task that reviews it; assets whose label is known already are not in it."""
    tasks: dict[int, int] = {}
    fresh: dict[int, list[int]] = {}
    for asset, method, unfinished, rounds in session.execute(_STATE, {"assets": list(drawn)}):
        if method in KNOWN:
            continue
        if unfinished is not None:
            tasks[asset] = unfinished
        else:
            fresh.setdefault(rounds + 1, []).append(asset)
    if fresh:
        lane = lanes.lane_for(session, batch, "review")
        for number, assets in sorted(fresh.items()):
            opened = lanes.open_tasks(
                session, lane, assets, wanted=1, round=number, priority=batch.priority
            )
            rows = session.execute(select(Task.asset_id, Task.id).where(Task.id.in_(opened)))
            for asset, task in rows:
                tasks[asset] = task
    return tasks


def _record(
    session: Session,
    batch: Batch,
    drawn: Sequence[int],
    tasks: dict[int, int],
    step: int,
    seed: int,
    by: User,
) -> None:
    common = {
        "batch_id": batch.id,
        "step": step,
        "seed": seed,
        "drawn_at": clock_time.now(),
        "drawn_by": by.id,
    }
    rows = [{"asset_id": asset, "task_id": tasks.get(asset), **common} for asset in drawn]
    session.execute(insert(ReviewSample), rows)
