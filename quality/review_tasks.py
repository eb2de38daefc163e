"""Review tasks: who looks at which asset, in which layer, and why it was asked for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from ops import clock_time, lanes
from ops.models import Batch, Task
from quality.models import ReviewDraw

# Layer → kind of its lane: reviewers who look one after the other.
LANE_OF = {1: "ordinary", 2: "layer_2", 3: "layer_3"}
LAYER_OF = {kind: layer for layer, kind in LANE_OF.items()}

_ASKED = text(
    """
    SELECT task.asset_id, max(task.round) AS rounds,
           min(task.id) FILTER (WHERE (task.open OR task.n_leased > 0) AND :layer =
               CASE lane.kind WHEN 'layer_2' THEN 2 WHEN 'layer_3' THEN 3 ELSE 1 END) AS waits
    FROM task JOIN lane ON lane.id = task.lane_id
    WHERE task.asset_id = ANY(:assets) AND task.stage = 'review' GROUP BY task.asset_id
    """
)


def ask(
    session: Session,
    batch: Batch,
    asset_ids: Collection[int],
    *,
    layer: int = 1,
    reason: str | None = None,
) -> dict[int, int]:
    """Asset id → the task in which its label is reviewed in this layer.

    A review that is waiting answers whoever asks for another; else one more round is opened.
    `reason` is kept with the task, the first that was given.
    """
    if not asset_ids:
        return {}
    # Of two who ask at once, the later sees what the earlier opened.
    lanes.lock_batch(session, batch.id)
    values = {"assets": sorted(asset_ids), "layer": layer}
    had = {row.asset_id: row for row in session.execute(_ASKED, values)}
    tasks = {asset: row.waits for asset, row in had.items() if row.waits is not None}
    fresh: dict[int, list[int]] = defaultdict(list)
    for asset in sorted(set(asset_ids) - tasks.keys()):
        fresh[had[asset].rounds + 1 if asset in had else 1].append(asset)
    for number, assets in sorted(fresh.items()):
        tasks |= _open(session, batch, LANE_OF[layer], assets, number)
    if reason is not None:
        explain(session, tasks.values(), layer, reason)
    return tasks


def _open(
    session: Session, batch: Batch, kind: str, assets: Sequence[int], number: int
) -> dict[int, int]:
    lane = lanes.lane_for(session, batch, "review", kind)
    opened = lanes.open_tasks(session, lane, assets, wanted=1, round=number)
    rows = session.execute(select(Task.asset_id, Task.id).where(Task.id.in_(opened)))
    return {row.asset_id: row.id for row in rows}


def explain(session: Session, task_ids: Iterable[int], layer: int, reason: str) -> None:
    """Say why these reviews were asked for, where nobody has said so yet."""
    at = clock_time.now()
    rows = [{"task_id": t, "layer": layer, "reason": reason, "drawn_at": at} for t in task_ids]
    if rows:
        session.execute(pg_insert(ReviewDraw).values(rows).on_conflict_do_nothing())


def layers_of(session: Session, task_ids: Collection[int]) -> dict[int, int]:
    """Review task id → its layer."""
    rows = session.execute(
        text(
            "SELECT t.id, l.kind FROM task t JOIN lane l ON l.id = t.lane_id WHERE t.id = ANY(:t)"
        ),
        {"t": sorted(task_ids)},
    )
    return {task: LAYER_OF.get(kind, 1) for task, kind in rows}
