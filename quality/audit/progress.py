"""A progress bar with time left, on a terminal's stderr, for work of more than two seconds."""

import sys
import time
from threading import Event, Thread
from types import TracebackType
from typing import TextIO

PATIENCE = 2.0  # seconds before the bar appears
_BEAT = 0.5  # seconds between two drawings
_WIDTH = 30


class Progress:
    """Shows how far the whole work is; `at(share, what)` reports it from 0 to 1.

    A thread draws, so that the bar also moves on during a long step.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._share, self._what = 0.0, ""
        self._over = Event()
        self._drawer = Thread(target=self._draw_until_over, daemon=True)

    def __enter__(self) -> "Progress":
        self._started = time.monotonic()
        if self._stream.isatty():
            self._drawer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._drawer.is_alive():
            self._drawer.join()

    def at(self, share: float, what: str) -> None:
        """Say how much of the whole is done, from 0 to 1, and what comes now."""
        self._share, self._what = share, what

    def _draw_until_over(self) -> None:
        if self._over.wait(PATIENCE):
            return
        while not self._over.wait(_BEAT):
            self._stream.write(f"\r\x1b[K{self.line(time.monotonic() - self._started)}")
            self._stream.flush()
        self._stream.write("\r\x1b[K")
        self._stream.flush()

    def line(self, elapsed: float) -> str:
        """The bar after `elapsed` seconds, which time left is reckoned from."""
        share = min(max(self._share, 0.01), 1.0)
        minutes, seconds = divmod(round(elapsed * (1 - share) / share), 60)
        done = round(share * _WIDTH)
        bar = "#" * done + "-" * (_WIDTH - done)
        return f"[{bar}] {share:4.0%}  {minutes}:{seconds:02d} left  {self._what}"
