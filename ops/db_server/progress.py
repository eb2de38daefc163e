"""What is said on stderr about work that takes longer than two seconds."""

import sys
import time
from types import TracebackType

QUIET_FOR = 2.0  # seconds
QUIET_FOR_A_LOG = 10.0  # seconds


class Patience:
    """One line on a terminal's stderr, rewritten in place, that appears after two seconds.

    Where stderr is no terminal, one plain line after ten.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.started = time.monotonic()
        self.shown = False
        self.last = 0.0

    def __enter__(self) -> "Patience":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.shown:
            sys.stderr.write("\n")

    def tick(self, detail: str = "", done: float | None = None) -> None:
        """Show how long it has taken, and with `done` (0 to 1) about how long it will yet take."""
        now = time.monotonic()
        elapsed = now - self.started
        if not sys.stderr.isatty():
            self._say_once(elapsed, detail)
        elif elapsed >= QUIET_FOR and now - self.last >= 0.2:
            self.last, self.shown = now, True
            sys.stderr.write(f"\r\x1b[K{line(self.what, elapsed, detail, done)}"[:200])
            sys.stderr.flush()

    def _say_once(self, elapsed: float, detail: str) -> None:
        if elapsed >= QUIET_FOR_A_LOG and not self.last:
            self.last = elapsed
            sys.stderr.write(f"{line(self.what, elapsed, detail)}\n")


def line(what: str, elapsed: float, detail: str = "", done: float | None = None) -> str:
    """The text of one progress line; times in seconds."""
    if done is None or done <= 0:
        return f"{what}: {elapsed:.0f} s {detail}".rstrip()
    bar = "#" * round(20 * min(done, 1.0))
    left = elapsed * (1 - min(done, 1.0)) / done
    return f"{what} [{bar:<20}] {min(done, 1.0):4.0%}, about {left:.0f} s left {detail}".rstrip()
