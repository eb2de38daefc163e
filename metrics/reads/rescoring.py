"""What pages and API show of a re-score run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from ops.models import ReferenceModel
from quality.models import RescoreRun

_SUSPECTS = text(
    """
    SELECT asset.id AS asset_id, asset.external_id, asset.uri, left(asset.text, 300) AS text,
           asset.width, asset.height, score.given, score.predicted, score.quality, score.error,
           score.reason, score.rank, score.evidence, score.probabilities, settled.outcome
    FROM label_score score JOIN asset ON asset.id = score.asset_id
    JOIN LATERAL (
        SELECT id, method FROM consensus WHERE consensus.asset_id = score.asset_id
        ORDER BY version DESC LIMIT 1
    ) now ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN score.outcome IS NOT NULL THEN score.outcome
                    WHEN now.id > score.consensus_id
                         AND now.method IN ('review', 'adjudication', 'gold') THEN 'decided'
               END AS outcome
    ) settled
    WHERE score.run_id = :run AND score.suspect AND (:error = '' OR score.error = :error)
    ORDER BY settled.outcome IS NOT NULL, score.rank LIMIT :limit OFFSET :offset
    """
)
# How many labels of which quality, in twenty steps from 0 to 1; of those that a source speaks of.
_HISTOGRAM = text(
    """
    SELECT least(floor(quality * 20)::int, 19) AS step, count(*) AS n
    FROM label_score WHERE run_id = :run AND evidence -> 'sources' <> '{}' GROUP BY 1
    """
)


def suspects(
    session: Session, run: RescoreRun, *, error: str = "", limit: int = 24, offset: int = 0
) -> Sequence[Row[Any]]:
    """Suspects of a run with their evidence, those that wait for a review first, then the worst."""
    values = {"run": run.id, "error": error, "limit": limit, "offset": offset}
    return session.execute(_SUSPECTS, values).all()


def qualities(session: Session, run: RescoreRun) -> list[int]:
    """How many labels lie in each twentieth of quality, from 0 to 1."""
    found = {row.step: row.n for row in session.execute(_HISTOGRAM, {"run": run.id})}
    return [int(found.get(step, 0)) for step in range(20)]


def models(session: Session, runs: Sequence[RescoreRun]) -> dict[int, ReferenceModel]:
    """The reference models of these runs, by id."""
    ids = {run.reference_model_id for run in runs if run.reference_model_id}
    found = session.scalars(select(ReferenceModel).where(ReferenceModel.id.in_(ids)))
    return {model.id: model for model in found}
