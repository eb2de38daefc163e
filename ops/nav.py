"""An entry of the top navigation, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """`endpoint` is a Flask endpoint, or a path when it starts with '/'."""

    text: str
    endpoint: str
    roles: frozenset[str]
    order: int = 50
