"""How many answers an asset gets: drawn when it comes in, changed afterwards by a lead.

The draw is kept as what its task wants: nobody can foresee it, and it is the same at every asking.
With dynamic overlap a task starts at the minimum, and the judging job asks for more.
"""

import secrets

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from ops import audit_log, lanes
from ops.errors import Frozen, InvalidInput
from ops.models import Batch, Lane, Project, User
from ops.project_settings import ProjectSettings

MOST = 25
_lots = secrets.SystemRandom()


def draw(settings: ProjectSettings, n: int) -> list[int]:
    """What the label tasks of `n` new assets want."""
    most = at_first(settings)
    if settings.overlap.kind != "share":
        return [most] * n
    return [most if _lots.random() < settings.overlap.share else 1 for _ in range(n)]


def at_first(settings: ProjectSettings) -> int:
    """How many labellers it takes to answer a new asset as often as it is wanted to begin with."""
    dynamic = settings.overlap.kind == "dynamic"
    return settings.overlap.minimum if dynamic else settings.wanted_answers


def at_most(settings: ProjectSettings) -> int:
    """The most answers that the settings ask of one asset."""
    if settings.overlap.kind == "dynamic":
        return settings.overlap.maximum
    return settings.wanted_answers


def limits(settings: ProjectSettings) -> tuple[int, int]:
    """Between which numbers a lead may set the answers wanted of a batch."""
    terms = settings.overlap
    return (terms.minimum, terms.maximum) if terms.kind == "dynamic" else (1, MOST)


# Work that is being answered or waits for it. Rows are locked in the order of their ids, like
# everywhere; what is answered or held stays wanted, so that it can be handed in. Lanes are given as
# values: joined, a task that moves between two of them while its lock is waited for would be lost.
_SET = """
    WITH changing AS MATERIALIZED (
        SELECT id FROM task
        WHERE lane_id = ANY(:lanes) AND round > 0 AND wanted > n_done {which}
        ORDER BY id FOR NO KEY UPDATE)
    UPDATE task SET wanted = greatest(:wanted, task.n_done + task.n_leased)
    FROM changing
    WHERE task.id = changing.id AND task.wanted <> greatest(:wanted, task.n_done + task.n_leased)
    RETURNING task.lane_id
"""
_ALL = text(_SET.format(which=""))
_UP_TO = text(_SET.format(which="AND wanted BETWEEN :wanted + 1 AND :before"))
_BEHIND_CURSORS = text("UPDATE lane SET generation = generation + 1 WHERE id = ANY(:lanes)")


def set_for_batch(session: Session, batch: Batch, wanted: int, *, by: User) -> int:
    """Let every asset of `batch` whose label is not finished get `wanted` answers.

    Never fewer than are given or being given. Returns how many tasks changed. Raises InvalidInput
    outside 1 to 25, or outside minimum and maximum where overlap is dynamic; Frozen.
    """
    batch = lanes.lock_batch(session, batch.id)
    if batch.state == "delivered":
        raise Frozen
    low, high = limits(ProjectSettings.model_validate(batch.project.settings))
    if not low <= wanted <= high:
        raise InvalidInput(f"answers wanted must lie between {low} and {high}", field="wanted")
    of_batch = _label_lanes(session, Batch.id == batch.id)
    changed = session.scalars(_ALL, {"lanes": of_batch, "wanted": wanted}).all()
    session.execute(_BEHIND_CURSORS, {"lanes": sorted(set(changed))})
    audit_log.record(
        session,
        by,
        "batch.wanted_set",
        f"batch:{batch.id}",
        organisation_id=batch.project.organisation_id,
        wanted=wanted,
        tasks=len(changed),
    )
    return len(changed)


def clamp(session: Session, project: Project, before: ProjectSettings) -> int:
    """After the settings ask for fewer answers than `before`: so does the work that is open.

    What a lead had raised above the settings for one batch stays. Returns how many tasks changed.
    """
    most = at_most(ProjectSettings.model_validate(project.settings))
    if most >= at_most(before):
        return 0
    of_project = _label_lanes(session, Batch.project_id == project.id)
    values = {"lanes": of_project, "wanted": most, "before": at_most(before)}
    return len(session.execute(_UP_TO, values).all())


def _label_lanes(session: Session, chosen: ColumnElement[bool]) -> list[int]:
    found = (
        select(Lane.id)
        .join(Batch, Batch.id == Lane.batch_id)
        .where(Lane.stage == "label", Batch.state != "delivered", chosen)
    )
    return list(session.scalars(found))
