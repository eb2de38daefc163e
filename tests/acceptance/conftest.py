"""Homes of embedded databases for tests that start their own server."""

import subprocess
from pathlib import Path

import pytest

from ops.db_server import running


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has been started once, to be copied."""
    home = tmp_path_factory.mktemp("made") / "home"
    with running(home, durable=False):
        pass
    return home


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A stopped home of this test's own."""
    subprocess.run(["cp", "-a", made_home, tmp_path / "home"], check=True)
    return tmp_path / "home"
