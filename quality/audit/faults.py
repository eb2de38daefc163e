"""Finding the line that is wrong, once the fast reader has refused a file."""

import csv
import math
from collections.abc import Callable
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from ops.errors import InvalidInput


class BadFile(InvalidInput):
    """The file cannot be audited."""


Report = Callable[[float], None]  # told how much of the file is read, from 0 to 1

MISSING = frozenset(("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"))


def name_the_fault(path: Path, columns: tuple[str, ...], report: Report) -> BadFile | None:
    """Read row by row, slowly, and describe the first row that breaks the contract, if any does."""
    size = max(path.stat().st_size, 1)
    try:
        with path.open("rb") as file:
            text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = csv.reader(text, strict=True)
            names = [name.strip().lower() for name in next(rows)]
            for row in rows:
                wrong = _fault(row, names, columns) if row else ""
                if wrong:
                    return BadFile(f"{path}, line {rows.line_num}: {wrong}")
                if rows.line_num % 50_000 == 0:
                    report(file.tell() / size)
    except UnicodeDecodeError:
        return BadFile(f"{path}, line {_undecodable_line(path)}: expected text in UTF-8")
    except csv.Error as error:
        return BadFile(f"{path}, line {rows.line_num}: {error}")
    return None


def _fault(row: list[str], names: list[str], columns: tuple[str, ...]) -> str:
    if len(row) != len(names):
        return f"expected {len(names)} fields ({','.join(names)}), got {len(row)}"
    fields = dict(zip(names, row, strict=True))
    for name in columns:
        value = fields[name].strip()
        if name == "seconds":
            if value not in MISSING and not _is_time(value):
                return f"seconds: expected a number of at least 0, or nothing, got {value!r}"
        elif name == "submitted_at":
            if value not in MISSING and not is_moment(value):
                return f"submitted_at: expected an ISO 8601 time or epoch seconds, got {value!r}"
        elif not value:
            return f"{name}: expected a value, got nothing"
    return ""


def _is_time(value: str) -> bool:
    try:
        seconds = float(value)
    except ValueError:
        return False
    return math.isfinite(seconds) and seconds >= 0


def is_moment(value: str) -> bool:
    """Whether the text is an ISO 8601 time or a finite number of epoch seconds."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return True


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
