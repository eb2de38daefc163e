"""What a client found in a rejected delivery counts at the gate of the next one.

Their sample is as random as our own. Left out, a batch in which they found many errors would pass
again on our reviews alone, once those few are mended.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from quality.review_sample import KNOWN, Sampled

# The step of what a client drew; our own begin with 0.
THEIRS = -1

# Items of the sample alone, not those that the client chose; of the first delivery that they were
# drawn from. What an expert left as it was had been right.
_FOUND = text(
    """
    SELECT DISTINCT ON (item.asset_id) item.asset_id, item.verdict,
           frozen.label = now.label AS same, label_key(frozen.label) AS given,
           label_key(now.label) AS now, now.id AS now_id,
           now.method = ANY(:known) AND now.at >= decided.decided_at AS decided
    FROM acceptance decided
    JOIN delivery made ON made.id = decided.delivery_id
    JOIN acceptance_item item ON item.acceptance_id = decided.id
         AND NOT item.chosen AND item.verdict IS NOT NULL
    JOIN delivery_item frozen ON frozen.delivery_id = made.id AND frozen.asset_id = item.asset_id
    JOIN LATERAL (
        SELECT id, label, method, at FROM consensus
        WHERE consensus.asset_id = item.asset_id ORDER BY version DESC LIMIT 1) now ON true
    WHERE made.batch_id = :batch AND decided.state = 'rejected'
    ORDER BY item.asset_id, made.version
    """
)


def with_clients(session: Session, batch_id: int, ours: Sequence[Sampled]) -> list[Sampled]:
    """Our random sample of a batch, and what the client looked at of deliveries they rejected.

    Of what both looked at, the client's word counts where they found it wrong.
    """
    rows = session.execute(_FOUND, {"batch": batch_id, "known": list(KNOWN)}).all()
    theirs = {row.asset_id: _sampled(row) for row in rows}
    seen = {one.asset_id for one in ours if one.accepted is not None}
    counted = {a: one for a, one in theirs.items() if a not in seen or not one.accepted}
    return [*(one for one in ours if one.asset_id not in counted), *counted.values()]


def _sampled(row: Any) -> Sampled:
    upheld = row.verdict == "wrong" and row.same and row.decided
    accepted = row.verdict == "right" or upheld
    fixed = not accepted and row.decided and not row.same
    return Sampled(
        row.asset_id,
        THEIRS,
        row.given,
        accepted,
        fixed,
        False,
        None,
        row.now,
        row.now_id,
        None,
        None,
    )
