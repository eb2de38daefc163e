"""The folder that holds everything of one embedded database, and who may use it."""

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.db_server.account import name_of
from ops.errors import DatabaseServerError

ADMIN, OWNER, SERVICE = "touchstone_admin", "touchstone_owner", "touchstone_app"
DATABASE = "touchstone"

# Seen in a folder, any of these says that it is ours and may be closed to others.
OUR_NAMES = {"server.lock", "pgdata", "passwords.json", "secret_key", "media"}


@dataclass(frozen=True)
class Home:
    """Paths inside the home folder: `pgdata` is the server's, all else the supervisor's."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "Home":
        """The home at `path`, which need not exist yet."""
        return cls(Path(path).expanduser().absolute())

    @property
    def data(self) -> Path:
        return self.path / "pgdata"

    @property
    def lock(self) -> Path:
        return self.path / "server.lock"

    @property
    def runtime(self) -> Path:
        return self.path / "server.json"

    @property
    def socket(self) -> Path:
        """A link to the folder of the server's socket, from before its start to after its end."""
        return self.path / "socket"

    @property
    def passwords(self) -> Path:
        return self.path / "passwords.json"

    @property
    def log(self) -> Path:
        return self.path / "log" / "postgres.log"

    def create(self) -> None:
        """Make the folder (0700) or close an existing one; folders above it are left alone.

        Raises DatabaseServerError for another user's folder, and for one that holds other
        things and is open to others: closing that could hurt whoever uses it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
            self._refuse_foreign()
            self.path.chmod(0o700)
            self.log.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DatabaseServerError(
                f"The folder {self.path} cannot be used ({error.strerror}): "
                "give another one with TOUCHSTONE_HOME."
            ) from error

    def _refuse_foreign(self) -> None:
        found = self.path.stat()
        if found.st_uid != os.geteuid():
            raise DatabaseServerError(
                f"The folder {self.path} belongs to {name_of(found.st_uid)}: run Touchstone as "
                "that user, or give another folder with TOUCHSTONE_HOME."
            )
        names = {entry.name for entry in self.path.iterdir()}
        if found.st_mode & 0o077 and names and not names & OUR_NAMES:
            raise DatabaseServerError(
                f"The folder {self.path} holds other files: "
                "name a new or empty folder with TOUCHSTONE_HOME."
            )

    def try_lock(self) -> int | None:
        """The lock as an open file, or None while a server of this home has it."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_locked(self) -> bool:
        """Whether a server of this home is starting, running or stopping."""
        try:
            descriptor = os.open(self.lock, os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def read_passwords(self) -> dict[str, str]:
        """Passwords by role name; raises DatabaseServerError when the file is missing or broken."""
        try:
            found = json.loads(self.passwords.read_text())
            return {role: str(found[role]) for role in (ADMIN, OWNER, SERVICE)}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatabaseServerError(
                f"The database passwords cannot be read from {self.passwords}: remove that file "
                "and start the server again, which makes new ones."
            ) from error

    def make_passwords(self) -> dict[str, str]:
        """Generate and store a password for each role."""
        made = {role: secrets.token_urlsafe(24) for role in (ADMIN, OWNER, SERVICE)}
        _write_privately(self.passwords, made)
        return made

    def write_runtime(self, values: dict[str, Any]) -> None:
        """Record where the running server listens."""
        _write_privately(self.runtime, values)

    def read_runtime(self) -> dict[str, Any] | None:
        """Where the running server listens, or None when no start has got that far."""
        try:
            found = json.loads(self.runtime.read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def _write_privately(path: Path, values: dict[str, Any]) -> None:
    """Write JSON whole or not at all, readable by its owner alone."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
