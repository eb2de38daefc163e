"""Pace of labellers, difficulty of assets and the fit itself, written where they changed."""

import json
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops.models import Project
from quality import timing_flags
from quality.models import AssetDifficulty, LabellerPace
from quality.timing_answers import Answers
from quality.timing_judged import Judged

# A difficulty that moves by less than this is not worth a write.
WORTH_WRITING = 0.01
# p-value that is noted, though not at the stated rate of false discoveries: of disagreement and
# time together, or of one of them alone.
YELLOW = 0.05


def write_pace(
    session: Session,
    project: Project,
    a: Answers,
    judged: Judged,
    signals: dict[int, dict[str, Any]],
    at: datetime,
) -> None:
    """A row for each labeller; `signals` by labeller's id."""
    counts = np.bincount(a.labeller[a.answered], minlength=len(a.labellers))
    rows = [
        {
            "project_id": project.id,
            "labeller_id": int(labeller_id),
            "answers": int(counts[i]),
            "median_seconds": _or_none(judged.median[i]),
            "mad_log": _or_none(judged.mad_log[i]),
            # Times that do not describe single answers say nothing of pace.
            "pace": _or_none(judged.ratio[i]),
            "signals": signals.get(int(labeller_id), {}),
            "at": at,
        }
        for i, labeller_id in enumerate(a.labellers)
    ]
    write(session, LabellerPace, rows)


def write_difficulty(
    session: Session, project: Project, a: Answers, judged: Judged, at: datetime
) -> None:
    """A row for each asset of which something is known, where it is another than before."""
    known = _known(session, project, a)
    skips = np.bincount(a.asset[a.skipped], minlength=len(a.assets))
    rows = []
    for i in np.flatnonzero(~np.isnan(judged.score)).tolist():
        asset_id, score = int(a.assets[i]), round(float(judged.score[i]), 4)
        colour = _colour(judged, i)
        reason = timing_flags.asset_reason(judged, i) if colour != "green" else ""
        old = known.get(asset_id)
        parts = timing_flags.parts(judged, i, int(skips[i]), int(a.asked[i]))
        now = (colour, reason, parts["answers"])
        same = old is not None and (old.colour, old.reason, old.answers) == now
        if old and same and abs(old.difficulty - score) < WORTH_WRITING:
            continue
        rows.append(
            {
                "asset_id": asset_id,
                "project_id": project.id,
                "difficulty": score,
                "colour": colour,
                "reason": reason,
                "parts": parts,
                "at": at,
            }
        )
    write(session, AssetDifficulty, rows)


_FEW = 5000


def _known(session: Session, project: Project, a: Answers) -> dict[int, Any]:
    found = select(
        AssetDifficulty.asset_id, AssetDifficulty.difficulty, AssetDifficulty.colour,
        AssetDifficulty.reason, AssetDifficulty.parts["answers"].as_integer().label("answers"),
    ).where(AssetDifficulty.project_id == project.id)  # fmt: skip
    if len(a.assets) <= _FEW:
        found = found.where(AssetDifficulty.asset_id.in_(a.assets.tolist()))
    return {row.asset_id: row for row in session.execute(found)}


def _colour(judged: Judged, i: int) -> str:
    if judged.asset_flags.flagged[i]:
        return "red"
    found = judged.asset_flags
    alone = 2 * np.fmin(found.p_disagreement[i], found.p_time[i])
    return "yellow" if np.fmin(found.p[i], alone) < YELLOW else "green"


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def write(session: Session, model: Any, rows: list[dict[str, Any]], chunk: int = 5000) -> None:
    """Insert rows, all of the same columns, or replace those that are there.

    They travel as one document: a statement with a parameter for each value of thousands of rows
    takes longer to be put together than everything else.
    """
    if not rows:
        return
    table = model.__table__.name
    keys = [column.name for column in model.__table__.primary_key]
    columns = ", ".join(rows[0])
    changed = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name not in keys)
    statement = text(
        f"INSERT INTO {table} ({columns}) SELECT {columns} "
        f"FROM jsonb_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS jsonb)) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"
    )
    for start in range(0, len(rows), chunk):
        document = json.dumps(rows[start : start + chunk], default=str, allow_nan=False)
        session.execute(statement, {"rows": document})
