"""assets"""

from typing import Any

PATH, NAME, TITLE, PERIOD = "/dashboards/assets", "Assets", "Assets", True


def register(_app: Any) -> None:
    """."""


def layout(session: Any, scope: Any, asked: Any) -> Any:
    """."""
    return ""
