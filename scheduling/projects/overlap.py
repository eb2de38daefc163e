"""How many answers assets get: in words, and so far in each batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops.project_settings import ProjectSettings
from scheduling import sql


@dataclass(frozen=True)
class SoFar:
    """Of a batch: answers of its finished assets, and what the unfinished want at most."""

    finished: int = 0
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    wanted: int | None = None


# A normal interval of the mean; it says nothing below two finished assets.
_SO_FAR = """
    SELECT l.batch_id,
           count(*) FILTER (WHERE t.n_done >= t.wanted) AS finished,
           avg(t.n_done) FILTER (WHERE t.n_done >= t.wanted)::float8 AS mean,
           (1.96 * stddev_samp(t.n_done) FILTER (WHERE t.n_done >= t.wanted)
            / sqrt(count(*) FILTER (WHERE t.n_done >= t.wanted)))::float8 AS half,
           max(t.wanted) FILTER (WHERE t.n_done < t.wanted) AS wanted
    FROM lane l JOIN task t ON t.lane_id = l.id
    WHERE l.batch_id = ANY(%(batches)s::bigint[]) AND l.stage = 'label' AND t.round > 0
      AND t.wanted > 0
    GROUP BY l.batch_id"""


def so_far(session: Session, batch_ids: Sequence[int]) -> dict[int, SoFar]:
    """Batch id → answers an asset so far, for batches with label tasks."""
    found = sql.rows(session, _SO_FAR, batches=list(batch_ids))
    return {row.batch_id: _so_far(row) for row in found}


def _so_far(row: object) -> SoFar:
    finished, mean, half, wanted = (getattr(row, n) for n in ("finished", "mean", "half", "wanted"))
    if mean is None or half is None:
        return SoFar(finished, mean, None, None, wanted)
    return SoFar(finished, mean, max(mean - half, 1.0), mean + half, wanted)


def words(settings: ProjectSettings) -> str:
    """What the settings ask of an asset, for a lead."""
    terms, each = settings.overlap, _answers(settings.wanted_answers)
    if terms.kind == "share":
        return f"{each} for {100 * terms.share:g} % of them, 1 for the rest"
    if terms.kind == "dynamic":
        return f"{terms.minimum} to {_answers(terms.maximum)}, until {100 * terms.target:g} % sure"
    return f"{each} each"


def _answers(n: int) -> str:
    return "1 answer" if n == 1 else f"{n} answers"
