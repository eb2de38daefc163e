"""labellers"""

from typing import Any

PATH, NAME, TITLE, PERIOD = "/dashboards/labellers", "Labellers", "Labellers", True


def register(_app: Any) -> None:
    """."""


def layout(session: Any, scope: Any, asked: Any) -> Any:
    """."""
    return ""
