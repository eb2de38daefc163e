"""Rows of the database as columns, for many rows at once.

A driver that takes row after row spends more time than the server: here the server puts a thousand
rows, as CSV, into one.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.orm import Session

from metrics.rollup import sql

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

_TOGETHER = 1000
# What the roll-up needs of an event: the names of sealed files.
EVENT = {
    "id": "e.id",
    # As a float it keeps microseconds for a century, and costs a fraction of the decimal.
    "at": "(date_part('epoch', e.at) * 1000000)::bigint",
    "kind": "e.kind",
    "labeller_id": "e.labeller_id",
    "project_id": "e.project_id",
    "batch_id": "e.batch_id",
    "stage": "e.stage",
    "assignment_id": "e.assignment_id",
    "active_ms": "(e.data ->> 'active_ms')::numeric::bigint",
    "idle_ms": "(e.data ->> 'idle_ms')::numeric::bigint",
    "wall_ms": "(e.data ->> 'wall_ms')::numeric::bigint",
    "correct": "(e.data ->> 'correct')::float8",
    "class": "e.data ->> 'class'",
}
# Of a fixed list, which the database checks: they need no quotes.
_LISTED = ("kind", "stage")
_WORDS = (*_LISTED, "class", "label_class", *sql.ARRAYS)


def events(session: Session, where: str, values: Mapping[str, Any]) -> "pa.Table":
    """The events `e` for which `where` holds (psycopg's placeholders), with what is counted."""
    import pyarrow as pa

    kinds = {name: pa.int64() for name in EVENT} | {"correct": pa.float64()}
    kinds |= {name: pa.string() for name in EVENT if name in _WORDS}
    found = _read(session, EVENT, kinds, f"work_event e WHERE {where}", values)
    at = found.schema.get_field_index("at")
    return found.set_column(at, "at", found["at"].cast(pa.timestamp("us", tz="UTC")))


def hours(session: Session, where: str, values: Mapping[str, Any]) -> "pa.Table":
    """The rows of hourly_rollup for which `where` holds as they are stored, with their `ctid`."""
    import pyarrow as pa

    columns = {name: f"{name}::text" for name in (*sql.COLUMNS, "ctid")}
    columns["hour"] = "(date_part('epoch', hour) * 1000000)::bigint"
    kinds = {name: pa.int64() for name in sql.COLUMNS} | {"day": pa.date32(), "ctid": pa.string()}
    kinds |= dict.fromkeys(("stage", "label_class", *sql.ARRAYS), pa.string())
    kinds |= dict.fromkeys(sql.SUMS, pa.decimal128(18, 6))
    found = _read(session, columns, kinds, f"hourly_rollup WHERE {where}", values)
    return found.set_column(0, "hour", found["hour"].cast(pa.timestamp("us", tz="UTC")))


def literal(things: Iterable[Any]) -> str:
    """Numbers, days or places as an array in the words of PostgreSQL: sent as one value."""
    return f"{{{','.join(map(str, things))}}}"


def driver(session: Session) -> "psycopg.Connection[Any]":
    """psycopg's own connection of the session's transaction."""
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)


def _read(
    session: Session,
    columns: Mapping[str, str],
    kinds: Mapping[str, "pa.DataType"],
    source: str,
    values: Mapping[str, Any],
) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    parts = [_quoted(name, column) for name, column in columns.items()]
    statement = f"""
        SELECT string_agg(line, E'\\n') FROM (
            SELECT concat_ws(',', {", ".join(parts)}) AS line,
                   row_number() OVER () / {_TOGETHER} AS part
            FROM {source}) lines
        GROUP BY part"""
    found = driver(session).execute(statement, dict(values)).fetchall()
    content = "\n".join(row[0] for row in found).encode()
    if not content:
        return pa.table({name: pa.array([], kinds[name]) for name in columns})
    return csv.read_csv(
        pa.BufferReader(content),
        csv.ReadOptions(column_names=list(columns), block_size=len(content) + 1, use_threads=False),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=dict(kinds), strings_can_be_null=False),
    )


def _quoted(name: str, column: str) -> str:
    """Empty where there is nothing; words in quotes."""
    if (name in _WORDS and name not in _LISTED) or name == "ctid":
        return f"""'"' || replace(coalesce({column}, ''), '"', '""') || '"'"""
    return f"coalesce(({column})::text, '')"
