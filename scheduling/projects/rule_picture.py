"""The evidence of a firing as a small picture: log evidence against its bound, answer by answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 16, 30


@dataclass(frozen=True)
class Picture:
    """Positions in a box of WIDTH × HEIGHT: the path as points of a polyline, the bound and zero as
    heights, where the path crosses, and what stands on the axis."""

    points: str
    bound: float
    zero: float
    crossing: tuple[float, float] | None
    last: int
    observations: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def picture(evidence: Mapping[str, Any]) -> Picture | None:
    """The picture of what a firing kept; None where its signal has no path."""
    path = evidence.get("path") or []
    if not path:
        return None
    bound, last = float(evidence["bound"]), int(path[-1][0])
    values = [float(value) for _, value in path]
    low, high = min(0.0, *values), max(bound, *values) * 1.08
    crossing = next(((n, value) for n, value in path if value >= bound), None)

    def x(n: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * n / last, 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    points = [(x(0), y(0.0)), *((x(n), y(value)) for n, value in path)]
    return Picture(
        points=" ".join(f"{px},{py}" for px, py in points),
        bound=y(bound),
        zero=y(0.0),
        crossing=(x(crossing[0]), y(crossing[1])) if crossing else None,
        last=last,
        observations=int(evidence.get("observations", last)),
    )
