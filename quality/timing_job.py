"""Pace of labellers and difficulty of assets, brought up to date for projects with new answers.

The measures are those of the CSV audit. A skip because an asset is unclear, broken or outside the
classes counts as an answer that nobody else gave: it speaks of the asset, and carries no time. So
does a question about it, in the difficulty alone: it is a second word of somebody who also answers,
and the test behind a flag asks for the words of different people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, projects
from ops.db import transaction
from ops.models import Project
from quality import timing, timing_flags, trust
from quality.measures import flags as measure_flags
from quality.measures.agreement import label_counts
from quality.measures.arrays import Floats, Ints
from quality.measures.difficulty import difficulty
from quality.measures.standing import Standings
from quality.models import AssetDifficulty, LabellerPace
from quality.timing_answers import Answers, disagreement, read

# An event is dated when it is made and seen when it is committed: look back this far.
OVERLAP = timedelta(seconds=10)
# A difficulty that moves by less than this is not worth a write.
WORTH_WRITING = 0.01
YELLOW = 0.05  # p-value that is noted, though not at the stated rate of false discoveries


def update_all(sessions: sessionmaker[Session]) -> int:
    """Bring every project with new answers up to date; returns how many projects."""
    with transaction(sessions) as session:
        due = list(session.scalars(_DUE, {"overlap": OVERLAP}))
    done = 0
    for project_id in due:
        with transaction(sessions) as session:
            done += update_project(session, session.get_one(Project, project_id))
    return done


_DUE = text(
    """
    SELECT project.id FROM project
    CROSS JOIN LATERAL (
        SELECT coalesce(max(pace.at) - CAST(:overlap AS interval), project.created_at) AS last
        FROM labeller_pace pace WHERE pace.project_id = project.id) looked
    WHERE project.state IN ('running', 'paused') AND (EXISTS (
        SELECT FROM work_event event
        WHERE event.project_id = project.id AND event.kind IN ('submitted', 'surplus', 'skipped')
          AND event.at > looked.last)
      OR EXISTS (SELECT FROM issue
                 WHERE issue.project_id = project.id AND issue.opened_at > looked.last))
    ORDER BY project.id
    """
)


def update_project(session: Session, project: Project) -> bool:
    """Recompute pace, difficulty and flags from stored answers; running it twice changes nothing.

    False when another process is at it or there are no answers.
    """
    mine = text("SELECT pg_try_advisory_xact_lock(hashtextextended('quality.timing', :project))")
    if not session.scalar(mine, {"project": project.id}):
        return False
    at = clock_time.now()
    answers = read(session, project)
    if not answers.answered.any():
        return False
    judged = judge(session, project, answers)
    _write_pace(session, project, answers, judged, at)
    _write_difficulty(session, project, answers, judged, at)
    timing_flags.update(session, project, answers, judged)
    return True


@dataclass(frozen=True)
class Judged:
    """What the measures make of the answers; arrays by labeller or by asset."""

    usable: timing.Usable
    pace: timing.Pace
    mad_log: Floats
    standings: Standings
    labeller_flags: measure_flags.LabellerFlags
    times: timing.AssetTimes | None
    score: Floats
    asset_flags: measure_flags.AssetFlags
    votes: Ints


def judge(session: Session, project: Project, a: Answers) -> Judged:
    """Pace, standing, flags and difficulty at the project's false-discovery rate."""
    rate = projects.settings_of(project).false_discovery_rate
    n_labellers, n_assets = len(a.labellers), len(a.assets)
    usable = timing.usable(a.labeller, a.seconds, n_labellers, a.order)
    pace = timing.pace(a.labeller, a.seconds, n_labellers, a.order)
    standings = _standings(session, project, a)
    found = measure_flags.flag_labellers(standings, pace if usable.usable else None, rate)
    # Answers of flagged labellers are no evidence against an asset.
    kept = ~found.flagged[a.labeller]
    where, what, who = a.asset[kept], a.label[kept], a.labeller[kept]
    times = timing.asset_times(where, pace.residual[kept], n_assets) if usable.usable else None
    puzzled = np.repeat(np.arange(n_assets), 0 if a.asked is None else a.asked)
    z = np.concatenate([pace.z[kept], np.full(puzzled.size, np.nan)]) if usable.usable else None
    hard = difficulty(
        np.concatenate([where, puzzled]),
        np.concatenate([what, np.full(puzzled.size, a.n_classes, what.dtype)]),
        n_assets, a.n_classes + 1, z, disagreement=disagreement(a, kept),
    )  # fmt: skip
    votes = label_counts(where, what, n_assets, a.n_classes + 1)
    # Who skips often differs often: that is theirs, not the asset's.
    answers = np.bincount(a.labeller, minlength=n_labellers)
    skips = np.bincount(a.labeller[a.skipped], minlength=n_labellers)
    accuracy = standings.mean * (1 - skips / np.maximum(answers, 1))
    asset_flags = measure_flags.flag_assets(where, who, votes, accuracy, times, rate)
    return Judged(
        usable, pace, _mad_log(a), standings, found, times, hard.score, asset_flags, votes
    )


