"""Gold: handed out no more."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboards.deeds.deed import Deed, Field, Terms, checked, counted, named
from ops import scope
from ops.errors import NotFound
from ops.models import Asset, Project, User
from quality import gold_batches
from quality.models import Gold

WHY = Field("reason", "Why it is retired", needed=True)


def _chosen(session: Session, by: User, ids: Sequence[int]) -> list[tuple[Gold, str]]:
    """Gold with the name of its asset. Raises NotFound when one of them may not be seen."""
    wanted = checked(ids)
    found = session.execute(
        select(Gold, Asset.external_id)
        .join(Asset, Asset.id == Gold.asset_id)
        .where(Gold.id.in_(wanted), Gold.project_id.in_(scope.projects(by)))
        .order_by(Gold.id)
    ).all()
    if len(found) < len(wanted):
        raise NotFound("Not all of these are gold of your projects.")
    return [(row[0], row[1]) for row in found]


def _foresee(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    found = [name for gold, name in _chosen(session, by, ids) if gold.state == "active"]
    return (
        f"{counted(len(found), 'asset')} will be handed out as gold no more: {named(found)}. What "
        "was scored against them stays."
    )


def _retire(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    found, why = _chosen(session, by, ids), terms.text("reason")
    retired = 0
    for project_id in sorted({gold.project_id for gold, _ in found}):
        mine = [gold.id for gold, _ in found if gold.project_id == project_id]
        project = session.get_one(Project, project_id)
        retired += gold_batches.retire_many(session, project, mine, by, reason=why)
    return f"Retired: {retired:,} gold."


GOLD = (Deed("gold.retire", "Retire gold", "gold", _foresee, _retire, (WHY,)),)
