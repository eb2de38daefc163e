"""An entry of the top navigation, or of a person's own menu, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """`endpoint` is a Flask endpoint, or a path when it starts with '/'.

    With an `icon` (of `_icons.html`) it stands in the person's own menu.
    """

    text: str
    endpoint: str
    roles: frozenset[str]
    order: int = 50
    icon: str = ""
