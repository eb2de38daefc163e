"""A webhook that takes nothing for days is stopped, and those whom it concerns are told."""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, mail, notices
from ops.models import User, Webhook

PATIENCE = timedelta(days=3)


def stop(session: Session, webhook: Webhook) -> None:
    """Send nothing more until somebody resumes it; its people and whoever made it are told."""
    if webhook.stopped_at is not None:
        return
    webhook.stopped_at = clock_time.now()
    since = webhook.failing_since or webhook.stopped_at
    told = (
        "A webhook was stopped: its machine takes nothing. What waits is sent once you resume it."
    )
    theirs = (User.role == "client") & (User.organisation_id == webhook.organisation_id)
    people = select(User).where(User.active, or_(theirs, User.id == webhook.created_by))
    key, url = f"webhook:{webhook.id}:{since.isoformat()}", f"/webhooks/{webhook.id}"
    for person in session.scalars(people):
        mail.post(session, notices.tell(session, person, key=key, text=told, url=url))
    audit_log.record(
        session,
        None,
        "webhook.stopped",
        f"webhook:{webhook.id}",
        organisation_id=webhook.organisation_id,
    )
