"""Events of months that the database has let go: looked up in their files."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from metrics.rollup import rows
from metrics.rollup.engine import counting
from metrics.rollup.sql import HOUR_US, SUBMISSION
from ops import event_archive

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ", ".join(f'"{name}"' for name in rows.EVENT)

dropped_upto = event_archive.dropped_upto


def paths(
    session: Session, first: datetime | None = None, stop: datetime | None = None
) -> list[str]:
    """The files of the days that the database let go, between two moments where they are given."""
    archive = event_archive.look(session)
    return [
        str(archive.place / day.file)
        for day in archive.days
        if day.dropped
        and (stop is None or event_archive.midnight(day.day) < stop)
        and (first is None or event_archive.midnight(day.day + timedelta(days=1)) > first)
    ]


def events_between(
    session: Session, first: datetime, stop: datetime, people: Collection[int]
) -> "Iterator[pa.Table]":
    """The events of these labellers, first ≤ at < stop, that lie in the files."""
    listed = paths(session, first, stop)
    if listed:
        with counting() as duck:
            found = duck.sql(
                f"SELECT {_COLUMNS} FROM read_parquet($files) "
                'WHERE "at" >= $first AND "at" < $stop '
                "AND list_contains($people::BIGINT[], labeller_id)",
                params={"files": listed, "first": first, "stop": stop, "people": list(people)},
            )
            yield found.to_arrow_table()


def submission_hours(session: Session, assignments: Collection[int]) -> set[tuple[int, int]]:
    """Labeller and hour of every submission of these assignments that lies in the files."""
    found = _search(
        session,
        assignments,
        f'SELECT DISTINCT labeller_id, epoch_us("at") // {HOUR_US} AS hour FROM found '
        f"WHERE kind IN {SUBMISSION}",
    )
    return {(row["labeller_id"], row["hour"]) for row in found.to_pylist()} if found else set()


def events_of(session: Session, assignments: Collection[int]) -> "pa.Table | None":
    """The events of these assignments that lie in the files."""
    return _search(session, assignments, f"SELECT {_COLUMNS} FROM found")


def _search(session: Session, assignments: Collection[int], query: str) -> "pa.Table | None":
    import pyarrow as pa

    listed = paths(session) if assignments else []
    if not listed:
        return None
    with counting() as duck:
        wanted: Any = pa.table({"wanted": pa.array(sorted(assignments), pa.int64())})
        duck.register("asked", wanted)
        # Assignments rise with time, so the bounds leave most files unread.
        duck.read_parquet(listed).filter(
            f"assignment_id BETWEEN {min(assignments)} AND {max(assignments)}"
        ).create_view("inside")
        duck.execute(
            "CREATE VIEW found AS SELECT * FROM inside "
            "WHERE assignment_id IN (SELECT wanted FROM asked)"
        )
        return duck.sql(query).to_arrow_table()
