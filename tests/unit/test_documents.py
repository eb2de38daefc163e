"""What the documents name exists, and what exists is named."""

import re
from pathlib import Path

import pytest

import wsgi
from ops.config import Settings
from ops.demo.accounts import LOGINS, PASSWORD

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    for target in targets:
        assert "://" in target or (document.parent / target).exists(), target


def test_every_command_is_in_the_readme():
    readme = text_of("README.md")
    for name, (_, help_) in wsgi.merged("COMMANDS").items():
        assert not help_ or f"| `touchstone {name}` |" in readme, name


def test_every_setting_is_in_the_readme():
    readme = text_of("README.md")
    for name, field in Settings.model_fields.items():
        variable = field.validation_alias or f"TOUCHSTONE_{name.upper()}"
        assert f"| `{variable}` |" in readme, variable


def test_every_periodic_job_is_in_the_operations_guide():
    guide = text_of("docs/operations.md")
    for name in wsgi.merged("JOBS"):
        assert f"| `{name}` |" in guide, name


def test_targets_of_make_exist():
    makefile = text_of("Makefile")
    for document in DOCUMENTS:
        for target in re.findall(r"^\s*make ([a-z-]+)|`make ([a-z-]+)", document.read_text(), re.M):
            name = target[0] or target[1]
            assert re.search(rf"^{name}:", makefile, re.M), (document.name, name)


def test_the_logins_are_those_of_the_demonstration():
    for name in ("README.md", "docs/tour.md"):
        text = text_of(name)
        assert f"`{PASSWORD}`" in text
        assert set(re.findall(r"[\w.]+@demo\.example", text)) == {
            who for who, *_ in LOGINS.values()
        }
