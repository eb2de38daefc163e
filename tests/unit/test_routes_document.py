"""The table of routes in docs/ is made from the application, and says what it says today."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import wsgi

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "make_routes.py"


@pytest.fixture(scope="module")
def make_routes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_routes", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(make_routes) -> str:
    return make_routes.document()


def test_the_committed_table_is_current(make_routes, made):
    again = "docs/routes.md is not current: run .venv/bin/python docs/make_routes.py"
    assert make_routes.PAGE.read_text(encoding="utf-8") == made, again


def test_every_entry_of_the_role_matrix_has_a_row(made):
    for endpoint in wsgi.merged("ACCESS"):
        assert f"| `{endpoint}` |" in made, endpoint


def test_a_row_says_who_may_call(make_routes, made):
    cells = [line.split(" | ") for line in made.splitlines() if line.startswith("| `/")]
    who = {row[-1].strip("` |"): row[2] for row in cells}
    assert who["desk.page"] == "labeller, reviewer, expert"
    assert who["signin.form"] == "anyone"
    assert who["account.index"] == "whoever is signed in"
    assert make_routes._who(frozenset()) == "nobody"
