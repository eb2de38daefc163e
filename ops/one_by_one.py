"""Jobs that go through projects: one transaction each, and what one has wrong stops no other."""

from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction


def one_by_one(
    sessions: sessionmaker[Session], ids: Iterable[int], act: Callable[[Session, int], int]
) -> int:
    """The sum of what `act` returns for each id. What fails is logged and undone, the others are
    done; then the first failure is raised, so that the job counts as failed."""
    done, failed = 0, []
    for one in ids:
        try:
            with transaction(sessions) as session:
                done += act(session, one)
        except Exception as error:
            structlog.get_logger().exception("one of many failed", id=one, done_by=act.__qualname__)
            failed.append(error)
    if failed:
        raise failed[0]
    return done
