"""A private folder with a short path for the server's socket.

A socket's path may have about 107 bytes, so it cannot lie in a home folder of any length.
"""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from ops.db_server.account import Account
from ops.errors import DatabaseServerError

PREFIX = "touchstone-"
LONGEST_PATH = 107 - len("/.s.PGSQL.65535.lock")


def create(account: Account) -> Path:
    """A fresh folder (0700, owned by the account) in a place the account can reach."""
    for place in _places(account):
        if not _reachable(place, account):
            continue
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        except OSError:
            continue
        if len(os.fsencode(folder)) <= LONGEST_PATH:
            if account.switched:
                os.chown(folder, account.uid, account.gid)
            return folder
        folder.rmdir()
    raise DatabaseServerError(
        f"There is no folder for the database socket that {account.name} can use: "
        "set TMPDIR to a short path that others may enter, such as /tmp."
    )


def is_private(folder: Path, uid: int) -> bool:
    """Whether a recorded folder still belongs to that user and is closed to others."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700
    )


def remove_leftover(folder: Path, uid: int) -> None:
    """Remove what a killed server left; a folder that is not surely ours is left alone."""
    if not folder.name.startswith(PREFIX) or not is_private(folder, uid):
        return
    if all(re.fullmatch(r"\.s\.PGSQL\.\d+(\.lock)?", name.name) for name in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _places(account: Account) -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    own = [Path(runtime)] if runtime and not account.switched else []
    return [*own, Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - mkdtemp makes it private


def _reachable(place: Path, account: Account) -> bool:
    """Whether every folder on the way may be entered by the account (by its mode bits)."""
    if not account.switched:
        return place.is_dir()
    try:
        return all(_may_enter(folder.stat(), account) for folder in (place, *place.parents))
    except OSError:
        return False


def _may_enter(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
