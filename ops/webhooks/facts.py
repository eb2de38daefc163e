"""What is told of batches and guidelines: whoever makes it true calls one of these."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.models import Batch, Delivery, Issue, Project
from ops.webhooks.outbox import tell


def batch_received(session: Session, batch: Batch, assets: int) -> None:
    """The first assets of a batch have arrived."""
    _tell(session, batch, "batch.received", f"batch:{batch.id}:received", assets=assets)


def batch_completed(session: Session, batch: Batch) -> None:
    """Every asset has its label; what was opened again may be complete once more."""
    assert batch.completed_at is not None
    key = f"batch:{batch.id}:completed:{batch.completed_at.isoformat()}"
    _tell(session, batch, "batch.completed", key)


def batch_delivered(session: Session, batch: Batch, made: Delivery) -> None:
    """A version of a batch was let go."""
    _tell(
        session, batch, "batch.delivered", f"delivery:{made.id}",
        delivery_id=made.id, version=made.version, items=made.items, digest=made.digest,
        report_digest=made.report_digest,
    )  # fmt: skip


def guideline_published(session: Session, project: Project, version: int) -> None:
    """A version of a guideline is in force."""
    told = {"project_id": project.id, "project": project.name, "version": version}
    key = f"guideline:{project.id}:{version}"
    tell(session, project.organisation_id, "guideline.published", key, told)


def question_asked(session: Session, issue: Issue) -> None:
    """A question was passed to the client, who is asked anew where the words changed."""
    assert issue.client_at is not None
    project = session.get_one(Project, issue.project_id)
    told = {"project_id": project.id, "project": project.name, "issue_id": issue.id}
    key = f"issue:{issue.id}:{issue.client_at.isoformat()}"
    tell(session, project.organisation_id, "question.asked", key, told)


def _tell(session: Session, batch: Batch, kind: str, key: str, **more: Any) -> None:
    columns = Project.organisation_id, Project.name
    row = session.execute(select(*columns).where(Project.id == batch.project_id)).one()
    told = {
        "project_id": batch.project_id,
        "project": row.name,
        "batch_id": batch.id,
        "batch": batch.name,
        **more,
    }
    tell(session, row.organisation_id, kind, key, told)
