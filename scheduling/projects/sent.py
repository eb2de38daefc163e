"""A file that came with a request, imported; a folder on the server that one names."""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from werkzeug.datastructures import FileStorage

from ops import intake
from ops.errors import InvalidInput
from ops.formats.sources import opened
from ops.models import Batch
from ops.web.identity import db, installation, user
from scheduling.projects.intake import Terms, import_source

IN_MEMORY = 16 * 2**20


def import_sent(
    batch: Batch, file: FileStorage | None, terms: Terms, known: FileStorage | None = None
) -> intake.Report:
    """Import `file` into `batch`. Raises InvalidInput and what an import raises."""
    if file is None or not file.filename:
        raise InvalidInput("choose a file", field="file")
    if terms.pictures and "://" not in terms.pictures:
        # The check of every row decides; said early, because it is one fault and not a hundred.
        _check_folder(terms.pictures)
    with ExitStack() as stack:
        source = stack.enter_context(opened(_seekable(file, stack), _name(file)))
        if known is not None and known.filename:
            other = stack.enter_context(opened(_seekable(known, stack), _name(known)))
            terms = replace(terms, known=other)
        return import_source(db(), batch, source, terms, by=user(), settings=installation())


def _check_folder(path: str) -> None:
    try:
        folder_within(path)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="picture_place") from None


def _name(file: FileStorage) -> str:
    """What the sender calls it, without folders."""
    return (file.filename or "file").replace("\\", "/").rpartition("/")[2][:200] or "file"


def _seekable(file: FileStorage, stack: ExitStack) -> IO[bytes]:
    """Zips are read from their end; werkzeug's stream need not be one that can."""
    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the stack closes it
    kept: Any = stack.enter_context(spool)
    file.save(kept)
    kept.seek(0)
    found: IO[bytes] = kept
    return found


def folder_within(path: str) -> Path:
    """A folder on the server, if assets may be read from it. Raises InvalidInput."""
    try:
        real = Path(path).resolve()
    except (OSError, ValueError, RuntimeError):
        raise InvalidInput("is not a path", field="folder") from None
    if not any(real.is_relative_to(root) for root in installation().roots[:-1]):
        raise InvalidInput(
            "lies outside the folders allowed by TOUCHSTONE_ASSET_ROOTS", field="folder"
        )
    if not real.is_dir():
        raise InvalidInput("there is no such folder", field="folder")
    return real
