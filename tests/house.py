"""The application that one test after another borrows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from dashboards.door import READER
from ops.config import Settings


class House:
    """Applications by their settings, each built once.

    Building one compiles its addresses, and its first pages compile their templates: a quarter of
    a second that has nothing to do with what a test asks. Flask itself refuses new addresses and
    hooks once a request was answered; what is left to change is put back after each loan.
    """

    def __init__(self, create_app: Callable[[Settings, Engine], Any], engine: Engine):
        self._create, self._engine = create_app, engine
        self._built: dict[str, Any] = {}

    @contextmanager
    def lent(self, settings: Settings) -> Iterator[Any]:
        """The application of `settings`, with their home and its key."""
        app = self._app(settings)
        changeable = (app.config, app.extensions, app.view_functions)
        before = [dict(kept) for kept in changeable]
        app.config["SECRET_KEY"] = settings.secret_key
        app.extensions["settings"] = settings
        try:
            yield app
        finally:
            for kept, was in zip(changeable, before, strict=True):
                kept.update(was)
            app.extensions[READER].kw["bind"].dispose()

    def _app(self, settings: Settings) -> Any:
        key = settings.model_dump_json(exclude={"home"})
        if key not in self._built:
            self._built[key] = self._create(settings, self._engine)
        return self._built[key]
