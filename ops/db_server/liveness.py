"""Whether a process we once knew is still that process: numbers are used again."""

import os
from pathlib import Path


def identity(pid: int) -> str | None:
    """What tells a live process from a later one of the same number; None when it is gone.

    A zombie (ended, but not yet waited for) counts as gone.
    """
    try:
        # After the name, which is in brackets and may hold anything: state is 3rd, start 22nd.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _without_proc(pid)
    state, start = fields[0], fields[19]
    return None if state in "ZXx" else start


def _without_proc(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "unknown"
