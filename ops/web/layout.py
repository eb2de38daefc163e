"""What every page shares: navigation by role, the notice that labellers are simulated, filters."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g, request, url_for
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from ops import clock_time, notices
from ops.nav import Entry
from ops.web import identity

# HTML in a guideline stays text: `html: False` escapes it, and links may only be http(s) or mailto.
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


ROLE_NAMES = {
    "admin": "Administrator",
    "ops_lead": "Operations lead",
    "onboarding_manager": "Onboarding manager",
    "labeller": "Labeller",
    "reviewer": "Reviewer",
    "expert": "Expert",
    "client": "Client",
}

# Where each role's work begins.
HOMES = {
    "labeller": "/desk",
    "reviewer": "/desk",
    "expert": "/desk",
    "client": "/portal",
    "onboarding_manager": "/onboarding",
    "ops_lead": "/projects",
    "admin": "/projects",
}


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
        role=role_name,
        capitalize_first=capitalize_first,
    )

    @app.context_processor
    def shared() -> dict[str, Any]:
        viewer = identity.viewer()
        return {
            "viewer": viewer,
            "unread": _unread(viewer),
            "home": home_of(viewer.role) if viewer else "/",
            "nav": _nav(app, viewer),
            "own_menu": _nav(app, viewer, own=True),
            "demo": app.extensions["settings"].demo,
            "now": clock_time.now(),
            "simulated_time": clock_time.simulated(),
        }


def home_of(role: str) -> str:
    """The path on which `role` begins; '/' where this installation has no such page."""
    path = HOMES.get(role, "/")
    try:
        current_app.url_map.bind("localhost").match(path)
    except RequestRedirect:
        return path
    except HTTPException:
        return "/"
    return path


def _unread(viewer: identity.Viewer | None) -> int:
    # After an error the transaction is gone; the page can do without the number.
    session = g.get("session")
    return notices.unread(session, viewer.id) if viewer and session is not None else 0


def _nav(app: Flask, viewer: identity.Viewer | None, *, own: bool = False) -> list[dict[str, Any]]:
    """The entries for a viewer: of the top navigation, or of their own menu."""
    entries: list[Entry] = [
        e
        for e in app.extensions["nav"]
        if viewer and viewer.role in e.roles and bool(e.icon) == own
    ]
    links = [(e, e.endpoint if e.endpoint[0] == "/" else url_for(e.endpoint)) for e in entries]
    return [{"text": e.text, "icon": e.icon, "url": u, "here": _is_under(u)} for e, u in links]


def _is_under(url: str) -> bool:
    root = url.rstrip("/")
    return request.path == root or request.path.startswith(f"{root}/")


def role_name(role: str) -> str:
    """A role as people say it."""
    return ROLE_NAMES.get(role, role)


def capitalize_first(text: str) -> str:
    """A sentence's first letter large, the rest untouched."""
    return text[:1].upper() + text[1:]


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
    return Markup(_markdown.render(text))  # noqa: S704 - the renderer escapes HTML
