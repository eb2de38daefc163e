"""Clients killed, connections cut, the database crashed: the books of the floor stay right.

The same at full size: `touchstone bench crash`.
"""

from pathlib import Path

import pytest

from benchmarks import crash
from ops.db_server import running

pytestmark = pytest.mark.serial


def test_no_crash_loses_doubles_or_miscounts_anything(tmp_path: Path) -> None:
    with running(tmp_path / "home", durable=True) as server:
        told = crash.run(server, tmp_path, crash.Size(tasks=240, clients=10, seconds=4))
    assert told["wrong"] == {}
    assert told["database_crashes"] == 1
    assert told["killed"] > 0 and told["died"] > 0
    assert told["acknowledged"] == told["stored"] > 600
    # Otherwise this showed nothing.
    assert {"expired", "released", "skipped", "submitted"} <= told["events"].keys()
