"""duckdb, which counts: in this process, with a bound on its memory, spilling into a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_MB = 768


@contextmanager
def counting(memory_mb: int = MEMORY_MB, threads: int = 2) -> Iterator["DuckDBPyConnection"]:
    """A fresh duckdb in memory; what does not fit goes to a temporary folder."""
    import duckdb

    with TemporaryDirectory(prefix="touchstone-count-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            # Nothing is fetched from anywhere.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()
