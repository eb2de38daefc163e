"""The one source of time.

Business times come from `now()` and are bound into SQL as parameters; the database's own clock is
never asked. A start-up option (`TOUCHSTONE_SIMULATED_TIME`, a file holding one
POSIX timestamp) may simulate time; a request never can.
"""

import os
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

_DOUBLE = struct.Struct("<d")


def _real() -> float:
    return time.time()


class SimulatedTime:
    """Time read from an 8-byte file that another process may advance.

    One `pread` of 8 bytes is atomic on every system we run on, so readers need no lock.
    """

    def __init__(self, path: Path, *, start: datetime | None = None):
        self.path = Path(path)
        if start is not None:
            self.path.write_bytes(_DOUBLE.pack(start.timestamp()))
        self._fd = os.open(self.path, os.O_RDWR)

    def __call__(self) -> float:
        return float(_DOUBLE.unpack(os.pread(self._fd, 8, 0))[0])

    def set(self, moment: datetime | float) -> None:
        """Move to `moment`; time never runs backwards."""
        seconds = moment.timestamp() if isinstance(moment, datetime) else moment
        if seconds > self():
            os.pwrite(self._fd, _DOUBLE.pack(seconds), 0)


_source: Callable[[], float] = _real


def use(source: Callable[[], float] | None) -> None:
    """Take time from `source` (seconds since 1970); None goes back to the real clock."""
    global _source  # noqa: PLW0603 - a process has one clock, set once at its start
    _source = source or _real


def use_configured() -> None:
    """Take simulated time if the process was started with it."""
    path = os.environ.get("TOUCHSTONE_SIMULATED_TIME")
    use(SimulatedTime(Path(path)) if path else None)


def simulated() -> bool:
    """Whether this process runs on simulated time."""
    return _source is not _real


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.fromtimestamp(_source(), UTC)
