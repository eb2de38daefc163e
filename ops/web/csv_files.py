"""Tables that pages give away as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

from ops.formats.csv import inert


def csv_file(name: str, head: Sequence[str], rows: Iterable[Iterable[Any]]) -> Response:
    """The rows under `head` as the file `name`.csv: None is empty, and a text that a spreadsheet
    would take for a formula is quoted. The mark at its head tells spreadsheets that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([inert(cell) for cell in row] for row in rows)
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
