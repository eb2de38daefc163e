"""Links from figures to what they are: the page of definitions."""

from typing import Any

from dash import dcc, html

PATH = "/dashboards/definitions"


def what(key: str, name: str) -> Any:
    """A link "What is this?" to the definition `key`; `name` tells a screen reader of what."""
    of = html.Span(f" ({name})", className="visually-hidden")
    return dcc.Link(["What is this?", of], href=address(key), className="dash-what")


def address(key: str) -> str:
    """Where the definition `key` stands."""
    return f"{PATH}?of={key}#{key}"
