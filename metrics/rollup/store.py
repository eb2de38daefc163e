"""Putting counted hours in the place of stored ones: what differs goes and comes, days follow.

All of it in the caller's one short transaction, so that a reader sees an hour and its day both
before or both after. Rows that are right already are not touched: a roll-up run twice writes
nothing.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics.rollup import sql

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_LISTED = ", ".join(
    f"{name}::text" if name in sql.ARRAYS else name for name in sql.COLUMNS
)  # fmt: skip
_COPY_IN = f"""
COPY hourly_rollup ({", ".join(sql.COLUMNS)}) FROM STDIN (FORMAT csv, NULL '\\N')
"""
_DELETE = f"""
DELETE FROM hourly_rollup h USING unnest(
    %s::timestamptz[], %s::date[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
    %s::bigint[], %s::bigint[]
) AS gone ({", ".join(sql.KEY)})
WHERE {" AND ".join(f"h.{name} = gone.{name}" for name in sql.KEY)}
"""


def replace(
    session: Session, duck: "DuckDBPyConnection", where: str, values: dict[str, Any]
) -> int:
    """Make the stored hours for which `where` holds (psycopg's placeholders) those of `fresh`.

    `fresh` is a relation of `duck` in the stored form. Returns how many rows were written.
    """
    driver = _driver(session)
    duck.register("stored", _stored(driver, where, values))
    gone: pa.Table = duck.sql(sql.GONE).to_arrow_table()
    came: pa.Table = duck.sql(sql.CAME).to_arrow_table()
    duck.unregister("stored")
    if gone.num_rows:
        driver.execute(_DELETE, [column.to_pylist() for column in gone.columns])
    _copy_in(driver, came)
    count_days(session, _days(gone) | _days(came))
    return came.num_rows


def _days(rows: "pa.Table") -> set[tuple[Any, int]]:
    return set(zip(rows["day"].to_pylist(), rows["labeller_id"].to_pylist(), strict=True))


def count_days(session: Session, days: set[tuple[Any, int]]) -> None:
    """Count the days of these labellers again from their hours."""
    if days:
        asked = {"days": [day for day, _ in days], "labellers": [who for _, who in days]}
        session.execute(text(sql.DELETE_DAYS), asked)
        session.execute(text(sql.COUNT_DAYS), asked)


def _driver(session: Session) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)


def _stored(driver: "psycopg.Connection[Any]", where: str, values: dict[str, Any]) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    words = dict.fromkeys(("stage", "label_class", *sql.ARRAYS), pa.string())
    decimals = dict.fromkeys(sql.SUMS, pa.decimal128(18, 6))
    kinds = {name: pa.int64() for name in sql.COLUMNS} | words | decimals
    kinds |= {"hour": pa.timestamp("us", tz="UTC"), "day": pa.date32()}
    statement = f"COPY (SELECT {_LISTED} FROM hourly_rollup WHERE {where}) TO STDOUT (FORMAT csv)"
    with driver.cursor() as cursor, cursor.copy(statement, values) as copy:
        content = b"".join(bytes(piece) for piece in copy)
    if not content:
        return pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
    return csv.read_csv(
        pa.BufferReader(content),
        csv.ReadOptions(column_names=list(sql.COLUMNS)),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
    )


def _copy_in(driver: "psycopg.Connection[Any]", rows: "pa.Table") -> None:
    from pyarrow import csv

    if not rows.num_rows:
        return
    with driver.cursor() as cursor, cursor.copy(_COPY_IN) as copy:
        for batch in rows.to_batches(max_chunksize=20_000):
            text_of = io.BytesIO()
            csv.write_csv(batch, text_of, csv.WriteOptions(include_header=False))
            copy.write(text_of.getvalue())


def stored_where(hours: Sequence[tuple[int, int]]) -> tuple[str, dict[str, Any]]:
    """The condition that a row is of these labellers and hours."""
    where = """hour = ANY(%(hours)s::timestamptz[]) AND labeller_id = ANY(%(people)s::bigint[])
        AND (labeller_id, extract(epoch FROM hour)::bigint / 3600) IN (
            SELECT * FROM unnest(%(who)s::bigint[], %(numbers)s::bigint[]))"""
    from datetime import timedelta

    from metrics.rollup.places import EPOCH

    values = {
        "who": [who for who, _ in hours],
        "numbers": [number for _, number in hours],
        "people": sorted({who for who, _ in hours}),
        "hours": [EPOCH + timedelta(hours=number) for number in sorted({n for _, n in hours})],
    }
    return where, values
