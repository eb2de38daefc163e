"""What reviews said of the suspects so far: accepted, the label was right; changed, it was not."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from quality.measures.classes import rate
from quality.models import RescoreRun

_OUTCOMES = text(
    """
    SELECT coalesce(error, 'doubted') AS error, count(*) AS suspects,
           count(*) FILTER (WHERE outcome = 'changed') AS changed,
           count(*) FILTER (WHERE outcome = 'accepted') AS accepted
    FROM label_score WHERE run_id = :run AND suspect
    GROUP BY 1 ORDER BY 2 DESC, 1
    """
)


def of_run(session: Session, run: RescoreRun) -> dict[str, Any]:
    """Precision of the suspects of a run: {"all": figures, "by_error": {kind: figures}}.

    Figures are suspects, changed, accepted, and value with its 95 % interval low to high (Wilson):
    the share of the n reviewed that were real; None while nothing was reviewed.
    """
    rows = session.execute(_OUTCOMES, {"run": run.id}).all()
    by_error = {row.error: _figures(row.suspects, row.changed, row.accepted) for row in rows}
    totals = [
        sum(getattr(row, name) for row in rows) for name in ("suspects", "changed", "accepted")
    ]
    return {"all": _figures(*totals), "by_error": by_error}


def _figures(suspects: int, changed: int, accepted: int) -> dict[str, Any]:
    share = rate(changed, changed + accepted)
    known = share.n > 0
    return {
        "suspects": suspects,
        "changed": changed,
        "accepted": accepted,
        "n": share.n,
        "value": share.value if known else None,
        "low": share.low if known else None,
        "high": share.high if known else None,
    }
