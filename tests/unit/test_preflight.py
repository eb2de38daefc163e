"""What is wrong with a machine is said before anything is downloaded."""

import shutil
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ops import preflight


@pytest.fixture
def busy():
    """A port that something listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free(busy):
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_in_use_is_named_with_another_to_take(busy):
    done = subprocess.run(
        [sys.executable, preflight.__file__, "--port", str(busy)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"Port {busy}" in done.stderr
    assert f"PORT={busy + 1}" in done.stderr


def test_a_full_disk_matters_only_before_the_installation(free, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    (fault,) = preflight.faults(free, installed=False)
    assert "1.0 GB" in fault
    assert preflight.faults(free, installed=True) == []


def test_an_old_python_is_told_how_to_name_another(free, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    (fault,) = preflight.faults(free, installed=True)
    assert "PYTHON=" in fault


def test_without_node_its_wheel_is_announced(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "PyPI wheel" in preflight.node()
