"""A client's network, run in a child process that has neither network nor credentials.

The child is `network_child.py`, started with an empty environment; what it says is parsed here as
lengths, JSON and plain numbers, and checked before it is believed.
"""

import json
import math
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ops.reference_settings import NetworkSettings

Array = np.ndarray
LOADING_SECONDS = 300
BATCH_SECONDS = 120
MOST_BYTES = 512 * 2**20  # of one answer
MOST_HEADER = 64 * 1024
MOST_TENSORS = 8
# What an interpreter with torch has to read. Of /proc only what is its own.
READABLE = (
    "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/sys",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/driver",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
)  # fmt: skip
# What an accelerator is driven by, files and folders of them.
DEVICES = ("nvidia*", "nvidia-caps/*", "dri/*", "kfd")


class NetworkFailed(ValueError):
    """The network could not be loaded, broke down, or answered what it should not."""


class Network:
    """A running child. `held` names the walls around it, `device` where it computes."""

    def __init__(self, file: Path, settings: NetworkSettings, memory_mb: int):
        self.settings = settings
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._scratch = tempfile.TemporaryDirectory(prefix="touchstone-network-")
        script = Path(__file__).with_name("network_child.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={"TMPDIR": self._scratch.name, "HOME": self._scratch.name},
            cwd=self._scratch.name,
        )
        # Without buffering, a pipe is readable exactly when select says so.
        self._out = self._process.stdout.fileno()  # type: ignore[union-attr]
        try:
            self._send(self._start(file, memory_mb))
            ready, _ = self._receive(LOADING_SECONDS)
        except BaseException:
            self.close()
            raise
        self.held, self.device = list(ready["held"]), str(ready["device"])

    def _start(self, file: Path, memory_mb: int) -> dict[str, Any]:
        chosen = self.settings.model_dump(include={"channels", "mean", "spread", "mixed_precision"})
        return chosen | {
            "file": str(file),
            "scratch": self._scratch.name,
            "memory_mb": memory_mb,
            "threads": os.cpu_count() or 1,
            "seconds": BATCH_SECONDS,
            "readable": [
                *READABLE, *_devices(), sys.prefix, sys.base_prefix, *map(str, _packages()),
                str(Path(__file__).parent),
            ],
        }  # fmt: skip

    def answer(self, pictures: Array) -> list[Array]:
        """The tensors that the network answers with, as float32, for uint8 pictures (n, height,
        width, channels). Raises NetworkFailed."""
        self._send({"shape": list(pictures.shape)}, np.ascontiguousarray(pictures).tobytes())
        header, data = self._receive(BATCH_SECONDS)
        return _arrays(header.get("shapes"), data, len(pictures))

    def _send(self, header: dict[str, Any], data: bytes = b"") -> None:
        text = json.dumps({**header, "bytes": len(data)}).encode()
        try:
            self._process.stdin.write(struct.pack("<I", len(text)) + text + data)  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]
        except BrokenPipeError:
            raise NetworkFailed(f"The network's process ended: {self._last_words()}") from None

    def _receive(self, seconds: float) -> tuple[dict[str, Any], bytes]:
        until = time.monotonic() + seconds
        size = struct.unpack("<I", self._read(4, until))[0]
        if size > MOST_HEADER:
            raise NetworkFailed("The network's process answered out of form.")
        try:
            header = json.loads(self._read(size, until))
            announced = header.get("bytes", 0)
        except (ValueError, AttributeError, RecursionError):
            raise NetworkFailed("The network's process answered out of form.") from None
        if "error" in header:
            raise NetworkFailed(f"The network {str(header['error'])[:500]}.")
        if not isinstance(announced, int) or not 0 <= announced <= MOST_BYTES:
            raise NetworkFailed(f"The network answers with more than {MOST_BYTES // 2**20} MB.")
        return header, self._read(announced, until)

    def _read(self, n: int, until: float) -> bytes:
        parts, left = [], n
        while left:
            waits = max(0.0, until - time.monotonic())
            if not select.select([self._out], [], [], waits)[0]:
                self.close()
                raise NetworkFailed("The network took too long.")
            part = os.read(self._out, min(left, 1 << 20))
            if not part:
                raise NetworkFailed(f"The network's process ended: {self._last_words()}")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 2000))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else f"status {code} (memory or time was used up?)"

    def close(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._errors.close()
        self._scratch.cleanup()

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _devices() -> list[str]:
    """The devices of accelerators, one by one: beside them lies memory that others share."""
    found = (one for pattern in DEVICES for one in Path("/dev").glob(pattern))
    return [str(one) for one in found if not one.is_dir()]


def _packages() -> list[Path]:
    """Where torch and numpy lie, should that be neither in the environment nor in the system."""
    import importlib.util

    specs = [importlib.util.find_spec(name) for name in ("torch", "numpy")]
    return [Path(spec.origin).parent.parent for spec in specs if spec and spec.origin]


def _arrays(shapes: Any, data: bytes, n: int) -> list[Array]:
    if not isinstance(shapes, list) or not 1 <= len(shapes) <= MOST_TENSORS:
        raise NetworkFailed(f"The network answers with no tensors, or more than {MOST_TENSORS}.")
    found, at = [], 0
    for shape in shapes:
        whole = isinstance(shape, list) and all(isinstance(s, int) and s >= 0 for s in shape)
        if not whole or not shape or shape[0] != n:
            raise NetworkFailed(f"The network answers {n} pictures with a tensor of shape {shape}.")
        size = 4 * math.prod(shape)
        if at + size > len(data):
            raise NetworkFailed("The network's process answered out of form.")
        found.append(np.frombuffer(data, "<f4", math.prod(shape), at).reshape(shape))
        at += size
    return found
