"""Where an import is read from: one file, a folder, or a zip, none of them trusted.

Nothing is ever unpacked to disk. A zip with paths that lead out of it, links, too many files or
files that swell too much is refused whole; a folder's links that lead out of it are not followed.
"""

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ops.errors import InvalidInput

MOST_FILES = 500_000
MOST_BYTES = 8 * 2**30  # all files of a zip together, unpacked
MOST_OF_ONE = 2 * 2**30  # one file that is read whole
MOST_SWELLING = 300  # unpacked ÷ packed; text of labels swells 5 to 40 times
SMALL = 2**20  # what may swell as it likes
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})


class Source:
    """Files by their paths, with `/`, relative to the source. A single file is `name` alone."""

    name: str
    single = False

    def names(self) -> list[str]:
        """Every file, in order."""
        raise NotImplementedError

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        raise NotImplementedError

    def open(self, name: str) -> IO[bytes]:
        """A file for reading. Raises InvalidInput."""
        raise NotImplementedError

    def path_of(self, name: str) -> Path | None:  # noqa: ARG002 - folders know
        """Where the file lies on disk; None when it lies in an archive or was sent."""
        return None

    def read(self, name: str, most: int = MOST_OF_ONE) -> bytes:
        """A whole file. Raises InvalidInput when it has more than `most` bytes or is damaged."""
        try:
            with self.open(name) as file:
                data = file.read(most + 1)
        except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
            raise InvalidInput(f"{name}: cannot be read: {error}", field="file") from None
        except Exception as error:  # zlib's and lzma's own errors
            raise InvalidInput(f"{name}: is damaged: {error}", field="file") from None
        if len(data) > most:
            said = f"{name}: is larger than {most / 2**20:,.0f} MB"
            raise InvalidInput(said, field="file")
        return data

    def pictures(self) -> list[str]:
        """The files that are pictures by their suffix."""
        return [one for one in self.names() if PurePosixPath(one).suffix.lower() in PICTURES]


class FileSource(Source):
    """One file, on disk or sent."""

    single = True

    def __init__(
        self,
        file: Path | IO[bytes],
        name: str = "",
        watch: Callable[[int], None] | None = None,
    ):
        self.file, self.watch = file, watch
        self.name = name or (file.name if isinstance(file, Path) else "file")

    def names(self) -> list[str]:
        return [self.name]

    def has(self, name: str) -> bool:
        return name == self.name

    def open(self, name: str) -> IO[bytes]:  # noqa: ARG002 - there is only one
        if isinstance(self.file, Path):
            if self.watch is not None:
                return io.BufferedReader(_Watched(self.file, self.watch), 1 << 18)
            return self.file.open("rb")
        self.file.seek(0)
        return _Borrowed(self.file)


class _Watched(io.FileIO):
    """Tells how many bytes were read, for a bar that shows it."""

    def __init__(self, path: Path, tell: Callable[[int], None]):
        super().__init__(path)
        self.tell_read = tell

    def readinto(self, buffer: Any) -> int:
        n = super().readinto(buffer) or 0
        self.tell_read(n)
        return n

    def readall(self) -> bytes:
        data = super().readall()
        self.tell_read(len(data))
        return data


class _Borrowed(io.BufferedReader):
    """A stream that somebody else closes."""

    def __init__(self, stream: Any):
        super().__init__(stream)

    def close(self) -> None:
        if not self.closed:
            self.detach()


class FolderSource(Source):
    """A folder, however deep; hidden files are left out."""

    def __init__(self, folder: Path):
        self.folder, self.name = folder.resolve(), folder.name
        self._names = list(_walk(self.folder))
        self._known = frozenset(self._names)

    def names(self) -> list[str]:
        return self._names

    def has(self, name: str) -> bool:
        return name in self._known

    def open(self, name: str) -> IO[bytes]:
        return (self.folder / name).open("rb")

    def path_of(self, name: str) -> Path | None:
        return self.folder / name


def _walk(folder: Path) -> Iterator[str]:
    n = 0
    for where, inner, names in os.walk(folder):
        inner[:] = sorted(one for one in inner if not one.startswith("."))
        for name in sorted(names):
            path = Path(where) / name
            if name.startswith(".") or not path.resolve().is_relative_to(folder):
                continue
            n += 1
            if n > MOST_FILES:
                raise InvalidInput(f"has more than {MOST_FILES:,} files", field="folder")
            yield path.relative_to(folder).as_posix()


class ZipSource(Source):
    """A zip, read where it lies."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        self.archive, self.name = archive, name
        self._infos = {one.filename: one for one in _checked(archive)}

    def names(self) -> list[str]:
        return list(self._infos)

    def has(self, name: str) -> bool:
        return name in self._infos

    def open(self, name: str) -> IO[bytes]:
        # zipfile reads no more than the size that was checked, and compares the checksum.
        return self.archive.open(self._infos[name])


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    every = archive.infolist()
    if len(every) > MOST_FILES:
        raise InvalidInput(f"the zip has more than {MOST_FILES:,} files", field="file")
    found, total, seen = [], 0, set()
    for one in every:
        _check_path(one)
        if one.is_dir() or _hidden(one.filename):
            continue
        if one.filename in seen:
            raise InvalidInput(f"the zip has {one.filename[:200]} twice", field="file")
        if one.flag_bits & 1:
            raise InvalidInput("the zip is encrypted", field="file")
        if one.file_size > SMALL and one.file_size > MOST_SWELLING * max(one.compress_size, 1):
            said = f"{one.filename[:200]} swells more than {MOST_SWELLING} times when unpacked"
            raise InvalidInput(said, field="file")
        total += one.file_size
        if total > MOST_BYTES:
            said = f"the zip unpacks to more than {MOST_BYTES // 2**30} GB"
            raise InvalidInput(said, field="file")
        seen.add(one.filename)
        found.append(one)
    return found


def _check_path(one: zipfile.ZipInfo) -> None:
    path = PurePosixPath(one.filename)
    leads_out = path.is_absolute() or ".." in path.parts or "\\" in one.filename
    if leads_out or "\0" in one.filename or (path.parts and ":" in path.parts[0]):
        said = f"the zip holds a path that leads out of it: {one.filename[:200]!r}"
        raise InvalidInput(said, field="file")
    if stat.S_ISLNK(one.external_attr >> 16):
        raise InvalidInput(f"the zip holds a link: {one.filename[:200]!r}", field="file")


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


@contextmanager
def opened(
    what: Path | IO[bytes], name: str = "", watch: Callable[[int], None] | None = None
) -> Iterator[Source]:
    """A source from a path, or from a stream that can seek, sent under `name`.

    `watch` is told of the bytes that are read of a single file on disk. Raises InvalidInput for a
    zip that is damaged or dangerous.
    """
    if isinstance(what, Path) and what.is_dir():
        yield FolderSource(what)
        return
    name = name or (what.name if isinstance(what, Path) else "file")
    if not _is_zip(what):
        yield FileSource(what, name, watch)
        return
    try:
        archive = zipfile.ZipFile(what)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InvalidInput(f"{name} is no sound zip: {error}", field="file") from None
    with archive:
        yield ZipSource(archive, name)


def _is_zip(what: Path | IO[bytes]) -> bool:
    if isinstance(what, Path):
        with what.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    what.seek(0)
    begins = what.read(4) == b"PK\x03\x04"
    what.seek(0)
    return begins
