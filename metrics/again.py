"""What a delivery says of the one before it: what was taken up again, and what came of it."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.models import Delivery

# The labels that the next delivery will hold, beside those of the one before.
_CHANGED = text(
    """
    SELECT again.reason, frozen.external_id, now.label IS DISTINCT FROM frozen.label AS changed
    FROM reopened_asset again
    JOIN delivery_item frozen USING (delivery_id, asset_id)
    JOIN LATERAL (SELECT label FROM consensus WHERE consensus.asset_id = again.asset_id
                  ORDER BY version DESC LIMIT 1) now ON true
    WHERE again.delivery_id = :delivery
    ORDER BY frozen.external_id COLLATE "C"
    """
)
# A report lists so many by name; how many there are, it says of all.
LISTED = 200


def since(session: Session, before: Delivery) -> dict[str, Any]:
    """What the report of the next delivery says of `before`: {"delivery", "version",
    "digest", "rejected", "looked_at_again", "changed", "upheld", "items"}.

    `items` are the names of those that changed; all others are as they were, bit by bit.
    """
    rows = session.execute(_CHANGED, {"delivery": before.id}).all()
    changed = [row.external_id for row in rows if row.changed]
    return {
        "delivery": before.id,
        "version": before.version,
        "digest": before.digest,
        "rejected": sum(row.reason == "rejected" for row in rows),
        "looked_at_again": sum(row.reason == "sample" for row in rows),
        "changed": len(changed),
        "upheld": len(rows) - len(changed),
        "items": changed[:LISTED],
    }
