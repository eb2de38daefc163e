"""Putting counted hours in the place of stored ones: what differs goes and comes, days follow.

All of it in the caller's one short transaction, so that a reader sees an hour and its day both
before or both after. Rows that are right already are not touched: a roll-up run twice writes
nothing.
"""

import io
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics.rollup import rows, sql
from metrics.rollup.places import EPOCH

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_COPY_IN = f"""
COPY hourly_rollup ({", ".join(sql.COLUMNS)}) FROM STDIN (FORMAT csv, NULL '\\N')
"""
# Nobody else writes here: a row stays in its place as long as the transaction lasts.
_DELETE = "DELETE FROM hourly_rollup WHERE ctid = ANY(%s::tid[])"


def replace(
    session: Session,
    duck: "DuckDBPyConnection",
    where: str,
    values: dict[str, Any],
    days: Collection[tuple[Any, int]] = (),
) -> int:
    """Make the stored hours for which `where` holds (psycopg's placeholders) those of `fresh`.

    `fresh` is a relation of `duck` in the stored form. The days of what changed are counted again,
    and those of `days` (day and labeller) in any case. Returns how many rows were written.
    """
    driver = rows.driver(session)
    duck.register("stored", rows.hours(session, where, values))
    gone: pa.Table = duck.sql(sql.GONE).to_arrow_table()
    came: pa.Table = duck.sql(sql.CAME).to_arrow_table()
    duck.unregister("stored")
    if gone.num_rows:
        listed = ",".join(f'"{place}"' for place in gone["ctid"].to_pylist())
        driver.execute(_DELETE, [f"{{{listed}}}"])
    _copy_in(driver, came)
    _count_days(session, _days(gone) | _days(came) | set(days))
    return came.num_rows


def _days(of: "pa.Table") -> set[tuple[Any, int]]:
    return set(zip(of["day"].to_pylist(), of["labeller_id"].to_pylist(), strict=True))


def _count_days(session: Session, days: set[tuple[Any, int]]) -> None:
    """Count the days of these labellers again from their hours."""
    if days:
        asked = {
            "days": rows.literal(day for day, _ in days),
            "labellers": rows.literal(who for _, who in days),
        }
        session.execute(text(sql.DELETE_DAYS), asked)
        session.execute(text(sql.COUNT_DAYS), asked)


def _copy_in(driver: "psycopg.Connection[Any]", came: "pa.Table") -> None:
    from pyarrow import csv

    if not came.num_rows:
        return
    with driver.cursor() as cursor, cursor.copy(_COPY_IN) as copy:
        for batch in came.to_batches(max_chunksize=20_000):
            text_of = io.BytesIO()
            csv.write_csv(batch, text_of, csv.WriteOptions(include_header=False))
            copy.write(text_of.getvalue())


def stored_where(hours: Sequence[tuple[int, int]]) -> tuple[str, dict[str, Any]]:
    """The condition that a row is of these labellers and hours."""
    where = """hour = ANY(%(hours)s::timestamptz[]) AND labeller_id = ANY(%(people)s::bigint[])
        AND (labeller_id, extract(epoch FROM hour)::bigint / 3600) IN (
            SELECT * FROM unnest(%(who)s::bigint[], %(numbers)s::bigint[]))"""
    listed = (EPOCH + timedelta(hours=number) for number in sorted({n for _, n in hours}))
    values = {
        "who": rows.literal(who for who, _ in hours),
        "numbers": rows.literal(number for _, number in hours),
        "people": rows.literal(sorted({who for who, _ in hours})),
        "hours": rows.literal(f'"{hour}"' for hour in listed),
    }
    return where, values
