"""Writes docs/routes.md: every address of the application and who may call it.

    .venv/bin/python docs/make_routes.py

It needs no database: the application is put together, and nothing is asked of it.
"""

import importlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

import wsgi
from ops.access import ANYONE, EVERYONE
from ops.config import Settings
from ops.models import ROLES

PAGE = Path(__file__).with_name("routes.md")
HEAD = """\
# Routes

Every address, and who may call it. What is not in the role matrix is denied. To be allowed here is
not enough to see data: what is read is bound to the projects that the caller may see.

`GET` includes `HEAD`. A person signs in and sends a CSRF token with every change; a program sends
`Authorization: Bearer` and a token whose scope is `read` or `write`. Fields and answers of the
API: `/api/v1/openapi.json`, or `/api/v1/docs` to read.

This file is made by `docs/make_routes.py`; a test fails when it is not current.
"""
# Views of the frameworks, which have no docstring of ours.
OF_OTHERS = {"static": "Scripts and styles.", "openapi.spec": "The OpenAPI 3.1 document."}
COLUMNS = ("Path", "Methods", "Who", "What", "Endpoint")


def document() -> str:
    """The whole page, as it should stand in the repository."""
    with tempfile.TemporaryDirectory() as home:
        # Never connected: making the application asks nothing of its database.
        engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
        app = wsgi.create_app(Settings(home=Path(home)), engine)
    access = wsgi.merged("ACCESS")
    storey_of = {endpoint: storey for storey in wsgi.STOREYS for endpoint in _access(storey)}
    parts = [HEAD]
    for storey in wsgi.STOREYS:
        rules = [r for r in app.url_map.iter_rules() if storey_of.get(r.endpoint) == storey]
        parts.append(_section(storey, rules, app.view_functions, access))
    closed = [r for r in app.url_map.iter_rules() if r.endpoint not in storey_of]
    if closed:
        parts.append(_section("closed to all", closed, app.view_functions, access))
    return "\n".join(parts)


def _access(storey: str) -> Mapping[str, frozenset[str]]:
    manifest = importlib.import_module(f"{storey}.manifest")
    found: Mapping[str, frozenset[str]] = getattr(manifest, "ACCESS", {})
    return found


def _section(
    title: str, rules: list[Any], views: Mapping[str, Any], access: Mapping[str, frozenset[str]]
) -> str:
    lines = [f"## {title}", "", _row(COLUMNS), _row(["---"] * len(COLUMNS))]
    for rule in sorted(rules, key=lambda r: (r.rule, sorted(r.methods), r.endpoint)):
        methods = ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        who = _who(access.get(rule.endpoint, frozenset()))
        what = OF_OTHERS.get(rule.endpoint) or _what(views[rule.endpoint])
        lines.append(_row([f"`{rule.rule}`", methods, who, what, f"`{rule.endpoint}`"]))
    return "\n".join(lines) + "\n"


def _row(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _who(roles: frozenset[str]) -> str:
    if roles == ANYONE:
        return "anyone"
    if roles == EVERYONE:
        return "whoever is signed in"
    return ", ".join(role for role in ROLES if role in roles) or "nobody"


def _what(view: Any) -> str:
    first = (view.__doc__ or "").strip().partition("\n")[0]
    return first.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
