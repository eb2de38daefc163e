"""Durable work: a job deferred here exists exactly if the caller's transaction commits."""

from functools import cache
from typing import Any, cast

import psycopg
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session


@cache
def _app() -> App:
    # Never opened: every deferral goes through the caller's own connection.
    return App(connector=SyncPsycopgConnector())


def defer(
    session: Session,
    task: str,
    *,
    queue: str = "default",
    once: str | None = None,
    after: int = 0,
    **arguments: Any,
) -> int | None:
    """Put `task` on `queue` within the caller's transaction; returns the job's id.

    With `once`, at most one job of that name waits at a time: None says that one waits already.
    `after` so many seconds at the earliest.
    """
    connection = session.connection()
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    deferrer = _app().configure_task(
        task,
        queue=queue,
        queueing_lock=once,
        connection=driver,
        task_kwargs=arguments,
        schedule_in={"seconds": after} if after else None,
    )
    try:
        # Core's savepoint is set at once (the Session's waits for its next statement): a refused
        # job leaves the caller's work whole.
        with connection.begin_nested():
            return deferrer.defer()
    except AlreadyEnqueued:
        return None
