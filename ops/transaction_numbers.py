"""After a restore: let the server's transaction numbers pass those that the data remembers.

Audit seals, roll-ups and files of events say how far they have read by transaction number. A server
that is younger than the data it was given would count below them, and what it writes would look as
if it had been read. Using up numbers is quick (some 300,000 a second) and needs no right of a
superuser.
"""

from collections.abc import Callable

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

AT_A_TIME = 50_000

_REMEMBERED = text(
    """
    SELECT greatest((SELECT max(upto_xid) FROM audit_seal), (SELECT max(xid) FROM audit_entry),
                    (SELECT max(below_xid) FROM rollup_state), (SELECT max(xid) FROM work_event),
                    (SELECT max(below_xid) FROM event_day), 0)
    """
)
_NUMBER = text("SELECT pg_current_xact_id()::text::bigint")
_USE_UP = """
DO $$ BEGIN
    FOR i IN 1..{n} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
END $$
"""


def catch_up(url: str, progress: Callable[[int, int], None] | None = None) -> int:
    """Advance the server at `url` beyond every number its data remembers; returns by how much.

    `progress` hears (done, of all). Nothing happens where the server is ahead already.
    """
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            remembered = connection.execute(_REMEMBERED).scalar_one()
            behind = max(0, remembered + 1 - connection.execute(_NUMBER).scalar_one())
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            driver.execute("SET synchronous_commit = off")
            done = 0
            while done < behind:
                n = min(AT_A_TIME, behind - done)
                driver.execute(_USE_UP.format(n=n))
                done += n
                if progress:
                    progress(done, behind)
    finally:
        engine.dispose()
    return behind
