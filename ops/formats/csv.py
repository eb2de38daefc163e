"""Assets and labels as CSV.

`external_id`, then `uri` or `text`, `width` and `height` of a picture in px; `label` is a label
(the key or name of a class, or the JSON of any label); `prediction` and `confidence` are a model's
class for the asset and how sure it was, from 0 to 1; every further column is metadata. UTF-8,
commas, a header. A spreadsheet takes a text that begins with one of = + - @ for a formula and runs
it, so such a text gets an apostrophe in front unless it is a number. JSON lines hold every text as
it is.

A file with the columns of an export is known by them: the apostrophes go, `class` is the label, and
what was said of how the label came about is not taken.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ops.formats.face import Item, Reading, Writing
from ops.formats.sources import Source
from ops.intake.faults import Faults
from ops.intake.rows import Row
from ops.labels import KINDS

NAME, WORDS, SUFFIX, MIMETYPE = "csv", "CSV, one line an asset", "csv", "text/csv"
HOLDS = tuple(KINDS)
_NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SAID = ("method", "probability", "answers", "agreement")
ASSET = ("uri", "text", "width", "height")


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """The rows of a CSV file."""
    with source.open(source.names()[0]) as file:
        yield from rows(file, reading.faults, gold_column=reading.gold_column)


def rows(
    lines: Iterable[bytes], faults: Faults, *, gold_column: str | None = None
) -> Iterator[Row]:
    """The rows of a CSV; what cannot be read as one is noted as a fault."""
    reader = csv.reader(_decoded(lines, faults), strict=True)
    header: list[str] | None = None
    start = 1
    exported = False
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
            exported = header[-len(SAID) :] == list(SAID)
            if not _check_header(header, line, faults, gold_column):
                return
        elif len(cells) != len(header):
            faults.add(line, "line", f"has {len(cells)} fields, the header has {len(header)}")
        else:
            values = dict(zip(header, cells, strict=True))
            yield _row(line, _taken_back(values) if exported else values, gold_column)
    if header is None and not faults.found:
        said = "is empty; expected a header with external_id and uri, text or label"
        faults.add(None, "file", said)


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
    elif not {"uri", "text", "label", "class", "prediction"} & set(header):
        faults.add(line, "header", "has none of the columns uri, text, label and prediction")
    repeated = {name for name in header if header.count(name) > 1}
    if repeated:
        faults.add(line, "header", f"names {', '.join(sorted(repeated))} more than once")
    if gold_column and gold_column not in header:
        faults.add(line, "header", f"has no column {gold_column} with the known answers")
    return len(faults.found) == before


def _row(line: int, values: dict[str, str], gold_column: str | None) -> Row:
    gold = values.pop(gold_column, None) if gold_column else None
    metadata = _metadata(values)
    return Row(
        line=line,
        external_id=values.pop("external_id"),
        uri=values.pop("uri", None) or None,
        text=values.pop("text", None) or None,
        width=values.pop("width", None) or None,
        height=values.pop("height", None) or None,
        label=values.pop("label", None) or None,
        prediction=values.pop("prediction", None),
        confidence=values.pop("confidence", None),
        metadata=metadata | {name: value for name, value in values.items() if value and name},
        gold=gold or None,
    )


def _metadata(values: dict[str, str]) -> dict[str, Any]:
    """The column `metadata`, taken out, where it holds a JSON object."""
    if not values.get("metadata", "").startswith("{"):
        return {}
    try:
        found = json.loads(values["metadata"])
    except (ValueError, RecursionError):
        return {}
    del values["metadata"]
    return found if isinstance(found, dict) else {}


def _taken_back(values: dict[str, str]) -> dict[str, str]:
    """A line of an export as it was before it was made safe for spreadsheets."""
    kept = {name: plain(cell) for name, cell in values.items() if name not in SAID}
    if "class" in kept:
        kept["label"] = kept.pop("class")
    return kept


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """Assets with their labels; `writing.whole`: as whole as an import wants them."""
    simple = writing.label_type == "class"
    asset = (*ASSET, "metadata") if writing.whole else ()
    answer = "class" if simple else "label"
    yield _line(("external_id", *asset, answer, *SAID)).encode()
    for item in items:
        shown = item.label.get("class", "") if simple and not _more(item) else _json(item.label)
        more = [*(getattr(item, name) for name in ASSET), _json(item.metadata)]
        said = [item.said.get(name) for name in SAID]
        yield _line((item.external_id, *(more if writing.whole else ()), shown, *said)).encode()
        if item.metadata and not writing.whole:
            writing.losses.add("metadata", "of the asset: not written")


def _more(item: Item) -> bool:
    """Whether a label of one class says more than its class."""
    return item.label.keys() - {"class"} != set()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def lines(labels: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Labels of one class, as `ops.exports` gives them, in lines with a header."""
    yield _line(("external_id", "class", *SAID))
    for one in labels:
        answer = one["label"].get("class", "")
        yield _line((one["external_id"], answer, *(one.get(name) for name in SAID)))


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    # The writer quotes a carriage return only where it is part of the line's end.
    csv.writer(out, lineterminator="\r\n").writerow(["" if c is None else inert(c) for c in cells])
    return out.getvalue().removesuffix("\r\n") + "\n"


def inert(cell: Any) -> Any:
    """The cell, with an apostrophe in front where a spreadsheet would see a formula."""
    if not isinstance(cell, str) or not cell.lstrip("'").startswith(FORMULA):
        return cell
    return cell if _NUMBER.fullmatch(cell) else f"'{cell}"


def plain(cell: str) -> str:
    """The cell as it was before `inert`."""
    made = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA)
    return cell[1:] if made else cell
