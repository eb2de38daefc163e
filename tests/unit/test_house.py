"""The house itself: what is light stays light, and the storeys' manifests agree."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

import wsgi

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch",
    "pandas",
    "sklearn",
    "scipy",
    "cleanlab",
    "numba",
    "statsmodels",
    "dash",
    "dash_ag_grid",
    "plotly",
    "duckdb",
    "pyarrow",
)


def imported_by(code: str) -> set[str]:
    """Top-level modules loaded after running `code` in a fresh interpreter."""
    tail = "; import sys, json; print(json.dumps([m for m in sys.modules if '.' not in m]))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_command_line_starts_light():
    code = "import wsgi, contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n"
    code += "    try: wsgi.cli(['--help'])\n    except SystemExit: pass\n0"
    assert imported_by(code).isdisjoint({*HEAVY, "flask"})


@pytest.mark.parametrize("storey", wsgi.STOREYS)
def test_what_a_manifest_names_exists(storey):
    manifest = importlib.import_module(f"{storey}.manifest")
    named = [target for target, _ in getattr(manifest, "COMMANDS", {}).values()]
    named += [job.call for job in getattr(manifest, "JOBS", {}).values()]
    named += list(getattr(manifest, "TASKS", {}).values())
    named += list(getattr(manifest, "BLUEPRINTS", ())) + list(getattr(manifest, "MOUNTS", ()))
    for target in named:
        module, _, attribute = target.partition(":")
        assert hasattr(importlib.import_module(module), attribute), target


def test_every_benchmark_can_be_called():
    from scheduling.cli import bench

    context = click.Context(bench)
    names = bench.list_commands(context)
    assert {p.stem for p in (ROOT / "benchmarks").glob("*.py")} == set(names)
    for name in names:
        assert bench.get_command(context, name).help, name


def test_every_command_explains_itself():
    for name, (target, line) in wsgi.merged("COMMANDS").items():
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert command.hidden or line, name
        assert command.help, name


def test_an_error_of_ours_is_one_line_and_status_2():
    done = subprocess.run(
        [sys.executable, "-m", "wsgi", "worker"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "DATABASE_URL" in done.stderr


def test_a_database_that_does_not_answer_is_one_line_and_status_2(tmp_path):
    address = "postgresql://nobody@127.0.0.1:1/nothing"  # nothing can listen on port 1 unasked
    done = subprocess.run(
        [sys.executable, "-m", "wsgi", "db", "check"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": address,
            "TOUCHSTONE_HOME": str(tmp_path),
        },
    )
    assert done.returncode == 2
    assert done.stderr.startswith("touchstone: The database does not answer: ")
    assert done.stderr.count("\n") == 1
