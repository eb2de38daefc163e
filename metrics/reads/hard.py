"""Assets that are slow or ambiguous: worst first, with what is needed to show them."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from metrics.reads.quality import in_force
from metrics.reads.sums import Scope, frame
from ops.models import Asset, Batch, Project
from quality.models import AssetDifficulty

if TYPE_CHECKING:
    from pandas import DataFrame

# What a card or a tooltip can hold.
EXCERPT = 200

_worst = case({"red": 0, "yellow": 1}, value=AssetDifficulty.colour, else_=2)
_label = in_force.label["class"].astext


def hard_assets(
    session: Session,
    scope: Scope,
    project_id: int | None = None,
    label: str | None = None,
    colour: str | None = None,
    limit: int = 60,
) -> "DataFrame":
    """Judged assets, red before yellow before green and the hardest first. One statement.

    asset_id, external_id, batch_id, batch, project_id, project, pictured, text (an excerpt), label
    (the class in force, None before the first), difficulty, colour, reason, parts, at.
    """
    statement = (
        select(
            Asset.id.label("asset_id"), Asset.external_id, Batch.id.label("batch_id"),
            Batch.name.label("batch"), Project.id.label("project_id"),
            Project.name.label("project"), Asset.uri.is_not(None).label("pictured"),
            func.left(Asset.text, EXCERPT).label("text"), _label.label("label"),
            AssetDifficulty.difficulty, AssetDifficulty.colour, AssetDifficulty.reason,
            AssetDifficulty.parts, AssetDifficulty.at,
        )
        .join(AssetDifficulty, AssetDifficulty.asset_id == Asset.id)
        .join(Batch, Batch.id == Asset.batch_id)
        .join(Project, Project.id == Asset.project_id)
        .outerjoin(in_force, in_force.asset_id == Asset.id)
        .order_by(_worst, AssetDifficulty.difficulty.desc(), Asset.id)
        .limit(limit)
    )  # fmt: skip
    statement = _narrow(statement, scope, project_id)
    if label is not None:
        statement = statement.where(_label == label)
    if colour is not None:
        statement = statement.where(AssetDifficulty.colour == colour)
    found = frame(session, statement)
    for name in ("text", "label"):  # beside other text pandas would make of None a NaN
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def colours(session: Session, scope: Scope, project_id: int | None = None) -> "DataFrame":
    """How many judged assets are of each colour and class: label, colour, n. One statement."""
    statement = (
        select(_label.label("label"), AssetDifficulty.colour, func.count().label("n"))
        .select_from(AssetDifficulty)
        .outerjoin(in_force, in_force.asset_id == AssetDifficulty.asset_id)
        .group_by(_label, AssetDifficulty.colour)
        .order_by(_label, _worst)
    )
    return frame(session, _narrow(statement, scope, project_id))


def _narrow(statement: Any, scope: Scope, project_id: int | None) -> Any:
    statement = statement.where(AssetDifficulty.project_id.in_(scope))
    if project_id is not None:
        statement = statement.where(AssetDifficulty.project_id == project_id)
    return statement
