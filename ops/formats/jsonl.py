"""Assets and labels as JSON lines: one object a line, UTF-8.

Assets: {"external_id", "uri" or "text", "width", "height" in px, "metadata": {…}, "label": a label
or the key of a class, "prediction": a model's class, "confidence": how sure it was, from 0 to 1}.
Labels: keys sorted and no spaces, so that the same labels are always the same bytes.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from ops.formats.face import Item, Reading, Writing
from ops.formats.sources import Source
from ops.intake.faults import Faults
from ops.intake.rows import Row, row_of
from ops.labels import KINDS

NAME, WORDS, SUFFIX = "jsonl", "JSON lines, one object an asset", "jsonl"
MIMETYPE = "application/x-ndjson"
HOLDS = tuple(KINDS)


def read(source: Source, reading: Reading) -> Iterator[Row]:
    """The rows of a JSONL file."""
    with source.open(source.names()[0]) as file:
        yield from rows(file, reading.faults, gold_column=reading.gold_column)


def rows(
    lines: Iterable[bytes], faults: Faults, *, gold_column: str | None = None
) -> Iterator[Row]:
    """The rows of a JSONL file; what cannot be read as one is noted as a fault."""
    for line, raw in enumerate(lines, start=1):
        data = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
        if not data.strip():
            continue
        values = _object(line, data, faults)
        if values is not None:
            row = row_of(line, values, faults, gold_column=gold_column)
            if row is not None:
                yield row


def _object(line: int, data: bytes, faults: Faults) -> Any:
    try:
        values = json.loads(data.decode(), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        faults.add(line, "line", f"is not UTF-8 at byte {error.start + 1}")
    except json.JSONDecodeError as error:
        faults.add(line, "line", f"is not JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError) as error:
        faults.add(line, "line", f"is not JSON: {error}")
    else:
        return values if values is not None else []
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def write(items: Iterable[Item], writing: Writing) -> Iterator[bytes]:
    """Assets with their labels; `writing.whole`: as whole as an import wants them."""
    for item in items:
        one: dict[str, Any] = {"external_id": item.external_id, "label": item.label, **item.said}
        if writing.whole:
            asset = {name: getattr(item, name) for name in ("uri", "text", "width", "height")}
            one |= {name: value for name, value in asset.items() if value is not None}
            if item.metadata:
                one["metadata"] = item.metadata
        elif item.metadata:
            writing.losses.add("metadata", "of the asset: not written")
        yield line(one).encode()


def lines(labels: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Labels, as `ops.exports` gives them, in lines."""
    return map(line, labels)


def line(one: Any) -> str:
    """An object as a line, always in the same way."""
    return json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
