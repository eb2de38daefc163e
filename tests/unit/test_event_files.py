"""Files of events: merged in order whatever the batches, written whole; portions of a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ops import event_files
from ops.event_files import SCHEMA
from ops.event_sealing import portions


def events(rng: np.random.Generator, ids: np.ndarray) -> pa.Table:
    """Events of a few moments, so that many fall on the same."""
    n = len(ids)
    columns: dict[str, Any] = {
        field.name: rng.integers(0, 9, n) if field.type == pa.int64() else ["a"] * n
        for field in SCHEMA
    }
    columns |= {"id": ids, "at": pa.array(rng.integers(0, 30, n)).cast(SCHEMA.field("at").type)}
    columns["correct"] = [None if i % 2 else i / 3 for i in range(n)]
    return pa.table(columns, schema=SCHEMA).sort_by(event_files.ORDER)


@pytest.mark.parametrize("seed", range(20))
def test_two_streams_become_one_in_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(int(rng.integers(0, 300)))
    cut = int(rng.integers(0, len(ids) + 1))
    parts = [events(rng, ids[:cut]), events(rng, ids[cut:])]
    streams = [iter(part.to_batches(max_chunksize=int(rng.integers(1, 40)))) for part in parts]
    merged = pa.Table.from_batches(list(event_files.merged(*streams)), SCHEMA)
    assert merged.equals(pa.concat_tables(parts).sort_by(event_files.ORDER))


def test_a_file_tells_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "ROW_GROUP", 70)
    table = events(np.random.default_rng(1), np.arange(200))
    path = tmp_path / "shelf" / "2026" / "day.parquet"
    written = event_files.write(path, iter(table.to_batches(max_chunksize=33)), {"day": "x"})
    assert pa.Table.from_batches(list(event_files.read(path)), SCHEMA).equals(table)
    assert written == (200, path.stat().st_size, event_files.sha256(path))
    assert [p.name for p in path.parent.iterdir()] == ["day.parquet"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Any:
        yield from events(np.random.default_rng(1), np.arange(5)).to_batches()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        event_files.write(tmp_path / "2026" / "day.parquet", broken(), {})
    assert list((tmp_path / "2026").iterdir()) == []


def test_a_day_is_read_in_portions() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    at = [start + timedelta(hours=n) for n in range(24)]
    hours = {at[0]: 3, at[1]: 2, at[5]: 9, at[6]: 1, at[23]: 1}
    spans = [(at[0], at[2]), (at[5], at[6]), (at[6], start + timedelta(days=1))]
    assert list(portions(hours, most=5)) == spans
    assert list(portions({}, most=5)) == []
