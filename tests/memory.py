"""A folder in memory for servers that tests start: they make and drop a database per test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 2 * 2**30  # bytes: containers are often given 64 MB, and a server's log may fill a GB
NAME = "touchstone-test-"


@contextmanager
def folder(otherwise: Path) -> Iterator[Path]:
    """An empty folder in memory, gone with the block; `otherwise` where there is no room for it.

    The 600 files of a database cost ten times as much on a disk, synchronised or not.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH:
        yield otherwise
        return
    _sweep()
    made = Path(tempfile.mkdtemp(prefix=f"{NAME}{os.getpid()}-", dir=MEMORY))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders of processes that were killed."""
    for left in MEMORY.glob(f"{NAME}*"):
        if not Path("/proc", left.name.removeprefix(NAME).split("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
