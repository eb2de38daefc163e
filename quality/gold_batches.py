"""Gold by the dozen: made of labels that a person decided, and retired by what is wrong with it."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ops import consensus
from ops.errors import InvalidInput
from ops.labels import CHOICES
from ops.models import Asset, Project, User
from quality import gold as golds
from quality.models import Gold

DECIDED = ("review", "adjudication")
MOST = 500
# Handed out so often, and so many times as often as half of the gold is: over-exposed.
OFTEN, TIMES = 20, 2
# Wrong in so many answers, and never right: never so far where labels are compared by likeness.
NEVER, HALF = 3, 0.5

Fault = Literal["never_right", "over_exposed", "delivered"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_CONDITIONS: dict[str, str] = {
    "never_right": f"""
        (SELECT count(*) >= {NEVER} AND CASE WHEN min(project.label_type) IN {CHOICES}
                    THEN max(score.correct) = 0 ELSE max(score.correct) < {HALF} END
         FROM gold_score score JOIN project ON project.id = gold.project_id
         WHERE score.gold_version_id = (
             SELECT id FROM gold_version WHERE gold_version.gold_id = gold.id
             ORDER BY version DESC LIMIT 1))""",
    "over_exposed": f"""
        gold.exposures >= {OFTEN} AND gold.exposures >= {TIMES} * (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY other.exposures) FROM gold other
            WHERE other.project_id = gold.project_id AND other.state = 'active')""",
    "delivered": """
        EXISTS (SELECT FROM batch WHERE batch.id = gold.batch_id AND batch.state = 'delivered')""",
}


def with_fault(session: Session, project_id: int, fault: Fault) -> list[int]:
    """Ids of the active gold of a project that has this fault, at most `MOST`, the oldest first.

    never_right: several answers and none of them right. over_exposed: handed out often, and at
    least twice as often as half of the gold. delivered: its batch went to the client.
    """
    statement = text(
        f"SELECT gold.id FROM gold WHERE gold.project_id = :project AND gold.state = 'active' "
        f"AND {_CONDITIONS[fault]} ORDER BY gold.id LIMIT {MOST}"
    )
    return list(session.scalars(statement, {"project": project_id}))


def retire_many(
    session: Session, project: Project, gold_ids: Sequence[int], by: User | None, *, reason: str
) -> int:
    """Retire gold of the project; returns how many were in use. Raises InvalidInput."""
    found = _mine(session, project, gold_ids, field="gold")
    if not reason.strip():
        raise InvalidInput("say why it is retired", field="reason")
    active = [gold for gold in found if gold.state == "active"]
    for gold in active:
        golds.retire(session, project, gold, by, reason=reason)
    return len(active)


def _mine(session: Session, project: Project, gold_ids: Sequence[int], field: str) -> list[Gold]:
    wanted = sorted(set(gold_ids))
    if not 0 < len(wanted) <= MOST:
        raise InvalidInput(f"choose 1 to {MOST} at a time", field=field)
    rows = [session.get(Gold, gold_id) for gold_id in wanted]
    found = [gold for gold in rows if gold is not None and gold.project_id == project.id]
    if len(found) < len(wanted):
        raise InvalidInput("not all of these are gold of this project", field=field)
    return found


_REVIEWED = text(
    """
    SELECT asset.id, asset.batch_id, asset.external_id, asset.uri, asset.text,
           label_key(known.label) AS key, known.label, known.method, known.agreement
    FROM asset JOIN LATERAL (
        SELECT label, method, agreement FROM consensus
        WHERE consensus.asset_id = asset.id ORDER BY version DESC LIMIT 1) known ON true
    WHERE asset.project_id = :project AND asset.id > :after
      AND (CAST(:batch AS bigint) IS NULL OR asset.batch_id = :batch)
      AND known.method = ANY(:decided)
      AND NOT EXISTS (SELECT FROM gold WHERE gold.asset_id = asset.id)
    ORDER BY asset.id LIMIT :limit
    """
)


def reviewed(
    session: Session, project_id: int, *, batch_id: int | None, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Assets whose label a person decided and that are no gold yet, by id after `after`.

    Each with the `label` decided and its `key`, `method`, and the `agreement` there was before.
    """
    values = {
        "project": project_id,
        "batch": batch_id,
        "after": after,
        "limit": limit,
        "decided": list(DECIDED),
    }
    return session.execute(_REVIEWED, values).all()


def make_many(
    session: Session,
    project: Project,
    asset_ids: Sequence[int],
    by: User | None,
    *,
    for_assessment: bool = False,
) -> list[Gold]:
    """Make gold of assets whose label a reviewer or an adjudicator decided; that label is right.

    All or none. Raises InvalidInput, also where one is gold already.
    """
    wanted = sorted(set(asset_ids))
    if not 0 < len(wanted) <= MOST:
        raise InvalidInput(f"choose 1 to {MOST} at a time", field="assets")
    known = consensus.current(session, wanted)
    if any(asset not in known or known[asset].method not in DECIDED for asset in wanted):
        raise InvalidInput(
            "only labels that a person decided are known to be right", field="assets"
        )
    return [
        golds.make(
            session,
            project,
            session.get_one(Asset, asset_id),
            [known[asset_id].label],
            by,
            for_assessment=for_assessment,
        )
        for asset_id in wanted
    ]
