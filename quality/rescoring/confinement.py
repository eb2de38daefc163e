"""A process shuts itself in before it opens a file that a client gave. Linux only, standard library
only: the child that runs networks imports nothing else of this project.

Three walls, each of the kernel and none that the process can take down again:
- a network namespace of its own, which holds no device (unshare(2));
- a filter of system calls (seccomp(2)): no sockets of any kind, no new programs, no looking into
  other processes, no signals to them: they run as the same user;
- files (landlock(7)): only the interpreter, its libraries, named devices and the one file may be
  read, and only a folder of its own be written to, which goes with it. It also hides the
  environment of other processes, and /dev/shm, where a database shares memory.
An audit hook of the interpreter refuses the same earlier and says so in words; it is no wall.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from typing import Any

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LANDLOCK = (444, 445, 446)  # create_ruleset, add_rule, restrict_self: the same everywhere
_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
_EVERY_RIGHT = (1 << 13) - 1  # what the first version of landlock knows
# System calls that are refused, by machine: (audit architecture, numbers).
_REFUSED = {
    # socket connect execve ptrace process_vm_readv process_vm_writev execveat io_uring_setup
    # kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal pidfd_open pidfd_getfd
    "x86_64": (
        0xC000003E,
        (41, 42, 59, 101, 310, 311, 322, 425, 62, 200, 234, 129, 297, 424, 434, 438),
    ),
    "aarch64": (
        0xC00000B7,
        (198, 203, 221, 117, 270, 271, 281, 425, 129, 130, 131, 138, 240, 424, 434, 438),
    ),
}
LARGEST_FILE = 64 * 2**20
_libc = ctypes.CDLL(None, use_errno=True)


def shut_in(readable: list[str], scratch: str) -> list[str]:
    """Shut this process in; returns which of namespace, seccomp and landlock hold.

    `readable` are files and folders that it may read, `scratch` the one folder it may write to.
    """
    held = []
    # Before any thread is started: a process with several may not leave its user namespace.
    if _libc.unshare(_NEW_USER | _NEW_NET) == 0 or _libc.unshare(_NEW_NET) == 0:
        held.append("namespace")
    if _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
        held += ["landlock"] if _landlock(readable, scratch) else []
        held += ["seccomp"] if _seccomp() else []
    sys.addaudithook(_refuse)
    return held


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event in ("socket.__new__", "socket.connect", "subprocess.Popen", "os.exec", "os.system"):
        raise PermissionError(f"a network may not use {event}")


def _seccomp() -> bool:
    known = _REFUSED.get(platform.machine())
    if known is None:
        return False
    architecture, numbers = known
    # Classic BPF over {number, architecture}: (code, jump if true, jump if false, value). Jumps
    # count the steps that are left out; the last step refuses, the one before it allows.
    n = len(numbers)
    steps = [
        (0x20, 0, 0, 4),  # load the architecture
        (0x15, 0, n + 3, architecture),  # another one: refuse
        (0x20, 0, 0, 0),  # load the number
        (0x35, n + 1, 0, 0x40000000),  # x32, a second set of numbers: refuse
        *((0x15, n - i, 0, number) for i, number in enumerate(numbers)),  # equal: refuse
        (0x06, 0, 0, 0x7FFF0000),  # allow
        (0x06, 0, 0, 0x00050001),  # answer EPERM
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(buffer))
    return _libc.prctl(_SECCOMP, _FILTER, ctypes.c_char_p(program), 0, 0) == 0


def _landlock(readable: list[str], scratch: str) -> bool:
    create, add, restrict = _LANDLOCK
    handled = struct.pack("Q", _EVERY_RIGHT)
    ruleset = _libc.syscall(create, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(add, ruleset, path)
        _allow(add, ruleset, scratch, _EVERY_RIGHT)
        return _libc.syscall(restrict, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(add: int, ruleset: int, path: str, rights: int = _EXECUTE | _READ_FILE) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if os.path.isdir(path):  # noqa: PTH112 - no more imports than needed before the walls stand
        rights |= _READ_DIR
    elif path.startswith("/dev/"):
        rights |= 2  # a device is driven by writing to it
    rule = struct.pack("=Qi", rights, handle)
    _libc.syscall(add, ruleset, 1, rule, 0)
    os.close(handle)


def limit(memory_bytes: int | None) -> None:
    """No core file, only small files, so much memory (None: not bounded here)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def grant_seconds(seconds: int) -> None:
    """So much more processor time from now on; beyond it the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
