"""One server per home: join the one that runs, or run it for as long as the block lasts."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from psycopg import pq

from ops.db_server import account, binaries, cluster, postmaster, socket_folder
from ops.db_server.cluster import Programs
from ops.db_server.home import DATABASE, SERVICE, Home
from ops.db_server.liveness import identity
from ops.db_server.postmaster import Postmaster
from ops.db_server.progress import Patience
from ops.db_server.server import Server, server_at


@contextmanager
def running(home: Path, *, tcp_port: int | None = None, durable: bool = True) -> Iterator[Server]:
    """A live server of `home` for the length of the block.

    Where another process runs it already, its URLs are yielded with `owned=False` (`tcp_port`
    and `durable` are then that process' own) and the server is left alone. Otherwise this
    process becomes its supervisor: the data folder is made if there is none, and the server is
    shut down when the block ends, or this process does, in whatever way.

    Raises DatabaseServerError with one line that says what to do.
    """
    place = Home.at(home)
    place.create()
    found = _lock_or_join(place)
    if isinstance(found, Server):
        yield found
        return
    with _sigterm_leaves_the_block():
        started = _start(place, found, tcp_port, durable=durable)
        try:
            yield server_at(
                started.socket,
                started.port,
                tcp_port is not None,
                place.read_passwords(),
                owned=True,
            )
        finally:
            _leave(started)
        # Reached only when the block raised nothing, which would matter more.
        started.check_alive("the server ended by itself")


def url_of(home: Path) -> Server | None:
    """The URLs of the live server of `home`, or None when there is none."""
    place = Home.at(home)
    return _live(place) if place.is_locked() else None


@contextmanager
def locked(home: Home) -> Iterator[int | None]:
    """The lock of a home whose server is not running; None where it is."""
    home.create()
    descriptor = home.try_lock()
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock_or_join(home: Home) -> int | Server:
    """Our lock on this home, or the server of whoever has it, once that server answers."""
    with Patience(f"waiting for the database server of another process ({home.path})") as patience:
        while True:
            descriptor = home.try_lock()
            if descriptor is not None:
                return descriptor
            server = _live(home)
            if server is not None:
                return server
            patience.tick()
            time.sleep(0.05)


def _live(home: Home) -> Server | None:
    runtime = home.read_runtime()
    if runtime is None:
        return None
    if identity(int(runtime["supervisor"])) != runtime["supervisor_identity"]:
        return None  # its keeper is about to shut it down
    socket, port = Path(runtime["socket"]), int(runtime["port"])
    if not socket_folder.is_private(socket, int(runtime["uid"])):
        return None
    if postmaster.ping(socket, port) != pq.Ping.OK:
        return None
    return server_at(socket, port, bool(runtime["tcp"]), home.read_passwords(), owned=False)


def _start(home: Home, lock: int, tcp_port: int | None, *, durable: bool) -> Postmaster:
    try:
        who = account.current()
        programs = Programs(binaries.runnable_by(who, binaries.folder()), who, lock)
        _clear_after_a_crash(home, who.uid)
        cluster.prepare(home, programs, durable=durable)
        started = postmaster.start(home, programs, home.data, tcp_port=tcp_port, durable=durable)
    finally:
        # From here on the keeper and postgres hold it, and nobody whom this process may fork.
        os.close(lock)
    try:
        started.wait_until_ready(SERVICE, home.read_passwords()[SERVICE], DATABASE)
        home.write_runtime(
            {
                "socket": str(started.socket),
                "port": started.port,
                "tcp": tcp_port is not None,
                "uid": who.uid,
                "supervisor": os.getpid(),
                "supervisor_identity": identity(os.getpid()),
            }
        )
        started.mark_ready()
    except BaseException:
        started.stop()
        raise
    return started


def _clear_after_a_crash(home: Home, uid: int) -> None:
    """Remove what is left of a server whose every process was killed."""
    home.runtime.unlink(missing_ok=True)
    if home.socket.is_symlink():
        socket_folder.remove_leftover(home.socket.readlink(), uid)
        home.socket.unlink()


def _leave(started: Postmaster) -> None:
    # A forked child (a web worker) leaves this block too; the server is not its to stop.
    if started.supervisor == os.getpid():
        started.stop()
    else:
        started.close_pipe()


@contextmanager
def _sigterm_leaves_the_block() -> Iterator[None]:
    """Turn SIGTERM into an orderly exit where the program has not said what it means."""
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _exit_on_signal)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) == _exit_on_signal:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
