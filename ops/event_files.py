"""One day of work events as a Parquet file: its columns, written whole or not at all, and merged.

Numbers rise with time, so their differences are stored; words are stored once; all under zstd.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# `at` is UTC; what may be null is taken from `data`, which is there whole as well, as JSON.
SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("xid", pa.int64(), nullable=False),
        pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("labeller_id", pa.int64(), nullable=False),
        pa.field("project_id", pa.int64(), nullable=False),
        pa.field("batch_id", pa.int64(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("task_id", pa.int64(), nullable=False),
        pa.field("assignment_id", pa.int64(), nullable=False),
        pa.field("active_ms", pa.int64()),
        pa.field("idle_ms", pa.int64()),
        pa.field("wall_ms", pa.int64()),
        pa.field("inputs", pa.int64()),
        pa.field("class", pa.string()),
        pa.field("correct", pa.float64()),
        pa.field("data", pa.string(), nullable=False),
    ]
)
ORDER = [("at", "ascending"), ("id", "ascending")]
ROW_GROUP = 131_072
_BATCH = 65_536
_RISING = ("id", "xid", "at", "task_id", "assignment_id")
_WORDS = ("kind", "stage", "class", "labeller_id", "project_id", "batch_id", "correct")


class Written(NamedTuple):
    """What a file holds and weighs."""

    rows: int
    bytes: int
    sha256: str


def write(path: Path, batches: Iterator[pa.RecordBatch], about: dict[str, str]) -> Written:
    """Write `batches` (of SCHEMA, ordered by ORDER) to `path`, which appears whole or not at all.

    `about` is kept in the file's own metadata. At most a row group and a batch are in memory.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb", opener=_private) as file:
            rows = _write(file, batches, about)
            file.flush()
            os.fsync(file.fileno())
        digest, size = sha256(part), part.stat().st_size
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        _keep_names(folder)
    return Written(rows, size, digest)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _write(file: Any, batches: Iterator[pa.RecordBatch], about: dict[str, str]) -> int:
    rows, waiting, n = 0, [], 0
    with pq.ParquetWriter(
        file,
        SCHEMA,
        compression="zstd",
        use_dictionary=list(_WORDS),
        column_encoding=dict.fromkeys(_RISING, "DELTA_BINARY_PACKED"),
    ) as writer:
        for batch in batches:
            waiting.append(batch)
            n += batch.num_rows
            if n >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting, SCHEMA), row_group_size=n)
                rows, waiting, n = rows + n, [], 0
        if n:
            writer.write_table(pa.Table.from_batches(waiting, SCHEMA), row_group_size=n)
        writer.add_key_value_metadata(about)
    return rows + n


def _keep_names(folder: Path) -> None:
    """After this the names in `folder` survive a loss of power too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Iterator[pa.RecordBatch]:
    """The events of a file, in its order, some ten thousand at a time."""
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(_BATCH)


def merged(
    left: Iterator[pa.RecordBatch], right: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Two ordered streams as one; a batch of either is in memory."""
    a, b = next(left, None), next(right, None)
    while a is not None and b is not None:
        cut = min(_last(a), _last(b))
        (a_now, a), (b_now, b) = _split(a, cut), _split(b, cut)
        table = pa.Table.from_batches([a_now, b_now], SCHEMA)
        yield from table.sort_by(ORDER).combine_chunks().to_batches()
        a = a if a.num_rows else next(left, None)
        b = b if b.num_rows else next(right, None)
    for batch, rest in ((a, left), (b, right)):
        if batch is not None:
            yield batch
            yield from rest


def _last(batch: pa.RecordBatch) -> tuple[Any, Any]:
    return batch.column("at")[-1].value, batch.column("id")[-1].as_py()


def _split(batch: pa.RecordBatch, cut: tuple[int, int]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """What comes up to `cut` in the order of time, and the rest."""
    at, number = batch.column("at").cast(pa.int64()), batch.column("id")
    below = pc.or_(
        pc.less(at, cut[0]), pc.and_(pc.equal(at, cut[0]), pc.less_equal(number, cut[1]))
    )
    n = pc.sum(below).as_py()
    return batch.slice(0, n), batch.slice(n)
