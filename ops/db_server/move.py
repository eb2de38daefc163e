"""Moving the data of an older major version into a folder of ours; the old folder is kept."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ops.db_server import account, binaries, clients, cluster, postmaster
from ops.db_server.cluster import Programs
from ops.db_server.home import ADMIN, Home
from ops.db_server.progress import Patience
from ops.db_server.server import server_at
from ops.db_server.supervise import locked
from ops.errors import DatabaseServerError

# Where distributions put the programs of a version they install.
_USUAL_PLACES = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
)


def upgrade(home: Path, *, old_bin: Path | None = None) -> Path | None:
    """Move the data to this Touchstone's major version of PostgreSQL.

    `old_bin` is the `bin` folder of the old version; without it the wheel and the usual places
    are searched. Returns the folder that keeps the old data, or None when nothing was to be
    done. The old folder stays as it was until the new one is whole.

    Raises DatabaseServerError while the server runs, when the old programs cannot be found, and
    when there is no room for both.
    """
    place = Home.at(home)
    with locked(place) as lock:
        if lock is None:
            raise DatabaseServerError(
                f"The database server of {place.path} is running: stop Touchstone first."
            )
        cluster.finish_interrupted_move(place)
        if not place.data.exists() or cluster.version_of(place.data) == binaries.MAJOR:
            return None
        move = _plan(place, lock, old_bin)
        new = cluster.initdb(place, move.new, durable=True)
        try:
            _fill(move, new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        return _swap(place, new, move.old_major)


@dataclass(frozen=True)
class _Move:
    """The two installations, and the old data they move."""

    home: Home
    old: Programs
    new: Programs
    old_major: int


def _plan(home: Home, lock: int, old_bin: Path | None) -> _Move:
    who = account.current()
    cluster.check_owner(home.data, who)
    major = cluster.version_of(home.data)
    if major > binaries.MAJOR:
        cluster.check_version(home)
    _check_room(home)
    old = binaries.runnable_by(who, _old_programs(major, old_bin))
    new = binaries.runnable_by(who, binaries.folder())
    return _Move(home, Programs(old, who, lock), Programs(new, who, lock), major)


def _old_programs(major: int, given: Path | None) -> Path:
    if given is not None:
        if binaries.major_of(given) != major:
            raise DatabaseServerError(
                f"The folder {given} does not hold PostgreSQL {major}, which made the data: "
                f"give the bin folder of PostgreSQL {major}."
            )
        return given
    usual = [Path(place.format(major)) for place in _USUAL_PLACES]
    found = [folder for folder in usual if binaries.major_of(folder) == major]
    bundled = binaries.bundled(major)
    if bundled is None and not found:
        raise DatabaseServerError(
            f"Moving the data needs the programs of PostgreSQL {major}, which made it: install "
            f"them and run `touchstone db upgrade --server --old-bin FOLDER` with their bin folder."
        )
    return bundled or found[0]


def _check_room(home: Home) -> None:
    size = sum(path.lstat().st_size for path in home.data.rglob("*") if not path.is_dir())
    free = shutil.disk_usage(home.path).free
    needed = size + cluster.ROOM_NEEDED
    if free < needed:
        raise DatabaseServerError(
            f"There is no room to move the data in {home.path}: {free // 2**20} MB are free, "
            f"{needed // 2**20} MB are needed."
        )


def _fill(move: _Move, new: Path) -> None:
    """Copy roles and databases from the old cluster to the new one, both running."""
    cluster.drop_stale_pid_file(move.home.data)
    if not move.home.passwords.exists():
        cluster.set_passwords(move.home.data, move.old, move.home.make_passwords())
    password = move.home.read_passwords()[ADMIN]
    cluster.set_passwords(new, move.new, {ADMIN: password})
    with (
        _started(move.home, move.old, move.home.data) as source,
        _started(move.home, move.new, new) as target,
    ):
        _copy_roles(source, target, move.home.log)
        sizes = _databases(source)
        for number, (name, size) in enumerate(sizes.items(), start=1):
            with Patience(f"moving database {number} of {len(sizes)} ({name})") as patience:
                _copy_database(source, target, name, move.home.log, _share(patience, size))


@contextlib.contextmanager
def _started(home: Home, programs: Programs, data: Path) -> Iterator[str]:
    """A server on a data folder for the length of the block; yields its superuser's URL."""
    started = postmaster.start(home, programs, data)
    try:
        passwords = home.read_passwords()
        started.wait_until_ready(ADMIN, passwords[ADMIN], "postgres")
        yield server_at(started.socket, started.port, False, passwords, owned=True).admin_url
    finally:
        started.stop()


def _databases(source: str) -> dict[str, int]:
    """Databases to copy, with their sizes in bytes."""
    dsn, environment = clients.connection_of(source)
    asked = (
        "SELECT datname, pg_database_size(oid) FROM pg_database "
        "WHERE datallowconn AND NOT datistemplate ORDER BY datname"
    )
    with psycopg.connect(dsn, password=environment["PGPASSWORD"]) as connection:
        return dict(connection.execute(asked).fetchall())


def _copy_roles(source: str, target: str, log: Path) -> None:
    with clients.complaints() as said, clients.complaints() as refused:
        dump = clients.start(
            "pg_dumpall", source, "--globals-only", stdout=subprocess.PIPE, stderr=said
        )
        script, _ = dump.communicate()
        clients.refuse_failure("pg_dumpall", dump, said, log)
        # The new cluster was born with its superuser.
        script = script.replace(f"CREATE ROLE {ADMIN};\n".encode(), b"")
        load = clients.start_psql(target, stderr=refused)
        load.communicate(script)
        clients.refuse_failure("psql", load, refused, log)


def _share(patience: Patience, size: int) -> Callable[[int], None]:
    # A dump has no indexes, so its size is a little below the database's.
    return lambda done: patience.tick(f"{done / 2**20:.0f} MB", min(done / size, 0.99))


def _copy_database(
    source: str, target: str, name: str, log: Path, tick: Callable[[int], None]
) -> None:
    create = [] if name == "postgres" else ["--create"]
    with clients.complaints() as said, clients.complaints() as refused:
        dump = clients.start(
            "pg_dump", source, *create, database=name, stdout=subprocess.PIPE, stderr=said
        )
        load = clients.start_psql(target, stderr=refused)
        assert dump.stdout is not None
        assert load.stdin is not None
        with dump.stdout:
            clients.copy(dump.stdout, load.stdin, tick)
        clients.refuse_failure("psql", load, refused, log)
        clients.refuse_failure("pg_dump", dump, said, log)
        analyze = clients.start("vacuumdb", target, "--analyze-only", database=name, stderr=refused)
        clients.refuse_failure("vacuumdb", analyze, refused, log)


def _swap(home: Home, new: Path, old_major: int) -> Path:
    """Put the new folder in place; a crash between the steps is finished by the next start."""
    kept = _free_name(home.path, f"pgdata.{old_major}")
    whole = home.path / "pgdata.upgraded"
    shutil.rmtree(whole, ignore_errors=True)
    new.rename(whole)
    home.data.rename(kept)
    whole.rename(home.data)
    cluster.sync_folder(home.path)
    return kept


def _free_name(folder: Path, name: str) -> Path:
    tried, number = folder / name, 1
    while tried.exists():
        number += 1
        tried = folder / f"{name}-{number}"
    return tried
