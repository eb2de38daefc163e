"""Before anything is downloaded: is this machine fit, and what will it cost? Needs Python alone."""

import argparse
import shutil
import socket
import subprocess
import sys

NEED_GB = 4.0
WHAT = (
    "First start: downloads about 600 MB of Python libraries and 30 MB of browser libraries\n"
    "(2 GB on disk with a CPU build of PyTorch), then makes the demonstration.\n"
    "That takes 2 to 5 minutes on an ordinary line; the next start takes seconds."
)


def faults(port: int, *, installed: bool) -> list[str]:
    """What is wrong with this machine, each with what to do."""
    found = []
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is checked
        found.append(
            f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed. "
            "Say which one with `make demo PYTHON=python3.12`."
        )
    if not installed:
        free = shutil.disk_usage(".").free / 1e9
        if free < NEED_GB:
            found.append(f"Only {free:.1f} GB of disk are free here; {NEED_GB:.0f} GB are needed.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            found.append(
                f"Port {port} of 127.0.0.1 is in use. Choose another: `make demo PORT={port + 1}`."
            )
    return found


def node() -> str:
    """What will build the browser code."""
    program = shutil.which("node")
    if program:
        version = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        )
        major = version.stdout.strip().lstrip("v").split(".")[0]
        if major.isdigit() and int(major) >= 20:
            return f"Node {version.stdout.strip()}"
    return "Node from its PyPI wheel (no Node 20 or newer was found)"


def main() -> int:
    """Print what was found; 0 when the machine is fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--installed", action="store_true")
    chosen = parser.parse_args()
    found = faults(chosen.port, installed=chosen.installed)
    for fault in found:
        print(f"touchstone: {fault}", file=sys.stderr)  # noqa: T201
    if found:
        return 2
    if not chosen.installed:
        print(f"Python {sys.version.split()[0]}, {node()}.\n{WHAT}", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
