"""Deliver a batch: the gate judges it anew, its report is written, its labels are frozen.

All in one transaction under the batch's row lock, so that what was judged is what is delivered, and
two deliveries at once are one.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics import again, report
from ops import audit_log, canonical, clock_time, delivery, notices, ontologies
from ops.errors import Frozen, NotReady
from ops.models import Batch, Delivery, Project, User
from ops.webhooks import facts
from quality.acceptance import tracing
from quality.gate import judge_batch


def deliver(session: Session, batch: Batch, by: User) -> Delivery:
    """Let `batch` go to the client.

    Once its client has rejected a delivery, it is delivered again as the next version. Raises
    Frozen when it was delivered and not rejected; NotReady with the gate's `reasons` when the
    numbers do not allow it. The delivery counts as done when a seal covers its audit entry.
    """
    # Stronger than the lock of those who open tasks: it also waits for labels being written.
    locked = select(Batch).where(Batch.id == batch.id).with_for_update()
    batch = session.scalars(locked.execution_options(populate_existing=True)).one()
    if batch.state == "delivered":
        raise Frozen("This batch was delivered already.")
    first = delivery.of_batch(session, batch.id)
    verdict = judge_batch(session, batch)
    if not verdict.passed:
        raise NotReady(
            f"The gate holds this batch back: {verdict.reasons[0]['message']}",
            reasons=verdict.reasons,
        )
    digest, items = delivery.digest_in_force(session, batch)
    made = Delivery(
        id=delivery.next_id(session),
        batch_id=batch.id,
        version=first.version + 1 if first else 1,
        verdict_id=verdict.id,
        ontology_version_id=_ontology(session, batch).id,
        items=items,
        digest=digest,
        delivered_by=by.id,
        delivered_at=clock_time.now(),
    )
    made.report = report.build(session, batch, verdict.figures, verdict.terms, made)
    if first is not None:
        made.report["since"] = again.since(session, first)
    made.report_digest = canonical.digest(made.report)
    made.audit_entry_id = _record(session, batch, made, by)
    delivery.freeze(session, made)
    facts.batch_delivered(session, batch, made)
    _tell(session, batch, made)
    if first is not None:
        tracing.trace_again(session, first)
    return made


def _tell(session: Session, batch: Batch, made: Delivery) -> None:
    """The client's people find it in their notices."""
    project = session.get_one(Project, batch.project_id)
    client = select(User.id).where(
        User.active, User.role == "client", User.organisation_id == project.organisation_id
    )
    which = f"Delivery {made.version} of {batch.name}" if made.version > 1 else batch.name
    notices.tell_all(
        session,
        client,
        key=f"delivery:{made.id}",
        text=f"{which} was delivered: look at a sample of it, and accept or reject it.",
        url=f"/portal/deliveries/{made.id}/audit",
    )


def _ontology(session: Session, batch: Batch):  # type: ignore[no-untyped-def]
    found = ontologies.current(session, batch.project_id)
    if found is None:
        raise NotReady("The project has no classes, so nothing can be delivered.")
    return found


def _record(session: Session, batch: Batch, made: Delivery, by: User) -> int:
    project = session.get_one(Project, batch.project_id)
    return audit_log.record(
        session,
        by,
        "batch.delivered",
        f"batch:{batch.id}",
        organisation_id=project.organisation_id,
        delivery=made.id,
        items=made.items,
        digest=made.digest,
        report_digest=made.report_digest,
    )
