"""Rows of a frame, and what was pressed in a chart, one by one."""

from collections.abc import Iterator
from typing import Any


def each(frame: Any) -> Iterator[Any]:
    """Every row with its columns as attributes; what they hold differs by column."""
    yield from frame.itertuples(index=False)


def pressed(told: Any, *names: str) -> tuple[Any, ...] | None:
    """These properties of the point that a browser says was pressed; None for anything else."""
    points = told.get("points") if isinstance(told, dict) else None
    point = points[0] if isinstance(points, list) and points else None
    if not isinstance(point, dict) or any(name not in point for name in names):
        return None
    return tuple(point[name] for name in names)
