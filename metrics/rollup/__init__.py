"""Roll up raw work events into hours and days of labellers, batches, stages and classes.

A roll-up never adds to a row: it finds the hours of labellers that new events touch and counts
these again from raw. So it may run twice, be killed, or meet late and corrected events, and always
leaves what a rebuild would. It reads events below the oldest transaction still running; a writer
that commits late is read late, never missed. Reading is many short statements and counting is done
beside the database; the one transaction that writes some hours and their days is short.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

NAME = "hourly"


def roll_up(sessions: sessionmaker[Session]) -> int:
    """Count again whatever new events touch; returns the number of rows of hours counted.

    0 where another roll-up is at work.
    """
    from metrics.rollup import increment

    return increment.roll_up(sessions, NAME)


def rebuild(
    sessions: sessionmaker[Session], progress: Callable[[float], None] | None = None
) -> int:
    """Count everything again from raw; returns the number of rows of hours.

    `progress` is told the share that is done. Waits for another roll-up to end.
    """
    from metrics.rollup import whole

    return whole.rebuild(sessions, NAME, progress)
