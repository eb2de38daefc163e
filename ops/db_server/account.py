"""Who runs PostgreSQL: the caller, or, as PostgreSQL refuses root, a plain system user."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from ops.errors import DatabaseServerError

OWN_NAME = "touchstone"
FALLBACK_NAMES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The system user that runs PostgreSQL; `switched` when it is not the caller."""

    uid: int
    gid: int
    name: str
    switched: bool

    def popen_options(self) -> dict[str, Any]:
        """Arguments for `subprocess` that start a program as this user."""
        if not self.switched:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def current() -> Account:
    """The account for this process; raises DatabaseServerError when root has no plain user."""
    uid = os.geteuid()
    if uid != 0:
        return Account(uid, os.getegid(), name_of(uid), switched=False)
    entry = _find(OWN_NAME) or _create() or next(filter(None, map(_find, FALLBACK_NAMES)), None)
    if entry is None:
        raise DatabaseServerError(
            "PostgreSQL refuses to run as root and there is no plain user for it: "
            f"create one with `useradd --system {OWN_NAME}`, or run as another user."
        )
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, switched=True)


def name_of(uid: int) -> str:
    """The login name of a uid, or `uid N` where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return entry if entry.pw_uid != 0 else None


def _create() -> pwd.struct_passwd | None:
    program = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if program is None:
        return None
    arguments = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    command = [program, *arguments, OWN_NAME]
    subprocess.run(command, capture_output=True, check=False)
    # Looked up again rather than trusting the exit status: two first starts may race here.
    return _find(OWN_NAME)
