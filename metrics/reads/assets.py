"""Assets that are slow or ambiguous: worst first, found by filters, with what is needed to show."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from metrics.models import BalanceRollup
from metrics.reads.sums import Scope, frame
from ops import consensus, labels, ontologies
from ops.models import Project

if TYPE_CHECKING:
    from pandas import DataFrame

COLOURS = ("red", "yellow", "green")
# What a filter looks through of each colour and project: the hardest so many.
MOST_SEARCHED = 20_000
LONGEST = 100  # characters of a search


@dataclass(frozen=True)
class Hard:
    """None does not narrow. `label` is a class in force, `slice_` a key of the metadata and its
    value, `search` a part of a name."""

    project_id: int | None = None
    batch_id: int | None = None
    label: str | None = None
    colour: str | None = None
    slice_: tuple[str, str] | None = None
    search: str | None = None

    @property
    def filters(self) -> bool:
        """Whether what the table of difficulties holds is not enough to choose by."""
        return any((self.batch_id, self.label is not None, self.slice_, self.search))


# The worst of each colour and project are read from an index; what filters need is looked up for
# those alone. Nothing is as large as the project.
_HARD = """
    WITH worst AS (
        SELECT hard.* FROM unnest(CAST(:projects AS bigint[])) AS of (id)
        CROSS JOIN unnest(CAST(:colours AS text[])) AS shade (colour)
        CROSS JOIN LATERAL (
            SELECT * FROM asset_difficulty one
            WHERE one.project_id = of.id AND one.colour = shade.colour
            ORDER BY one.difficulty DESC, one.asset_id LIMIT :most) hard
    )
    SELECT asset.id AS asset_id, asset.external_id, batch.id AS batch_id, batch.name AS batch,
           project.id AS project_id, project.name AS project, asset.uri IS NOT NULL AS pictured,
           left(asset.text, 200) AS text, asset.meta,
           CASE WHEN project.label_type = ANY(:choices) THEN label_key(force.label) END AS label,
           worst.difficulty, worst.colour, worst.reason, worst.parts, worst.at
    FROM worst JOIN asset ON asset.id = worst.asset_id
    JOIN batch ON batch.id = asset.batch_id JOIN project ON project.id = asset.project_id
    LEFT JOIN LATERAL (
        SELECT label FROM consensus WHERE consensus.asset_id = worst.asset_id
        ORDER BY version DESC LIMIT 1) force ON true
    WHERE true {conditions}
    ORDER BY array_position(ARRAY['red', 'yellow', 'green'], worst.colour), worst.difficulty DESC,
             asset.id
    LIMIT :limit OFFSET :offset
"""
_CONDITIONS = {
    "batch_id": "AND asset.batch_id = :batch_id",
    "label": "AND project.label_type = ANY(:choices) AND label_key(force.label) = :label",
    "slice": "AND asset.meta ->> CAST(:key AS text) = :value",
    "search": "AND asset.external_id ILIKE :search",
}


def hard(
    session: Session,
    scope: Scope,
    wanted: Hard = Hard(),
    *,
    limit: int = 60,
    offset: int = 0,
) -> "DataFrame":
    """Judged assets, red before yellow before green and the hardest first. Two statements, and a
    few more where labels are no choices.

    asset_id, external_id, batch_id, batch, project_id, project, pictured, text (an excerpt), meta,
    label (the class or choice in force, None before the first), said (the same, or another label
    in words), difficulty, colour, reason, parts, at. With filters only the hardest MOST_SEARCHED of
    each colour are looked through.
    """
    of = select(Project.id).where(Project.id.in_(scope))
    if wanted.project_id is not None:
        of = of.where(Project.id == wanted.project_id)
    values: dict[str, Any] = {
        "projects": list(session.scalars(of)),
        "colours": [wanted.colour] if wanted.colour else list(COLOURS),
        "choices": list(labels.CHOICES),
        "most": MOST_SEARCHED if wanted.filters else limit + offset,
        "limit": limit,
        "offset": offset,
    }
    asked: dict[str, Any] = {}
    if wanted.batch_id:
        asked["batch_id"] = {"batch_id": wanted.batch_id}
    if wanted.label is not None:
        asked["label"] = {"label": wanted.label}
    if wanted.slice_:
        asked["slice"] = {"key": wanted.slice_[0], "value": wanted.slice_[1]}
    if wanted.search:
        asked["search"] = {"search": f"%{_literal(wanted.search[:LONGEST])}%"}
    for more in asked.values():
        values |= more
    conditions = " ".join(_CONDITIONS[name] for name in asked)
    found = frame(session, text(_HARD.format(conditions=conditions)).bindparams(**values))
    found["said"] = _said(session, found)
    for name in ("text", "label", "said"):  # beside other text pandas would make of None a NaN
        found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def _literal(search: str) -> str:
    return search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def hard_assets(
    session: Session,
    scope: Scope,
    project_id: int | None = None,
    label: str | None = None,
    colour: str | None = None,
    limit: int = 60,
) -> "DataFrame":
    """The hardest assets; see `hard`."""
    wanted = Hard(project_id=project_id, label=label, colour=colour)
    return hard(session, scope, wanted, limit=limit)


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


def colours(
    session: Session,
    scope: Scope,
    project_id: int | None = None,
    batch_id: int | None = None,
) -> "DataFrame":
    """How many judged assets are of each colour and class, as they were counted last: label (None
    is every class), colour, n. One statement."""
    key = func.nullif(BalanceRollup.label_class, "").label("label")
    statement = (
        select(key, BalanceRollup.value.label("colour"), func.sum(BalanceRollup.assets).label("n"))
        .where(BalanceRollup.dimension == "colour", BalanceRollup.project_id.in_(scope))
        .group_by(BalanceRollup.label_class, BalanceRollup.value)
        .order_by(BalanceRollup.label_class, BalanceRollup.value)
    )
    if project_id is not None:
        statement = statement.where(BalanceRollup.project_id == project_id)
    if batch_id is not None:
        statement = statement.where(BalanceRollup.batch_id == batch_id)
    found = frame(session, statement)
    found["label"] = found.label.astype(object).where(found.label.notna(), None)
    found["n"] = found.n.astype(int)
    return found
