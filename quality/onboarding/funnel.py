"""How long applicants stay in each stage, and where they drop out; from their moves alone."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.orm import Session

from ops.applicants import stages, visible
from ops.models import PipelineStage, User
from quality.measures.classes import Rate, rate


class Step(NamedTuple):
    """One stage as of a moment. Durations are of stays that ended, in days; None where none did.

    `reached` counts applicants who were ever in it, `here` those who are in it now. A stay that
    ended went `on` to a later stage, `back` to an earlier one, or ended in one that means left:
    `dropped` is the share of these, undefined (nan) where no stay ended.
    """

    stage: PipelineStage
    reached: int
    here: int
    ended: int
    on: int
    back: int
    median_days: float | None
    low_days: float | None
    high_days: float | None
    dropped: Rate


# A stay begins with the move into a stage and ends with the next move. Where two moves of one
# applicant have one moment, the one written later comes later.
_STAYS = """
    WITH stay AS (
        SELECT move.applicant_id, move.to_stage_id AS stage_id, move.at AS since,
               lead(move.at) OVER mine AS until, lead(move.to_stage_id) OVER mine AS next_id
        FROM applicant_move move
        JOIN applicant ON applicant.id = move.applicant_id
        WHERE move.at <= :at AND applicant.same_as IS NULL AND applicant.opening_id IN :openings
        WINDOW mine AS (PARTITION BY move.applicant_id ORDER BY move.at, move.id)
    ), timed AS (
        SELECT stay.*, stage.position AS place, next.position AS next_place, next.meaning AS next,
               CASE WHEN until IS NOT NULL
                    THEN extract(epoch FROM until - since) / 86400 END AS days
        FROM stay JOIN pipeline_stage stage ON stage.id = stay.stage_id
        LEFT JOIN pipeline_stage next ON next.id = stay.next_id
    )
    SELECT stage_id,
           count(DISTINCT applicant_id) AS reached,
           count(*) FILTER (WHERE next_id IS NULL) AS here,
           count(next_id) AS ended,
           count(*) FILTER (WHERE next <> 'left' AND next_place > place) AS went_on,
           count(*) FILTER (WHERE next <> 'left' AND next_place <= place) AS went_back,
           count(*) FILTER (WHERE next = 'left') AS dropped,
           percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY days) AS days
    FROM timed GROUP BY stage_id"""


def steps(session: Session, user: User, at: datetime, opening_id: int | None = None) -> list[Step]:
    """A step for every stage in use, in their order, as of `at`.

    Of the applicants that `user` may see, of one opening or all; erased ones count, those merged
    into another do not. Quartiles by linear interpolation.
    """
    openings = list(session.scalars(visible.openings(user)))
    asked = [one for one in openings if opening_id in (None, one)]
    found = {}
    if asked:
        query: TextClause = text(_STAYS).bindparams(bindparam("openings", expanding=True))
        rows = session.execute(query, {"at": at, "openings": asked}).mappings()
        found = {row["stage_id"]: row for row in rows}
    return [_step(stage, found.get(stage.id)) for stage in stages.listed(session)]


def _step(stage: PipelineStage, row: Any) -> Step:
    if row is None:
        return Step(stage, 0, 0, 0, 0, 0, None, None, None, rate(0, 0))
    # percentile_cont leaves out stays that have not ended, and is null where none has.
    low, median, high = row["days"] or (None, None, None)
    return Step(
        stage, row["reached"], row["here"], row["ended"], row["went_on"], row["went_back"],
        median, low, high, rate(row["dropped"], row["ended"]),
    )  # fmt: skip
