"""Rows of a frame, one by one."""

from collections.abc import Iterator
from typing import Any


def each(frame: Any) -> Iterator[Any]:
    """Every row with its columns as attributes; what they hold differs by column."""
    yield from frame.itertuples(index=False)
