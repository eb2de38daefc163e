"""Assets and labels as CSV.

Assets: `external_id`, then `uri` or `text`; `prediction` and `confidence` are a model's class for
the asset and how sure it was, from 0 to 1; every further column is metadata. UTF-8, commas, a
header. Labels: one line per asset with its class. A spreadsheet takes a text that begins with one
of = + - @ for a formula and runs it, so such a text gets an apostrophe in front unless it is a
number. JSON lines hold every text as it is.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ops.intake.faults import Faults
from ops.intake.rows import Row

MIMETYPE = "text/csv"
_NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LABEL_COLUMNS = ("external_id", "class", "method", "probability", "answers", "agreement")


def read(
    lines: Iterable[bytes], faults: Faults, *, gold_column: str | None = None
) -> Iterator[Row]:
    """The rows of a CSV; what cannot be read as one is noted as a fault."""
    reader = csv.reader(_decoded(lines, faults), strict=True)
    header: list[str] | None = None
    start = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            faults.add(start, "line", f"is not CSV: {error}")
            return
        if cells is None:
            break
        line, start = start, reader.line_num + 1
        if not cells:
            continue
        if header is None:
            header = [name.strip() for name in cells]
            if not _check_header(header, line, faults, gold_column):
                return
        elif len(cells) != len(header):
            faults.add(line, "line", f"has {len(cells)} fields, the header has {len(header)}")
        else:
            yield _row(line, dict(zip(header, cells, strict=True)), gold_column)
    if header is None and not faults.found:
        faults.add(None, "file", "is empty; expected a header with external_id and uri or text")


def _decoded(lines: Iterable[bytes], faults: Faults) -> Iterator[str]:
    for n, raw in enumerate(lines, start=1):
        data = raw
        if n == 1:
            if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                faults.add(1, "file", "is UTF-16; save it as UTF-8")
                return
            data = raw.removeprefix(codecs.BOM_UTF8)
        try:
            yield data.decode()
        except UnicodeDecodeError as error:
            faults.add(n, "line", f"is not UTF-8 at byte {error.start + 1}")
            yield data.decode(errors="replace")


def _check_header(header: list[str], line: int, faults: Faults, gold_column: str | None) -> bool:
    before = len(faults.found)
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        faults.add(line, "header", "the columns are not separated by commas")
    elif "external_id" not in header:
        faults.add(line, "header", f"has no column external_id, only {', '.join(header)[:200]}")
    elif not {"uri", "text"} & set(header):
        faults.add(line, "header", "has neither a column uri nor a column text")
    repeated = {name for name in header if header.count(name) > 1}
    if repeated:
        faults.add(line, "header", f"names {', '.join(sorted(repeated))} more than once")
    if gold_column and gold_column not in header:
        faults.add(line, "header", f"has no column {gold_column} with the known answers")
    return len(faults.found) == before


def _row(line: int, values: dict[str, str], gold_column: str | None) -> Row:
    gold = values.pop(gold_column, None) if gold_column else None
    return Row(
        line=line,
        external_id=values.pop("external_id"),
        uri=values.pop("uri", None) or None,
        text=values.pop("text", None) or None,
        prediction=values.pop("prediction", None),
        confidence=values.pop("confidence", None),
        metadata={name: value for name, value in values.items() if value and name},
        gold=gold,
    )


def write(labels: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Labels, as `ops.exports` gives them, in lines with a header."""
    yield _line(LABEL_COLUMNS)
    for one in labels:
        yield _line(
            (
                one["external_id"],
                one["label"].get("class", ""),
                *(one.get(name) for name in LABEL_COLUMNS[2:]),
            )
        )


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    # The writer quotes a carriage return only where it is part of the line's end.
    csv.writer(out, lineterminator="\r\n").writerow(["" if c is None else inert(c) for c in cells])
    return out.getvalue().removesuffix("\r\n") + "\n"


def inert(cell: Any) -> Any:
    """The cell, with an apostrophe in front where a spreadsheet would see a formula."""
    if not isinstance(cell, str) or not cell.startswith(FORMULA):
        return cell
    return cell if _NUMBER.fullmatch(cell) else f"'{cell}"
