"""Check a delivery against what was written down when it was made."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ops import canonical, delivery, exports, sealer
from ops.errors import InvalidInput, NotFound
from ops.models import Delivery


class Check(NamedTuple):
    """One thing that was recomputed, and whether it holds."""

    what: str
    holds: bool
    detail: str


def check_delivery(session: Session, delivery_id: int) -> list[Check]:
    """Recompute the digests of a delivery and look for its seal. Raises NotFound."""
    made = session.get(Delivery, delivery_id)
    if made is None:
        raise NotFound(f"There is no delivery {delivery_id}.")
    labels = delivery.digest_of(exports.of_delivery(session, made.id))
    report = canonical.digest(made.report)
    sealed = sealer.is_sealed(session, made.audit_entry_id)
    return [
        Check("labels", labels == made.digest, labels),
        Check("report", report == made.report_digest, report),
        Check("report names the labels", made.report["digest"] == made.digest, made.digest),
        Check("sealed", sealed, "in the audit trail" if sealed else "not yet"),
    ]


def check_file(session: Session, path: Path) -> list[Check]:
    """Find the delivery that a file is: its exported labels (JSONL) or its report (JSON).

    Raises InvalidInput when the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", field="FILE") from None
    digests = {hashlib.sha256(data).hexdigest()}
    with contextlib.suppress(ValueError):  # JSON lines are not one JSON document
        digests.add(canonical.digest(json.loads(data)))
    known = select(Delivery).where(
        or_(Delivery.digest.in_(digests), Delivery.report_digest.in_(digests))
    )
    made = session.scalar(known.order_by(Delivery.id).limit(1))
    if made is None:
        listed = ", ".join(sorted(digests))
        return [Check("file", False, f"{listed}: no delivery has this digest")]
    kind = "labels" if made.digest in digests else "report"
    return [Check(f"{kind} of delivery {made.id}", True, made.digest)]
