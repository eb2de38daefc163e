"""A progress bar with time left, on a terminal's stderr, for work of more than two seconds."""

import sys
import time
from types import TracebackType
from typing import TextIO

PATIENCE = 2.0  # seconds before the bar appears
_WIDTH = 30


class Progress:
    """Shows how far the whole work is; `at(share, what)` reports it from 0 to 1."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = False
        self._started = self._drawn = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def at(self, share: float, what: str) -> None:
        """Draw the bar, at most ten times a second, once the work has taken two seconds."""
        now = time.monotonic()
        if now - self._started < PATIENCE or not self._stream.isatty():
            return
        if self._shown and now - self._drawn < 0.1:
            return
        share = min(max(share, 1e-3), 1.0)
        left = (now - self._started) * (1 - share) / share
        done = round(share * _WIDTH)
        bar = "#" * done + "-" * (_WIDTH - done)
        minutes, seconds = divmod(round(left), 60)
        self._stream.write(f"\r\x1b[K[{bar}] {share:4.0%}  {minutes}:{seconds:02d} left  {what}")
        self._stream.flush()
        self._shown, self._drawn = True, now
