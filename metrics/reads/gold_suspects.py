"""Whether gold is right, and whether it is known: what good labellers miss, what leaks."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from metrics.models import DailyRollup
from metrics.reads.sums import LABELLING, Scope, frame, of_stages, sums
from ops.models import Asset, Flag, Project, User
from quality.gold import QUESTIONED
from quality.measures import surprise
from quality.models import Gold

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_SUSPECTS, MOST_ROWS = 24, 500

_SUSPECTS = text(
    """
    WITH suspect AS MATERIALIZED (
        SELECT id, asset_id, class_key, difficulty, discrimination, answers_n, exposures, created_at
        FROM gold
        WHERE project_id = :project AND state = 'active' AND answers_n >= :least
          AND discrimination IS NOT NULL
        ORDER BY discrimination - 0.5 * difficulty, id LIMIT :most
    )
    SELECT suspect.*, version.version, score.correct, standing.low, standing.mean, known.classes
    FROM suspect
    JOIN LATERAL (
        SELECT id, version FROM gold_version WHERE gold_version.gold_id = suspect.id
        ORDER BY version DESC LIMIT 1) version ON true
    JOIN task ON task.asset_id = suspect.asset_id
    JOIN assignment ON assignment.task_id = task.id AND assignment.state = 'submitted'
    JOIN gold_score score ON score.assignment_id = assignment.id
         AND score.gold_version_id = version.id
    JOIN project ON project.id = :project
    JOIN standing ON standing.labeller_id = assignment.labeller_id
         AND standing.skill_id = project.skill_id
    JOIN evidence known ON known.assignment_id = assignment.id AND known.kind = 'gold'
    """
)


def suspect_gold(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """Gold that tells the able from the less able worst, and what good labellers answer to it.

    gold_id, asset_id, external_id, pictured, text, class_key, version, difficulty, discrimination
    (1 is usual, below 0 the able miss it more often), answers, good (how many good labellers
    answered), missed (of them, the sum of what they fell short), wrong with wrong_low and
    wrong_high (missed ÷ good), exposures, created_at. Two statements.

    Good is who is surely right in most of the way from guessing to always right, as where gold is
    called in question (`quality.measures.surprise`).
    """
    import pandas as pd

    from metrics.definitions import shares

    allowed = select(Project.id).where(Project.id.in_(scope), Project.id == project_id)
    if session.scalar(allowed) is None:
        return pd.DataFrame()
    values = {"project": project_id, "least": surprise.LEAST_ANSWERS, "most": MOST_SUSPECTS}
    rows = frame(session, _SUSPECTS.bindparams(**values))
    if rows.empty:
        return pd.DataFrame()
    rows["able"] = surprise.good(rows.low.to_numpy(float), rows.classes.to_numpy(int))
    rows["short"] = np.where(rows.able, 1 - rows.correct.astype(float), 0.0)
    keys = ["id", "asset_id", "class_key", "version", "difficulty", "discrimination", "answers_n",
            "exposures", "created_at"]  # fmt: skip
    found = rows.groupby(keys, dropna=False).agg(good=("able", "sum"), missed=("short", "sum"))
    found = found.reset_index().rename(columns={"id": "gold_id", "answers_n": "answers"})
    found["good"] = found.good.astype(int)
    found["wrong"], found["wrong_low"], found["wrong_high"] = shares(
        np.minimum(found.missed, found.good), found.good
    )
    return _with_assets(session, found).sort_values(
        ["wrong_low", "discrimination"], ascending=[False, True], ignore_index=True
    )


def _with_assets(session: Session, found: "DataFrame") -> "DataFrame":
    listed = select(
        Asset.id.label("asset_id"), Asset.external_id, Asset.project_id,
        Asset.uri.is_not(None).label("pictured"), func.left(Asset.text, 200).label("text"),
    ).where(Asset.id.in_(found.asset_id.astype(int).tolist()))  # fmt: skip
    return found.merge(frame(session, listed), on="asset_id", how="left")


def contested_gold(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """Gold in question: gold_id, asset_id, external_id, kind, reason, at. One statement."""
    listed = (
        select(
            Gold.id.label("gold_id"), Asset.id.label("asset_id"), Asset.external_id, Flag.kind,
            Flag.reason, Flag.at,
        )
        .join(Asset, Asset.id == Flag.asset_id)
        .join(Gold, Gold.asset_id == Asset.id)
        .where(
            Flag.project_id == project_id, Flag.project_id.in_(scope),
            Flag.kind.in_(QUESTIONED), Flag.resolved_at.is_(None),
        )
        .order_by(Flag.at, Flag.id)
        .limit(MOST_ROWS)
    )  # fmt: skip
    return frame(session, listed)


_GOLD_TIMES = text(
    """
    SELECT assignment.labeller_id, count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY ln(assignment.active_ms)) AS middle
    FROM gold JOIN assignment ON assignment.task_id = gold.task_id
    WHERE gold.project_id = :project AND assignment.state = 'submitted'
      AND assignment.active_ms > 0
      AND assignment.ended_at >= :since AND assignment.ended_at < :until
    GROUP BY 1 HAVING count(*) >= :least
    """
)
LEAST_TIMES = 5


def gold_leak(
    session: Session, scope: Scope, project_id: int, since: date, until: date
) -> "DataFrame":
    """Whether labellers answer gold otherwise than work: one row per labeller.

    labeller_id, labeller, gold_n (timed answers to gold), time_ratio (their median time for gold ÷
    that for all their answers, gold among them), and right (gold accuracy) beside accepted
    (first-pass acceptance of their reviewed labels): right, right_n, accepted, accepted_n, ahead
    (right - accepted) with ahead_low and ahead_high. NaN where there is too little. Three
    statements.
    """
    import pandas as pd

    from metrics.definitions import difference, share

    mine = DailyRollup.project_id == project_id
    worked = sums(session, scope, since, until, ["labeller_id"], mine, *of_stages(LABELLING))
    values = {"project": project_id, "since": since, "until": until, "least": LEAST_TIMES}
    timed = frame(session, _GOLD_TIMES.bindparams(**values))
    names = dict(
        session.execute(
            select(User.id, User.name).where(User.id.in_(worked.labeller_id.astype(int).tolist()))
        ).all()
    )
    found = worked.merge(timed, on="labeller_id", how="left").rename(columns={"n": "timed_gold"})
    rows = []
    for row in found.to_dict("records"):
        right = share(min(row["gold_correct"], row["gold_n"]), int(row["gold_n"]))
        accepted = share(min(row["review_accepted"], row["review_n"]), int(row["review_n"]))
        ahead = difference(right, accepted)
        rows.append(
            {
                "labeller_id": int(row["labeller_id"]), "labeller": names[int(row["labeller_id"])],
                "gold_n": 0 if np.isnan(row["timed_gold"]) else int(row["timed_gold"]),
                "time_ratio": np.exp(row["middle"]) / 1000 / row["median_seconds"],
                "right": right.value, "right_n": right.n, "accepted": accepted.value,
                "accepted_n": accepted.n, "ahead": ahead.value, "ahead_low": ahead.low,
                "ahead_high": ahead.high,
            }
        )  # fmt: skip

    made = pd.DataFrame(rows)
    return (
        made if made.empty else made[(made.gold_n > 0) | (made.right_n > 0)].reset_index(drop=True)
    )


def leak_of_all(found: "DataFrame") -> dict[str, float | int] | None:
    """The time of gold beside that of all answers, over labellers: ratio, low, high, n.

    The geometric mean over labellers of their ratios, with Student's t at 95 %; None with fewer
    than three. No statement.
    """
    from scipy.special import stdtrit

    ratios = (
        np.log(found.time_ratio.dropna().astype(float).to_numpy()) if len(found) else np.array([])
    )
    k = ratios.size
    if k < 3:
        return None
    margin = float(stdtrit(k - 1, 0.975)) * float(ratios.std(ddof=1)) / np.sqrt(k)
    middle = float(ratios.mean())
    return {
        "ratio": float(np.exp(middle)), "low": float(np.exp(middle - margin)),
        "high": float(np.exp(middle + margin)), "n": k,
    }  # fmt: skip
