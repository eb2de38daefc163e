"""Files that people take away: labels of a batch or a delivery, and reports."""

import json
import tempfile

from flask import Response, send_file

from metrics import report_pages
from ops import exports
from ops.errors import NotFound
from ops.formats import catalogue
from ops.models import Batch, Delivery
from ops.web.identity import db, installation

IN_MEMORY = 16 * 1024 * 1024
LONGEST_HEADER = 4000


def file_of(what: Batch | Delivery, form: str, most: int | None = None) -> exports.File:
    """The labels in force of a batch, or those of a delivery, in a format; `most` of them.

    Raises NotFound for a format that there is not, InvalidInput for one that cannot hold them.
    """
    if form not in catalogue.WRITTEN:
        raise NotFound(f"There is no such format; there are {', '.join(catalogue.WRITTEN)}.")
    settings = installation()
    if isinstance(what, Delivery):
        return exports.file_of_delivery(db(), what, form, settings, most=most)
    return exports.file_of_batch(db(), what, form, settings, most=most)


def labels(what: Batch | Delivery, form: str, name: str) -> Response:
    """Labels as a file; the header Touchstone-Losses says as JSON what it could not hold.

    They are written out before the answer begins, so that a broken export never looks complete.
    """
    made = file_of(what, form)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    file.writelines(made.pieces)
    file.seek(0)
    answer = send_file(
        file,
        mimetype=made.form.MIMETYPE,
        as_attachment=True,
        download_name=f"{_plain(name)}.{made.form.SUFFIX}",
    )
    said = json.dumps([vars(loss) for loss in made.losses])
    answer.headers["Touchstone-Losses"] = said if len(said) <= LONGEST_HEADER else "[]"
    return answer


def report_pdf(made: Delivery) -> Response:
    """The report of a delivery as a PDF."""
    answer = Response(report_pages.pdf(made.report), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="report-{made.id}.pdf"'
    return answer


def _plain(name: str) -> str:
    """A file name that every system takes."""
    kept = "".join(ch if ch.isascii() and ch.isalnum() else "-" for ch in name)
    return "-".join(part for part in kept.split("-") if part)[:80] or "labels"
