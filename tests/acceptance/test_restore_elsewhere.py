"""A backup restored on a younger server: seals and roll-ups go on where they were."""

from datetime import date

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from ops import audit_log, db, event_partitions, migrate, sealer, transaction_numbers
from ops.db import transaction
from ops.db_backup import backup, restore
from ops.db_server import running


def engine_of(url):
    return create_engine(url, poolclass=NullPool)


def test_the_audit_trail_goes_on_after_a_restore_into_a_new_server(tmp_path):
    with running(tmp_path / "old", durable=False) as old:
        migrate.upgrade(old.owner_url)
        sessions = db.make_sessions(engine_of(old.url))
        with engine_of(old.url).connect() as connection:  # an old server has counted far
            connection.connection.driver_connection.autocommit = True
            connection.connection.driver_connection.execute(
                "DO $$ BEGIN FOR i IN 1..60000 LOOP PERFORM pg_current_xact_id(); COMMIT;"
                " END LOOP; END $$"
            )
        with transaction(sessions) as session:
            audit_log.record(session, None, "test.before", "test:1")
        assert sealer.seal(sessions) == 1
        backup(old.owner_url, tmp_path / "backup")
    with running(tmp_path / "new", durable=False) as new:
        restore(new.owner_url, tmp_path / "backup")
        heard = []
        assert transaction_numbers.catch_up(new.owner_url, lambda *seen: heard.append(seen)) > 0
        assert heard[-1][0] == heard[-1][1]
        assert transaction_numbers.catch_up(new.owner_url) == 0
        sessions = db.make_sessions(engine_of(new.url))
        with transaction(sessions) as session:
            audit_log.record(session, None, "test.after", "test:2")
        assert sealer.seal(sessions) == 1
        migrate.check(new.owner_url)
        assert event_partitions.make(sessions, date(2031, 5, 1)) == 0  # the service still may
        with transaction(sessions) as session:
            assert session.execute(text("SELECT count(*) FROM audit_seal")).scalar() == 2
            assert sealer.verify(session).broken is None
