"""The roll-up that is timed gives the same hours as the peer it is timed beside."""

from pathlib import Path

from benchmarks.counting import one, peers
from benchmarks.counting.history import Year
from metrics.rollup import places, sql
from metrics.rollup.engine import counting
from ops import event_files


def test_ours_and_the_peer_count_the_same_from_the_same_files(tmp_path: Path):
    year = Year(3000, 12, 9)
    files = []
    for day, table in year.days():
        files.append(str(tmp_path / f"{day}.parquet"))
        event_files.write(Path(files[-1]), iter(table.to_batches()), {})
    spans = [
        places.Place(who + 1, -places.EVER, places.EVER, int(offset), who % 2, who % 3)
        for who, offset in enumerate(year.offsets_us)
    ]
    place = places.table(spans)
    names = [name for name in sql.COLUMNS if name not in ("hour", "day")]
    listed = ", ".join(f"epoch_us(hour) // {sql.HOUR_US} AS hour" if n == "hour" else n
                       for n in ("hour", *names))  # fmt: skip
    with counting() as duck:
        duck.register("place", place)
        duck.read_parquet(files).create_view("event")
        ours = duck.sql(f"SELECT {listed} FROM ({sql.HOURS})").fetchall()
    with peers.with_duckdb(files, place) as duck:
        theirs = duck.sql(f"SELECT {', '.join(('hour', *names))} FROM hours").fetchall()
    assert len(ours) > 300
    assert sorted(ours) == sorted(theirs)
    assert one.WAYS.keys() == {"touchstone", "duckdb", "polars"}
