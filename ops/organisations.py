"""Organisations: clients who send batches, vendors who employ labellers."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import Conflict, InvalidInput
from ops.models import Organisation, User
from ops.uniqueness import unique

KINDS = ("client", "vendor")
LONGEST_NAME = 120


def create(session: Session, *, name: str, kind: str, by: User | None) -> Organisation:
    """A new organisation. Raises InvalidInput naming the field, Conflict when the name is taken."""
    name = " ".join(name.split())
    if kind not in KINDS:
        raise InvalidInput(f"kind must be one of {', '.join(KINDS)}", field="kind")
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"give a name of 1 to {LONGEST_NAME} characters", field="name")
    taken = f"There is an organisation called {name} already."
    if named(session, name):
        raise Conflict(taken, field="name")
    organisation = Organisation(name=name, kind=kind, created_at=clock_time.now())
    with unique(session, taken, field="name"):
        session.add(organisation)
    subject = f"organisation:{organisation.id}"
    audit_log.record(session, by, "organisation.created", subject, kind=kind)
    return organisation


def named(session: Session, name: str) -> Organisation | None:
    """The organisation of this name, whatever its case."""
    lower = " ".join(name.split()).lower()
    return session.scalar(select(Organisation).where(func.lower(Organisation.name) == lower))


def all_of(session: Session, kind: str) -> Sequence[Organisation]:
    """Every organisation of a kind, by name."""
    return session.scalars(
        select(Organisation).where(Organisation.kind == kind).order_by(Organisation.name)
    ).all()
