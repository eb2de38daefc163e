"""Alembic's entry: online only, under an advisory lock, with lock and statement timeouts."""

import importlib
import os
from typing import Any

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import wsgi
from ops.db import Base

for module in wsgi.gathered("TABLES"):
    importlib.import_module(module)

# Any number that only our migrations use.
ADVISORY_LOCK = 7_415_082


def include_name(name: str | None, kind: str, _parents: dict[str, str | None]) -> bool:
    """procrastinate brings its own tables by its own SQL, the clock makes months of events."""
    others = ("procrastinate_", "work_event_")
    return not (kind == "table" and name is not None and name.startswith(others))


def _named(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def run() -> None:
    """Migrate the database at the configured URL."""
    url = context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '30min'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if then := context.config.attributes.get("then"):
            then(connection, [_named(one) for one in wsgi.gathered("FUNCTIONS")])
            connection.commit()
    engine.dispose()


run()
