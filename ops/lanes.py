"""Lanes and the tasks in them: how work of any stage comes to be handed out."""

from collections.abc import Sequence

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from ops import clock_time, reopened
from ops.errors import Frozen
from ops.models import Batch, Lane, Project, ProjectRequirement
from ops.project_settings import ProjectSettings

PRIORITIES = range(-1000, 1001)
LAST_PLACE = 2**31 - 1


def lane_for(session: Session, batch: Batch, stage: str, kind: str = "ordinary") -> Lane:
    """The lane of `batch` at `stage`, made when it is missing.

    It asks what the project requires for the stage; a hard one asks for its experts as well.
    """
    levels = required(session, batch.project_id, stage, kind)
    made = pg_insert(Lane).values(
        project_id=batch.project_id,
        batch_id=batch.id,
        stage=stage,
        kind=kind,
        requirement_key=requirement_key(levels),
        requirements=levels,
    )
    session.execute(
        made.on_conflict_do_nothing(
            index_elements=[Lane.batch_id, Lane.stage, Lane.kind, Lane.requirement_key]
        )
    )
    return session.scalars(
        select(Lane).where(
            Lane.batch_id == batch.id,
            Lane.stage == stage,
            Lane.kind == kind,
            Lane.requirement_key == requirement_key(levels),
        )
    ).one()


def requirement_key(levels: dict[str, int]) -> str:
    """A text that is the same for the same set of requirements: `3>=1,7>=2`."""
    return ",".join(f"{skill}>={levels[skill]}" for skill in sorted(levels, key=int))


def required(session: Session, project_id: int, stage: str, kind: str) -> dict[str, int]:
    """What it takes to work in a stage of the project: {skill id as text: level}."""
    rows = session.execute(
        select(ProjectRequirement.skill_id, ProjectRequirement.level).where(
            ProjectRequirement.project_id == project_id, ProjectRequirement.stage == stage
        )
    )
    levels = {str(skill): level for skill, level in rows}
    if kind == "hard":
        project = session.get_one(Project, project_id)
        level = ProjectSettings.model_validate(project.settings).hard.level or 1
        skill = str(project.skill_id)
        levels[skill] = max(level, levels.get(skill, 0))
    return levels


def take_over_requirements(session: Session, project_id: int, stage: str | None = None) -> None:
    """Give the existing lanes of a stage, or of all, what the project requires now.

    A batch has one lane per stage and kind, because lanes follow the requirements in place.
    """
    chosen = Lane.project_id == project_id
    if stage is not None:
        chosen &= Lane.stage == stage
    for one, kind in session.execute(select(Lane.stage, Lane.kind).where(chosen).distinct()).all():
        levels = required(session, project_id, one, kind)
        session.execute(
            update(Lane)
            .where(Lane.project_id == project_id, Lane.stage == one, Lane.kind == kind)
            .values(requirements=levels, requirement_key=requirement_key(levels))
        )


def lock_batch(session: Session, batch_id: int) -> Batch:
    """The batch as it is now, locked until the end of the transaction.

    Whoever opens tasks and whoever says that a batch is complete take this lock, so that a batch is
    never complete with work that the other could not see yet. It does not hinder new assets.
    """
    fresh = select(Batch).where(Batch.id == batch_id).execution_options(populate_existing=True)
    return session.scalars(fresh.with_for_update(key_share=True)).one()


# A task's place in its lane: the less sure a model was the earlier; otherwise by chance.
_PLACE = "least(floor(coalesce(confidence, random()) * (:last + 1.0)), :last)::bigint"

# Arrays of one length, except that a single number wanted or no confidences hold for all. Without a
# confidence the order is random.
_OPEN = text(
    f"""
    INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned,
                      created_at)
    SELECT :lane, asset, :stage, :round,
           {_PLACE},
           coalesce(wanted, :wanted), 0, 0, :again, :now
    FROM unnest(CAST(:assets AS bigint[]), CAST(:each AS smallint[]),
                CAST(:confidences AS float8[])) AS given(asset, wanted, confidence)
    WHERE asset IS NOT NULL AND asset <> ALL(:stay)
    ON CONFLICT (asset_id, stage, round) DO NOTHING
    RETURNING id
    """
)


