"""What two may create at the same moment: the constraint decides, and the loser is told."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops.errors import Conflict


@contextmanager
def unique(session: Session, message: str, *, field: str) -> Iterator[None]:
    """Flush what is added inside; Conflict with `message` when a unique constraint refuses it.

    Looking first gives the same answer in all but a race, and this settles the race. The
    transaction goes on after the refusal.
    """
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise Conflict(message, field=field) from None
        raise
