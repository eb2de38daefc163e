"""Labels as CSV: what a spreadsheet would run as a formula is only text."""

import csv as reference
import io

import pytest

from ops.formats import csv, jsonl


def _label(external_id: str) -> dict:
    return {"external_id": external_id, "label": {"class": "a"}, "method": "gold"}


def _first_cell(external_id: str) -> str:
    text = "".join(csv.lines([_label(external_id)]))
    return list(reference.reader(io.StringIO(text, newline="")))[1][0]


@pytest.mark.parametrize("start", ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_gets_an_apostrophe(start):
    assert _first_cell(start) == f"'{start}"


@pytest.mark.parametrize("plain", ["-1", "+49", "-0.5", "a=b", "img-1", ""])
def test_numbers_and_other_text_stay(plain):
    assert _first_cell(plain) == plain


def test_json_lines_hold_the_text_as_it_is():
    assert '"external_id":"=1+1"' in "".join(jsonl.lines([_label("=1+1")]))
