"""Two runs over the labels of one batch, side by side."""

from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.errors import InvalidInput
from quality.models import RescoreRun

MOST_MOVED = 20
LEAST_MOVE = 0.005

_BOTH = text(
    """
    SELECT one.asset_id, one.quality AS first, two.quality AS second, one.given AS given_first,
           two.given AS given_second, one.suspect AS suspect_first, two.suspect AS suspect_second,
           one.evidence -> 'sources' <> '{}' AND two.evidence -> 'sources' <> '{}' AS heard
    FROM label_score one JOIN label_score two USING (asset_id)
    WHERE one.run_id = :first AND two.run_id = :second ORDER BY asset_id
    """
)
_TOTALS = text(
    """
    SELECT count(*) FILTER (WHERE run_id = :first) AS first,
           count(*) FILTER (WHERE run_id = :second) AS second
    FROM label_score WHERE run_id IN (:first, :second)
    """
)
_MOVED = text(
    """
    SELECT asset.id AS asset_id, asset.external_id, one.error AS error_first,
           two.error AS error_second, one.given AS given_first, two.given AS given_second
    FROM asset JOIN label_score one ON one.asset_id = asset.id AND one.run_id = :first
    JOIN label_score two ON two.asset_id = asset.id AND two.run_id = :second
    WHERE asset.id = ANY(:assets)
    """
)


def compare(session: Session, first: RescoreRun, second: RescoreRun) -> dict[str, Any]:
    """What two finished runs of a batch share, and where they differ.

    Raises InvalidInput when they are of two batches or one is not done.
    """
    if first.batch_id != second.batch_id:
        raise InvalidInput("these runs are of two batches; compare runs of one", field="run")
    unfinished = next((run for run in (first, second) if run.state != "done"), None)
    if unfinished is not None:
        raise InvalidInput(f"{unfinished.name} is not done", field="run")
    ids = {"first": first.id, "second": second.id}
    rows = session.execute(_BOTH, ids).all()
    totals = session.execute(_TOTALS, ids).one()
    # What nobody spoke of has no quality to compare.
    heard = [row for row in rows if row.heard]
    quality = np.array([(row.first, row.second) for row in heard]).reshape(-1, 2)
    suspects = np.array([(r.suspect_first, r.suspect_second) for r in rows], bool).reshape(-1, 2)
    return {
        "first": _run(first),
        "second": _run(second),
        "both": len(rows),
        "only_first": totals.first - len(rows),
        "only_second": totals.second - len(rows),
        "labels_changed": sum(row.given_first != row.given_second for row in rows),
        "suspects": {
            "both": int(suspects.all(axis=1).sum()),
            "only_first": int((suspects[:, 0] & ~suspects[:, 1]).sum()),
            "only_second": int((suspects[:, 1] & ~suspects[:, 0]).sum()),
        },
        "rank_correlation": _rank_correlation(quality),
        "error_rate_change": _change(first, second),
        "differences": _differences(first, second),
        "moved": _moved(session, ids, heard, quality),
    }


def _run(run: RescoreRun) -> dict[str, Any]:
    kept = ("labels", "suspects", "error_rate", "low", "high", "basis", "weak")
    summary = {name: run.summary.get(name) for name in kept}
    return {"id": run.id, "version": run.version, "name": run.name, **summary}


def _rank_correlation(quality: np.ndarray) -> float | None:
    """Spearman's ρ of the qualities; None where one run tells no two labels apart."""
    from quality.measures.ranks import spearman  # compiles code: not for whoever only imports this

    found = spearman(quality[:, 0], quality[:, 1]).value
    return None if np.isnan(found) else float(found)


def _change(first: RescoreRun, second: RescoreRun) -> float | None:
    before, after = (run.summary.get("error_rate") for run in (first, second))
    return None if before is None or after is None else after - before


def _differences(first: RescoreRun, second: RescoreRun) -> list[dict[str, Any]]:
    """Settings and origins in which the runs differ: why their results may."""
    found = []
    for part in ("settings", "provenance"):
        one, two = getattr(first, part), getattr(second, part)
        for name in sorted(one.keys() | two.keys()):
            if one.get(name) != two.get(name) and name != "calibration":
                found.append({"name": name, "first": one.get(name), "second": two.get(name)})
    return found


def _moved(
    session: Session, ids: dict[str, int], rows: Any, quality: np.ndarray
) -> list[dict[str, Any]]:
    """The assets whose quality moved most, the furthest first."""
    apart = np.abs(quality[:, 0] - quality[:, 1])
    order = [
        int(i) for i in np.argsort(-apart, kind="stable")[:MOST_MOVED] if apart[i] >= LEAST_MOVE
    ]
    assets = [rows[i].asset_id for i in order]
    known = {row.asset_id: row for row in session.execute(_MOVED, {**ids, "assets": assets})}
    return [
        {
            **known[rows[i].asset_id]._mapping,
            "first": float(rows[i].first),
            "second": float(rows[i].second),
        }
        for i in order
    ]
