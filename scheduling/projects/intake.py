"""An import whose known answers become gold in the same transaction."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import intake
from ops.config import Settings
from ops.models import Asset, Batch, User
from quality import gold
from quality.models import Gold


def import_with_gold(
    session: Session,
    batch: Batch,
    rows: Iterable[intake.Row],
    *,
    by: User,
    settings: Settings,
    faults: intake.Faults | None = None,
    beside: Path | None = None,
    keep_existing: bool = False,
) -> intake.Report:
    """`ops.intake.import_rows`, then gold of every row with a known answer that is not gold yet.

    Raises what the import raises; InvalidInput too when there are no classes to know answers in.
    """
    report = intake.import_rows(
        session,
        batch,
        rows,
        by=by,
        settings=settings,
        faults=faults,
        beside=beside,
        keep_existing=keep_existing,
    )
    known = set(session.scalars(select(Gold.asset_id).where(Gold.asset_id.in_(report.gold))))
    for asset_id, key in report.gold.items():
        if asset_id not in known:
            asset = session.get_one(Asset, asset_id)
            gold.make(session, batch.project, asset, [{"class": key}], by)
    return report
