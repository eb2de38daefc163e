"""Links from figures to what they are: the page of definitions."""

from typing import Any

from dash import dcc, html

from metrics.definitions import DEFINITIONS

_KEYS = frozenset(one.key for one in DEFINITIONS)
PATH = "/dashboards/definitions"


def what(key: str, name: str) -> Any:
    """A link "What is this?" to the definition `key`; `name` tells a screen reader of what."""
    of = html.Span(f" ({name})", className="visually-hidden")
    return dcc.Link(["What is this?", of], href=address(key), className="dash-what")


def titled(name: str, key: str) -> Any:
    """The name of a figure, as a link to what it is where it has a definition."""
    if key not in _KEYS:
        return name
    return dcc.Link(name, href=address(key), title=f"What is {name}?", className="dash-titled")


def address(key: str) -> str:
    """Where the definition `key` stands."""
    return f"{PATH}?of={key}#{key}"
