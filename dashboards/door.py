"""What a dashboard may ask of the application around it: who looks, what they may see, figures.

Dash runs in a request of its own, inside the request that was let in. `outside` runs a function
in the context of that outer request.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import current_app, request
from sqlalchemy import URL, Select
from sqlalchemy.orm import Session, sessionmaker

from ops import scope
from ops.db import make_engine, make_sessions
from ops.models import User
from ops.web import identity, media

OUTSIDE = "touchstone.outside"
READER = "dashboards.reader"
# Figures are read beside the floor's work and must never hold it up.
POOL_SIZE, STATEMENT_TIMEOUT_MS = 3, 5_000

T = TypeVar("T")


def make_reader(url: URL) -> sessionmaker[Session]:
    """Sessions for figures: a small pool of its own, read only, all of one page of one moment."""
    engine = make_engine(
        url.render_as_string(hide_password=False),
        pool_size=POOL_SIZE,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )
    steady = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return make_sessions(steady)


def outside(function: Callable[..., T], *arguments: Any, **more: Any) -> T:
    """Call `function` in the context of the outer request."""
    answer: T = request.environ[OUTSIDE].run(function, *arguments, **more)
    return answer


@contextmanager
def reading() -> Iterator[tuple[Session, Select[int]]]:
    """A session for figures, and the projects that the person who looks may see."""
    reader = outside(lambda: current_app.extensions[READER])
    with reader() as session:
        yield session, scope.projects(outside(identity.user))


def viewer() -> User:
    """Who looks."""
    found: User = outside(identity.user)
    return found


def picture(asset_id: int, size: int = 256) -> str:
    """The signed link to the picture of an asset."""
    return outside(media.url, asset_id, size)


@contextmanager
def acting() -> Iterator[tuple[Session, User]]:
    """The request's own transaction, and who acts: what raises inside has changed nothing."""
    session: Session = outside(identity.db)
    with session.begin_nested():
        yield session, outside(identity.user)
