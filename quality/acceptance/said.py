"""What a client said of a rejected label, for those who mend it: like any reviewer's word."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_SAID = text(
    """
    SELECT again.at, item.errors, item.remark
    FROM reopened_asset again
    JOIN acceptance_item item USING (delivery_id, asset_id)
    JOIN task ON task.id = :task
    WHERE again.asset_id = :asset AND again.reason = 'rejected' AND again.at <= task.created_at
    ORDER BY again.delivery_id
    """
)


def of_task(session: Session, asset_id: int, task_id: int) -> list[tuple[datetime, dict[str, Any]]]:
    """When, and the payload {"verdict", "remark", "errors"}, of rejections before this task."""
    rows = session.execute(_SAID, {"asset": asset_id, "task": task_id})
    return [
        (row.at, {"verdict": "return", "remark": row.remark, "errors": row.errors}) for row in rows
    ]
