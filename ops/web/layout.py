"""What every page shares: navigation by role, the notice that labellers are simulated, filters."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, request, url_for
from flask_login import current_user
from markdown_it import MarkdownIt
from markupsafe import Markup

from ops import clock_time
from ops.nav import Entry

# HTML in a guideline stays text: `html: False` escapes it, and links may only be http(s) or mailto.
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


def init_app(app: Flask) -> None:
    """Install template globals and filters."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        percent=percent,
        moment=moment,
        day=day,
        seconds=seconds,
        markdown=markdown,
        interval=interval,
    )

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "nav": _nav(app),
            "demo": app.extensions["settings"].demo,
            "now": clock_time.now(),
        }


def _nav(app: Flask) -> list[dict[str, Any]]:
    role = getattr(current_user, "role", None)
    entries: list[Entry] = [e for e in app.extensions["nav"] if role in e.roles]
    links = [(e.text, e.endpoint if e.endpoint[0] == "/" else url_for(e.endpoint)) for e in entries]
    return [{"text": t, "url": u, "here": request.path.startswith(u)} for t, u in links]


def percent(value: float | None, digits: int = 1) -> str:
    """0.956 → 95.6 %; None is undefined, never 0."""
    return "undefined" if value is None else f"{100 * value:.{digits}f} %"


def interval(low: float | None, high: float | None) -> str:
    """A 95 % interval in words a reader can take in."""
    return "" if low is None or high is None else f"{percent(low)} to {percent(high)}"


def moment(value: datetime | None) -> str:
    """A moment in UTC, to the minute."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def day(value: datetime | None) -> str:
    """A moment's day in UTC."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d")


def seconds(value: float | None) -> str:
    """A duration as people say it."""
    if value is None:
        return "undefined"
    if value < 90:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


def markdown(text: str) -> Markup:
    """Guideline markdown as HTML; markup inside it stays text."""
    return Markup(_markdown.render(text))
