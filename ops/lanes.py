"""Lanes and the tasks in them: how work of any stage comes to be handed out."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from ops.errors import Frozen
from ops.models import Batch, Lane, Project, ProjectRequirement, Task
from ops.project_settings import ProjectSettings

PRIORITY_STEP = 2**32
PRIORITIES = range(-1000, 1001)
RANDOM_MASK = 2**31 - 1


def lane_for(session: Session, batch: Batch, stage: str, kind: str = "ordinary") -> Lane:
    """The lane of `batch` at `stage`, made when it is missing.

    It asks what the project requires for the stage; a hard one asks for its experts as well.
    """
    levels = _required(session, batch.project_id, stage, kind)
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


def _required(session: Session, project_id: int, stage: str, kind: str) -> dict[str, int]:
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
        levels = _required(session, project_id, one, kind)
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


def open_tasks(
    session: Session,
    lane: Lane,
    asset_ids: Sequence[int],
    *,
    wanted: int,
    round: int = 1,
    priority: int = 0,
) -> list[int]:
    """Open a task for each asset that has none of this stage and round; returns the new ids.

    One statement, whatever the number. Tasks of one priority go out in random order. A complete
    batch that gets work is open again. Raises Frozen when the batch was delivered.
    """
    batch = lock_batch(session, lane.batch_id)
    if batch.state == "delivered":
        raise Frozen("This batch was delivered; no work can be added to it.")
    asset = func.unnest(bindparam("assets", list(asset_ids), ARRAY(BigInteger))).column_valued("a")
    chance = cast(func.floor(func.random() * (RANDOM_MASK + 1)), BigInteger)
    npri = literal(-priority * PRIORITY_STEP, BigInteger) + chance
    rows = select(
        literal(lane.id, BigInteger),
        asset,
        literal(lane.stage),
        literal(round),
        npri,
        literal(wanted),
    )
    columns = ["lane_id", "asset_id", "stage", "round", "npri", "wanted"]
    made = (
        pg_insert(Task)
        .from_select(columns, rows)
        .on_conflict_do_nothing(index_elements=[Task.asset_id, Task.stage, Task.round])
        .returning(Task.id)
    )
    new = list(session.scalars(made))
    if new:
        # They may lie behind the cursors of labellers who have been through this lane.
        session.execute(
            update(Lane).where(Lane.id == lane.id).values(generation=Lane.generation + 1)
        )
        if wanted and batch.state == "complete":
            batch.state, batch.completed_at = "open", None
            session.flush()
    return new
