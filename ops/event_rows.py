"""Work events out of the database, as columns: by COPY, streamed, in the columns of the files."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import psycopg
import pyarrow as pa
from pyarrow import csv
from sqlalchemy.orm import Session

from ops.event_files import SCHEMA

# About so much text becomes one batch.
BLOCK_BYTES = 8 * 2**20

_COLUMNS = """
    e.id, e.xid, (extract(epoch FROM e.at) * 1000000)::bigint, e.kind, e.labeller_id, e.project_id,
    e.batch_id, e.stage, e.task_id, e.assignment_id,
    (e.data ->> 'active_ms')::numeric::bigint, (e.data ->> 'idle_ms')::numeric::bigint,
    (e.data ->> 'wall_ms')::numeric::bigint, (e.data ->> 'inputs')::numeric::bigint,
    e.data ->> 'class', (e.data ->> 'correct')::float8, e.data::text"""

# Moments come as microseconds since 1970: exact, and whatever the server calls them.
_RAW = SCHEMA.set(SCHEMA.get_field_index("at"), pa.field("at", pa.int64(), nullable=False))


def rows(
    session: Session, where: str, values: Mapping[str, Any], *, order: str = ""
) -> Iterator[pa.RecordBatch]:
    """Events for which `where` holds, a SQL condition on `e` with psycopg's `%(name)s`.

    Ordered by `order` where it is given. Batches of `event_files.SCHEMA`; one is in memory.
    """
    statement = f"""COPY (SELECT {_COLUMNS} FROM work_event e WHERE {where}
        {order and f"ORDER BY {order}"}) TO STDOUT (FORMAT csv)"""
    driver = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(statement, dict(values)) as copy:
        for block in _blocks(copy):
            yield _batch(block)


def _blocks(copy: Any) -> Iterator[bytes]:
    """Whole rows, together: each piece that arrives is one."""
    waiting: list[bytes] = []
    size = 0
    for piece in copy:
        waiting.append(bytes(piece))
        size += len(piece)
        if size >= BLOCK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _batch(block: bytes) -> pa.RecordBatch:
    table = csv.read_csv(
        pa.BufferReader(block),
        csv.ReadOptions(column_names=_RAW.names, use_threads=False, block_size=len(block) + 1),
        csv.ParseOptions(newlines_in_values=True),
        # Nothing at all is null; an empty word comes in quotes.
        csv.ConvertOptions(
            column_types=_RAW,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    columns = [
        column.cast(field.type) if column.type != field.type else column
        for column, field in zip(table.columns, SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA).combine_chunks().to_batches()[0]
