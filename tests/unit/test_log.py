"""What a log line holds, and what it must not."""

import io
import json
import sys

import pytest
import structlog

from ops import log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def _as_before():
    yield
    structlog.reset_defaults()


def _failed_sign_in(password: str) -> None:
    raise RuntimeError("unforeseen")


def _logged(stream: io.StringIO, monkeypatch) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure("info")
    logger = structlog.get_logger()
    logger.debug("not at this level")
    try:
        _failed_sign_in("correct horse" + " battery")
    except RuntimeError:
        logger.exception("unforeseen error")
    return stream.getvalue()


@pytest.mark.usefixtures("_as_before")
def test_an_error_is_one_line_of_json_without_the_values_of_variables(monkeypatch):
    text = _logged(io.StringIO(), monkeypatch)
    (line,) = text.splitlines()
    said = json.loads(line)
    assert said["level"] == "error"
    (raised,) = said["exception"]
    assert raised["exc_type"] == "RuntimeError"
    assert [frame["name"] for frame in raised["frames"]][-1] == "_failed_sign_in"
    assert "correct horse battery" not in text


@pytest.mark.usefixtures("_as_before")
def test_so_it_is_on_a_terminal(monkeypatch):
    text = _logged(Terminal(), monkeypatch)
    assert "_failed_sign_in" in text
    assert "RuntimeError" in text
    assert "correct horse battery" not in text
