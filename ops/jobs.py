"""A periodic job, as data."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Job:
    """Something done again and again.

    `call` is "module:function" of a verb that takes a `sessionmaker` and returns how much it did
    (0 lets the clock stay silent). `where` is `clock` for a short sweep inside the clock process,
    or a worker's queue, on which the clock defers it (at most one waits;
    what may not run beside itself takes a lock of its own).
    Exactly one of `every` (seconds) and `cron` (five fields, UTC).
    """

    call: str
    every: float | None = None
    cron: str | None = None
    where: Literal["clock", "default", "gpu"] = "default"
