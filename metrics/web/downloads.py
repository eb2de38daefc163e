"""Files that people take away: labels of a batch or a delivery, and reports."""

import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, send_file

from metrics import report_pages
from ops.errors import NotFound
from ops.formats import csv, jsonl
from ops.models import Delivery

FORMATS = {"jsonl": jsonl, "csv": csv}
IN_MEMORY = 16 * 1024 * 1024


def labels(rows: Iterable[dict[str, Any]], form: str, name: str) -> Response:
    """Labels as a file. Raises NotFound for a format that there is not.

    They are written out before the answer begins, so that a broken export never looks complete.
    """
    if form not in FORMATS:
        raise NotFound(f"There is no such format; there are {' and '.join(FORMATS)}.")
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    file.writelines(_encoded(FORMATS[form].lines(rows)))
    file.seek(0)
    return send_file(
        file,
        mimetype=FORMATS[form].MIMETYPE,
        as_attachment=True,
        download_name=f"{_plain(name)}.{form}",
    )


def report_pdf(made: Delivery) -> Response:
    """The report of a delivery as a PDF."""
    answer = Response(report_pages.pdf(made.report), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="report-{made.id}.pdf"'
    return answer


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    return (line.encode() for line in lines)


def _plain(name: str) -> str:
    """A file name that every system takes."""
    kept = "".join(ch if ch.isascii() and ch.isalnum() else "-" for ch in name)
    return "-".join(part for part in kept.split("-") if part)[:80] or "labels"