def open_tasks(
    session: Session,
    lane: Lane,
    asset_ids: Sequence[int],
    *,
    wanted: int | Sequence[int],
    round: int = 1,
    confidences: Sequence[float | None] = (),
) -> list[int]:
    """Open a task for each asset that has none of this stage and round; returns the new ids.

    One statement, whatever the number; `wanted` may differ by asset. Assets for which a model's
    confidence (0 to 1) is given go out from the least confident on, others in random order. A
    complete batch that gets work is open again. Raises Frozen when the batch was delivered; in one
    that is open again only what was reopened gets tasks, and they go ahead of others.
    """
    batch = lock_batch(session, lane.batch_id)
    if batch.state == "delivered":
        raise Frozen("This batch was delivered; no work can be added to it.")
    again = reopened.was_delivered(session, batch.id)
    stay = reopened.staying(session, asset_ids) if again else set()
    values = {
        "lane": lane.id,
        "stage": lane.stage,
        "round": round,
        "last": LAST_PLACE,
        "assets": list(asset_ids),
        "wanted": wanted if isinstance(wanted, int) else 0,
        "each": [] if isinstance(wanted, int) else list(wanted),
        "confidences": list(confidences),
        "now": clock_time.now(),
        "again": again,
        "stay": sorted(stay),
    }
    new = list(session.scalars(_OPEN, values))
    if new:
        # They may lie behind the cursors of labellers who have been through this lane.
        session.execute(
            update(Lane).where(Lane.id == lane.id).values(generation=Lane.generation + 1)
        )
        if wanted:
            reopen(session, batch)
    return new


# What is finished stays where it is; rows are locked in the order of their ids, like everywhere.
_AGAIN = text(
    f"""
    WITH moving AS MATERIALIZED (
        SELECT id, asset_id FROM task
        WHERE lane_id = ANY(:lanes) AND round > 0 AND wanted > n_done
        ORDER BY id FOR NO KEY UPDATE),
    known AS (
        SELECT moving.id, CASE WHEN :by_confidence
            THEN (meta #>> '{{prediction,confidence}}')::float8 END AS confidence
        FROM moving JOIN asset ON asset.id = moving.asset_id
        WHERE meta #> '{{prediction,confidence}}' BETWEEN '0' AND '1')
    UPDATE task SET npri = {_PLACE} FROM known WHERE task.id = known.id
    RETURNING task.lane_id
    """
)


def order_again(session: Session, project_id: int, *, uncertain_first: bool) -> None:
    """Put open label work with a model's confidence in the order of it, or back to chance."""
    chosen = select(Lane.id).where(Lane.project_id == project_id, Lane.stage == "label")
    values = {
        "lanes": list(session.scalars(chosen)),
        "by_confidence": uncertain_first,
        "last": LAST_PLACE,
    }
    moved = set(session.scalars(_AGAIN, values))
    session.execute(update(Lane).where(Lane.id.in_(moved)).values(generation=Lane.generation + 1))


def reopen(session: Session, batch: Batch) -> None:
    """A complete batch that has work again, and is locked by the caller, is open."""
    if batch.state == "complete":
        batch.state, batch.completed_at = "open", None
        session.flush()


_BATCHES = text(
    """
    SELECT DISTINCT asset.batch_id FROM task JOIN asset ON asset.id = task.asset_id
    WHERE task.id = ANY(:tasks) ORDER BY 1
    """
)
# Joined with the asset, not the lane: a task may move to another lane while its lock is waited for.
_MORE = """
    WITH held AS MATERIALIZED (
        SELECT task.id, asset.batch_id
        FROM unnest(CAST(:tasks AS bigint[]), CAST(:seen AS integer[])) AS given(id, seen)
        JOIN task ON task.id = given.id JOIN asset ON asset.id = task.asset_id
        WHERE task.wanted > 0 AND task.n_done >= task.wanted
          AND task.n_done = coalesce(given.seen, task.n_done)
          AND asset.batch_id = ANY(:batches) AND NOT label_stays(asset.batch_id, asset.id)
        ORDER BY task.id FOR NO KEY UPDATE OF task {waiting}
    )
    UPDATE task SET wanted = task.wanted + :n, returned = true
    FROM held WHERE task.id = held.id
    RETURNING task.id, held.batch_id
"""


def want_more(
    session: Session,
    task_ids: Sequence[int],
    n: int = 1,
    *,
    seen: Sequence[int] = (),
    wait: bool = True,
) -> set[int]:
    """Ask for `n` more answers of those of the tasks that have all they want; returns their ids.

    They come back into the queue before what nobody has looked at yet, and open a complete batch
    again. Nothing is asked of gold or of a delivered batch. Without `wait`, a task whose row
    somebody holds just now is left as it is; so is one with another number of answers by now than
    its entry in `seen`. Takes the locks of batches, then of tasks by id.
    """
    if not task_ids:
        return set()
    asked = {"tasks": list(task_ids)}
    batches = [lock_batch(session, one) for one in session.scalars(_BATCHES, asked)]
    live = {batch.id: batch for batch in batches if batch.state != "delivered"}
    statement = text(_MORE.format(waiting="" if wait else "SKIP LOCKED"))
    raised = session.execute(
        statement, {**asked, "n": n, "seen": list(seen), "batches": list(live)}
    ).all()
    for batch_id in {row.batch_id for row in raised}:
        reopen(session, live[batch_id])
    return {row.id for row in raised}
