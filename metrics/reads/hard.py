"""Assets that are slow or ambiguous: worst first, with what is needed to show them."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from metrics.reads.quality import in_force
from metrics.reads.sums import Scope, frame
from ops import consensus, labels, ontologies
from ops.models import Asset, Batch, Project
from quality.models import AssetDifficulty

if TYPE_CHECKING:
    from pandas import DataFrame

# What a card or a tooltip can hold.
EXCERPT = 200

_worst = case({"red": 0, "yellow": 1}, value=AssetDifficulty.colour, else_=2)
_label = case((Project.label_type.in_(labels.CHOICES), func.label_key(in_force.label)))


def hard_assets(
    session: Session,
    scope: Scope,
    project_id: int | None = None,
    label: str | None = None,
    colour: str | None = None,
    limit: int = 60,
) -> "DataFrame":
    """Judged assets, red before yellow before green and the hardest first. One statement, and a
    few more where labels are no choices.

    asset_id, external_id, batch_id, batch, project_id, project, pictured, text (an excerpt), label
    (the class or choice in force, None before the first), said (the same, or another label in
    words), difficulty, colour, reason, parts, at.
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
    found["said"] = _said(session, found)
    for name in ("text", "label", "said"):  # beside other text pandas would make of None a NaN
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def _said(session: Session, found: "DataFrame") -> list[str | None]:
    """The label in force in words, where it is no choice; else as it is."""
    said: list[str | None] = [key if isinstance(key, str) else None for key in found.label]
    of_project = select(Project).where(Project.id.in_(found.project_id.unique().tolist()))
    merged = {p.id: p for p in session.scalars(of_project) if p.label_type not in labels.CHOICES}
    rows = [i for i, project_id in enumerate(found.project_id) if project_id in merged]
    if not rows:
        return said
    known = consensus.current(session, [int(found.asset_id.iloc[i]) for i in rows])
    ontology = {project_id: ontologies.current(session, project_id) for project_id in merged}
    for i in rows:
        now, project_id = known.get(int(found.asset_id.iloc[i])), int(found.project_id.iloc[i])
        if now is not None:
            label_type = merged[project_id].label_type
            said[i] = labels.in_words(label_type, now.label, ontology[project_id])
    return said


def colours(session: Session, scope: Scope, project_id: int | None = None) -> "DataFrame":
    """How many judged assets are of each colour and class: label, colour, n. One statement."""
    statement = (
        select(_label.label("label"), AssetDifficulty.colour, func.count().label("n"))
        .select_from(AssetDifficulty)
        .join(Project, Project.id == AssetDifficulty.project_id)
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
