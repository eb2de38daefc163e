"""The bar: silent for short work and for files, with time left on a terminal."""

import io
import re
import time

from quality.audit import progress
from quality.audit.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(stream, seconds):
    with Progress(stream) as bar:
        bar.at(0.25, "reading")
        time.sleep(seconds)
    return stream.getvalue()


def test_short_work_and_files_show_nothing(monkeypatch):
    assert work(Terminal(), 0) == ""
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "_BEAT", 0.01)
    assert work(io.StringIO(), 0.05) == ""


def test_long_work_shows_a_bar_and_cleans_up(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "_BEAT", 0.01)
    shown = work(Terminal(), 0.3)
    assert re.search(r"\[#+-+\]  25%  0:0\d left  reading", shown)
    assert shown.endswith("\r\x1b[K")


def test_time_left_follows_from_time_spent():
    bar = Progress(io.StringIO())
    bar.at(0.25, "judging")
    assert "1:30 left" in bar.line(30)
    bar.at(1.0, "writing")
    assert "0:00 left" in bar.line(30)
