"""What was agreed of a delivery, and how large a sample would show it."""

from sqlalchemy.orm import Session

from ops.models import Delivery, Project
from ops.projects import settings_of
from quality.measures import acceptance, audits
from quality.measures.audits import Size


def agreed(session: Session, made: Delivery) -> tuple[float, float]:
    """The accuracy agreed on for the project of a delivery, and with how much confidence."""
    settings = settings_of(session.get_one(Project, made.batch.project_id))
    return settings.service.accuracy or settings.gate.accuracy, settings.gate.confidence


def propose(session: Session, made: Delivery) -> Size:
    """How many items to look at: by the acceptance plan of the project, else so many as show the
    accuracy agreed on if none is wrong."""
    settings = settings_of(session.get_one(Project, made.batch.project_id))
    terms = settings.gate.plan
    if terms.kind != "plan":
        return audits.by_bound(made.items, *agreed(session, made))
    found = acceptance.plan(made.items, float(terms.limit), terms.level, terms.inspection)
    most = {0: "none is", 1: "at most 1 is"}.get(found.accept, f"at most {found.accept} are")
    words = (
        f"{found.n} items: the delivery passes if {most} wrong "
        f"(ISO 2859-1, limit {terms.limit}\u00a0%, level {terms.level}, letter {found.letter})."
    )
    return Size(found.n, found.accept, words)
