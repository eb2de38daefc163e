"""Assets as a folder: each picture (or text file) in it, however deep, is one.

The external id is the path within the folder.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ops.errors import InvalidInput
from ops.formats.face import Reading
from ops.formats.sources import PICTURES, FolderSource, Source
from ops.intake.faults import Faults
from ops.intake.rows import LONGEST_TEXT, Row

NAME = "folder"
TEXTS = frozenset({".txt", ".md"})


def files(folder: Path, medium: str) -> list[Path]:
    """The files of `folder` that are of the medium, by name; hidden ones are left out."""
    wanted = PICTURES if medium == "image" else TEXTS
    found = []
    for where, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in wanted:
                found.append(Path(where) / name)
    return found


def read(folder: Path, medium: str, faults: Faults) -> Iterator[Row]:
    """One row per file; an empty folder is a fault."""
    found = files(folder, medium)
    if not found:
        kinds = ", ".join(sorted(PICTURES if medium == "image" else TEXTS))
        faults.add(None, "folder", f"there is no file in it that ends in {kinds}")
    for n, path in enumerate(found, start=1):
        name = path.relative_to(folder).as_posix()
        if medium == "image":
            yield Row(line=n, external_id=name, uri=str(path))
        else:
            text = _text(n, path, name, faults)
            if text is not None:
                yield Row(line=n, external_id=name, text=text)


def read_source(source: Source, reading: Reading) -> Iterator[Row]:
    """The pictures or texts of a folder or a zip, one row each."""
    if isinstance(source, FolderSource):
        yield from read(source.folder, reading.medium, reading.faults)
        return
    wanted = PICTURES if reading.medium == "image" else TEXTS
    found = [one for one in source.names() if PurePosixPath(one).suffix.lower() in wanted]
    if not found:
        kinds = ", ".join(sorted(wanted))
        reading.faults.add(None, "file", f"there is no file in it that ends in {kinds}")
    reading.faults.unit = "file"
    for n, name in enumerate(found, start=1):
        if reading.medium == "image":
            yield Row(line=n, external_id=name, uri=reading.uri_of(source, name))
        else:
            yield from _text_of(n, source, name, reading)


def _text_of(n: int, source: Source, name: str, reading: Reading) -> Iterator[Row]:
    try:
        # Four bytes is the longest character; one more tells that there is too much.
        text = source.read(name, 4 * LONGEST_TEXT + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reading.faults.add(n, "text", f"is not UTF-8 at byte {error.start + 1}", name)
    except InvalidInput as error:
        reading.faults.add(n, "text", error.message, name)
    else:
        yield Row(line=n, external_id=name, text=text)


def _text(n: int, path: Path, name: str, faults: Faults) -> str | None:
    try:
        with path.open("rb") as file:
            # Four bytes is the longest character; one more tells that there is too much.
            return file.read(4 * LONGEST_TEXT + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add(n, "text", f"is not UTF-8 at byte {error.start + 1}", name)
    except OSError as error:
        faults.add(n, "text", f"cannot be read: {error.strerror}", name)
    return None
