"""Assets and labels as JSON lines: one object a line, UTF-8.

Assets: {"external_id", "uri" or "text", "metadata": {…}, "prediction": a model's class,
"confidence": how sure it was, from 0 to 1}. Labels: keys sorted and no spaces, so that the same
labels are always the same bytes.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from ops.intake.faults import Faults
from ops.intake.rows import Row, row_of

MIMETYPE = "application/x-ndjson"


def read(
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


def write(labels: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Labels, as `ops.exports` gives them, in lines."""
    for one in labels:
        yield json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
