"""What can go wrong, without a word of HTTP.

The docstring of an error is its default message. `ops/web/errors.py` holds the one table that
maps these types to a status and a problem+json document; the command line prints one line.
"""

from typing import Any


class TouchstoneError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None, *, field: str | None = None, **detail: Any):
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.field = field
        self.detail = detail
        super().__init__(self.message)


class InvalidInput(TouchstoneError):
    """The input is not valid."""

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        errors: list[dict[str, Any]] | None = None,
        **detail: Any,
    ):
        super().__init__(message, field=field, **detail)
        # Every fault found, as {"field": …, "message": …, "line"?: …}; at least one.
        self.errors = errors or [{"field": field, "message": self.message}]


class NotFound(TouchstoneError):
    """There is no such thing, or you may not see it."""


class Forbidden(TouchstoneError):
    """Your role does not allow this."""


class NotSignedIn(TouchstoneError):
    """Sign in first."""


class Conflict(TouchstoneError):
    """This was changed by someone else in the meantime."""


class Stale(Conflict):
    """You are working from an older version; reload to see the newer one."""


class Frozen(Conflict):
    """This was delivered and can no longer change."""


class NotReady(Conflict):
    """Something is still missing before this can be done."""


class TooMany(TouchstoneError):
    """Too many attempts; wait a little."""


class ConfigError(TouchstoneError):
    """The configuration is not valid."""


class DatabaseServerError(TouchstoneError):
    """The database server could not be used."""


class StorageError(TouchstoneError):
    """The file could not be read from its storage."""


class ArchiveDamaged(TouchstoneError):
    """A file of sealed work events is not what was sealed."""
