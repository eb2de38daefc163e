"""The data folder: made once and whole, checked at each start."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.db_server import binaries
from ops.db_server.account import Account, name_of
from ops.db_server.home import ADMIN, DATABASE, OWNER, SERVICE, Home
from ops.db_server.log import explain
from ops.db_server.settings import ACCESS_RULES
from ops.errors import DatabaseServerError

ROOM_NEEDED = 200 * 1024 * 1024


@dataclass(frozen=True)
class Programs:
    """One PostgreSQL installation and who runs it; `lock` is handed on to what it starts."""

    bin: Path
    account: Account
    lock: int

    def data_argument(self, data: Path) -> str:
        """How postgres is told its data folder, which is always also its working directory.

        A plain user whom root runs may have no way through the folders above (home is 0700);
        the kernel's link to the working directory needs none.
        """
        return "/proc/self/cwd" if self.account.switched else str(data)

    def run(self, name: str, data: Path, *arguments: str, text: str = "") -> None:
        """Run one program on a data folder; raises DatabaseServerError with its last words."""
        done = subprocess.run(
            [self.bin / name, *arguments],
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=data,
            env=clean_environment(),
            pass_fds=(self.lock,),
            **self.account.popen_options(),
        )
        if done.returncode != 0:
            raise DatabaseServerError(explain(f"{name} failed", done.stdout, where=data))


def clean_environment() -> dict[str, str]:
    """Our environment without the variables that would redirect PostgreSQL's programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def prepare(home: Home, programs: Programs, *, durable: bool) -> None:
    """Leave a data folder that can be started: a checked old one or a whole new one."""
    finish_interrupted_move(home)
    for leftover in home.path.glob("pgdata.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if not home.data.exists() or not any(home.data.iterdir()):
        _create(home, programs, durable=durable)
        return
    check_owner(home.data, programs.account)
    check_version(home)
    drop_stale_pid_file(home.data)
    if not home.passwords.exists():
        set_passwords(home.data, programs, home.make_passwords())


def finish_interrupted_move(home: Home) -> None:
    """Put a finished upgrade in place whose process ended between its last two steps."""
    moved = home.path / "pgdata.upgraded"
    if moved.exists() and not home.data.exists():
        moved.rename(home.data)


def initdb(home: Home, programs: Programs, *, durable: bool) -> Path:
    """A fresh cluster in a temporary folder beside the final one, with nobody let in yet."""
    _check_room(home)
    new = Path(tempfile.mkdtemp(prefix="pgdata.new-", dir=home.path))
    if programs.account.switched:
        os.chown(new, programs.account.uid, programs.account.gid)
    programs.run(
        "initdb",
        new,
        "--pgdata=" + programs.data_argument(new),
        "--username=" + ADMIN,
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--text-search-config=english",
        "--auth=reject",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    )
    (new / "pg_hba.conf").write_text(ACCESS_RULES)
    return new


def set_passwords(data: Path, programs: Programs, passwords: dict[str, str]) -> None:
    """Give the three roles these passwords, on a stopped server."""
    lines = [f"ALTER ROLE {role} PASSWORD '{secret}'" for role, secret in passwords.items()]
    run_single_user(data, programs, lines)


def run_single_user(data: Path, programs: Programs, lines: list[str]) -> None:
    """Run one statement a line on a stopped cluster, where no password is asked for."""
    arguments = ["--single", "-D", programs.data_argument(data), "-c", "exit_on_error=on"]
    script = "\n".join(lines) + "\n"
    programs.run("postgres", data, *arguments, "postgres", text=script)


def check_owner(data: Path, account: Account) -> None:
    """Refuse a data folder of another user, which postgres would refuse less clearly."""
    uid = data.stat().st_uid
    if uid != account.uid:
        raise DatabaseServerError(
            f"The data folder {data} belongs to {name_of(uid)}, but PostgreSQL would run as "
            f"{account.name}: run Touchstone as {name_of(uid)}, "
            f"or hand the folder over with `chown -R {account.name} {data}`."
        )


def version_of(data: Path) -> int:
    """The major version that wrote a data folder."""
    try:
        return int((data / "PG_VERSION").read_text())
    except (OSError, ValueError) as error:
        raise DatabaseServerError(
            f"The folder {data} is not a PostgreSQL data folder: move it away, "
            "or give another folder with TOUCHSTONE_HOME."
        ) from error


def check_version(home: Home) -> None:
    """Refuse the data of another major version."""
    found = version_of(home.data)
    if found > binaries.MAJOR:
        raise DatabaseServerError(
            f"The data folder {home.data} was made by PostgreSQL {found}, newer than this "
            f"Touchstone's {binaries.MAJOR}: install a newer Touchstone."
        )
    if found < binaries.MAJOR:
        raise DatabaseServerError(
            f"The data folder {home.data} was made by PostgreSQL {found}, this Touchstone brings "
            f"{binaries.MAJOR}: run `touchstone db upgrade --server`, which backs it up and moves "
            "it."
        )


def drop_stale_pid_file(data: Path) -> None:
    """Remove a dead server's pid file, even when another program has its number today.

    We hold the lock, so no server that Touchstone started is left. One started by hand on this
    folder shows by its working directory; raises DatabaseServerError then.
    """
    if not (data / "postmaster.pid").exists() or not Path("/proc/self/cwd").exists():
        return
    for process in Path("/proc").glob("[0-9]*"):
        if _works_in(process, data):
            raise DatabaseServerError(
                f"A PostgreSQL server that Touchstone did not start (process {process.name}) "
                f"is using {data}: stop it first."
            )
    (data / "postmaster.pid").unlink()


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").samefile(data) and (process / "comm").read_text() == "postgres\n"
    except OSError:
        return False


def _create(home: Home, programs: Programs, *, durable: bool) -> None:
    """A new cluster with its roles and database; a crash on the way leaves nothing in place."""
    new = initdb(home, programs, durable=durable)
    passwords = home.read_passwords() if home.passwords.exists() else home.make_passwords()
    run_single_user(new, programs, _roles_and_database())
    set_passwords(new, programs, passwords)
    new.rename(home.data)
    sync_folder(home.path)


def _roles_and_database() -> list[str]:
    return [
        f"CREATE ROLE {OWNER} LOGIN",
        f"CREATE ROLE {SERVICE} LOGIN",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {SERVICE}",
    ]


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_room(home: Home) -> None:
    free = shutil.disk_usage(home.path).free
    if free < ROOM_NEEDED:
        raise DatabaseServerError(
            f"There is no room for a database in {home.path}: {free // 2**20} MB are free, "
            f"{ROOM_NEEDED // 2**20} MB are needed."
        )
