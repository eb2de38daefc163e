"""Answers to gold, scored exactly once against each version of its accepted answers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ops import clock_time
from quality import trust
from quality.gold_answers import credit
from quality.judging import answers as read
from quality.judging.alike import Compared
from quality.judging.answers import Answer
from quality.judging.evidence import Finding, Pairs, pairs, store, tell
from quality.models import Gold, GoldScore, GoldVersion

_VERSIONS = text(
    """
    SELECT DISTINCT ON (gold.id) gold.asset_id, gold.created_at, version.id, version.answers
    FROM gold JOIN gold_version version ON version.gold_id = gold.id
    WHERE gold.asset_id = ANY(:assets)
    ORDER BY gold.id, version.version DESC
    """
)


def score(session: Session, found: Sequence[Answer]) -> Pairs:
    """Score those of the answers that are about gold; scoring again does nothing.

    A reviewer's answer about gold is scored like a labeller's. An answer given before its asset
    became gold is not: the gold may have been made from it.
    """
    rows = session.execute(_VERSIONS, {"assets": sorted({a.asset_id for a in found})})
    versions = {asset: (since, version, accepted) for asset, since, version, accepted in rows}
    of_gold = [a for a in found if a.asset_id in versions and a.ended_at >= versions[a.asset_id][0]]
    said = Compared(session, of_gold)
    scored = [
        (a, versions[a.asset_id][1], worth(said, versions[a.asset_id][2], a)) for a in of_gold
    ]
    return _keep(session, scored)


def worth(said: Compared, accepted: Sequence[dict[str, Any]], answer: Answer) -> float:
    """What an answer is worth, of those that `said` knows, to gold that accepts these."""
    return credit(accepted, said.content(answer), said.yardstick(answer), said.size(answer))


def score_again(session: Session, gold: Gold, version: GoldVersion) -> None:
    """Score every answer that was scored against an older version; standing follows."""
    old = (
        select(GoldScore.assignment_id)
        .join(GoldVersion, GoldVersion.id == GoldScore.gold_version_id)
        .where(GoldVersion.gold_id == gold.id)
    )
    found = read.by_assignment(session, sorted(set(session.scalars(old))))
    said = Compared(session, found)
    rows = [(answer, version.id, worth(said, version.answers, answer)) for answer in found]
    trust.recompute(session, _keep(session, rows))


_NEWEST = text(
    """
    SELECT max(version.version) AS version, coalesce(max(score.id), 0) AS last_score
    FROM gold JOIN gold_version version ON version.gold_id = gold.id
    LEFT JOIN gold_score score ON score.gold_version_id = version.id
    WHERE gold.asset_id = :asset
    """
)


def newest(session: Session, asset_id: int) -> dict[str, int]:
    """Up to where the gold of this asset is scored: its {"version", "last_score"}."""
    return dict(session.execute(_NEWEST, {"asset": asset_id}).one()._mapping)


def _keep(session: Session, scored: Sequence[tuple[Answer, int, float]]) -> Pairs:
    if not scored:
        return set()
    at = clock_time.now()
    rows = [
        {
            "assignment_id": answer.assignment_id,
            "gold_version_id": version_id,
            "label_id": answer.label_id,
            "correct": value,
            "at": at,
        }
        for answer, version_id, value in scored
    ]
    once = upsert(GoldScore).values(rows).on_conflict_do_nothing()
    new = set(session.scalars(once.returning(GoldScore.assignment_id)))
    fresh = [(answer, value) for answer, _, value in scored if answer.assignment_id in new]
    tell(session, "gold", fresh)
    return pairs(store(session, "gold", [Finding(answer, value) for answer, value in fresh]))