def _standings(session: Session, project: Project, a: Answers) -> Standings:
    believed = trust.standings(session, (int(i) for i in a.labellers), project.skill_id)
    rows = [believed[int(i)] for i in a.labellers]
    mean, low, high, n = (np.array(column) for column in zip(*rows, strict=True))
    return Standings(mean, low, high, (high - low) / (2 * 1.96), n)


def _mad_log(a: Answers) -> Floats:
    """Median absolute deviation of each labeller's log seconds from their own median."""
    timed = np.isfinite(a.seconds)
    who, log = a.labeller[timed], np.log(a.seconds[timed])
    middle = timing.group_median(who, log, len(a.labellers))
    return timing.group_median(who, np.abs(log - middle[who]), len(a.labellers))


def _write_pace(
    session: Session, project: Project, a: Answers, judged: Judged, at: datetime
) -> None:
    counts = np.bincount(a.labeller[a.answered], minlength=len(a.labellers))
    ratio = judged.pace.ratio()
    rows = [
        {
            "project_id": project.id,
            "labeller_id": int(labeller_id),
            "answers": int(counts[i]),
            "median_seconds": _or_none(judged.pace.median[i]),
            "mad_log": _or_none(judged.mad_log[i]),
            # Times that do not describe single answers say nothing of pace.
            "pace": _or_none(ratio[i]) if judged.usable.usable else None,
            "at": at,
        }
        for i, labeller_id in enumerate(a.labellers)
    ]
    _upsert(session, LabellerPace, rows)


def _write_difficulty(
    session: Session, project: Project, a: Answers, judged: Judged, at: datetime
) -> None:
    known = {
        row.asset_id: row
        for row in session.execute(
            select(
                AssetDifficulty.asset_id,
                AssetDifficulty.difficulty,
                AssetDifficulty.colour,
                AssetDifficulty.reason,
            ).where(AssetDifficulty.project_id == project.id)
        )
    }
    skips = np.bincount(a.asset[a.skipped], minlength=len(a.assets))
    asked = np.zeros_like(skips) if a.asked is None else a.asked
    rows = []
    for i in np.flatnonzero(~np.isnan(judged.score)):
        asset_id, score = int(a.assets[i]), round(float(judged.score[i]), 4)
        colour = _colour(judged, int(i))
        reason = timing_flags.asset_reason(judged, int(i)) if colour != "green" else ""
        old = known.get(asset_id)
        same = old is not None and (old.colour, old.reason) == (colour, reason)
        if old and same and abs(old.difficulty - score) < WORTH_WRITING:
            continue
        rows.append(
            {
                "asset_id": asset_id,
                "project_id": project.id,
                "difficulty": score,
                "colour": colour,
                "reason": reason,
                "parts": timing_flags.parts(judged, int(i), int(skips[i]), int(asked[i])),
                "at": at,
            }
        )
    _upsert(session, AssetDifficulty, rows)


def _colour(judged: Judged, i: int) -> str:
    if judged.asset_flags.flagged[i]:
        return "red"
    return "yellow" if judged.asset_flags.p[i] < YELLOW else "green"


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _upsert(session: Session, model: Any, rows: list[dict[str, Any]], chunk: int = 2000) -> None:
    keys = [column.name for column in model.__table__.primary_key]
    for start in range(0, len(rows), chunk):
        statement = upsert(model).values(rows[start : start + chunk])
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        session.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=changed),
            execution_options={"synchronize_session": False},
        )
