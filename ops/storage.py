"""Assets stay where the client keeps them: what may be read, and reading it.

A URI is one of
- `upload:<sha256>.<ext>`: a picture sent to us, in the upload folder under its own digest;
- a path or `file://` URI: it must resolve, links and all, into one of the allowed folders;
- `<protocol>://…`: through fsspec, when the operator allows the protocol.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from ops import config
from ops.errors import InvalidInput, StorageError

MOST_BYTES = 64 * 1024 * 1024
HEAD = 32  # bytes that tell one image type from another
SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
}
_UPLOAD = re.compile(r"upload:([0-9a-f]{64})\.(png|jpg|gif|webp|bmp)")
_PROTOCOL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*)://")
# These reach the local disk by another name and would walk around the allowed folders.
_LOCAL = frozenset({"file", "local"})


def sniff(head: bytes) -> str | None:
    """The image type that the first bytes announce, of those we serve; None for anything else.

    SVG is not among them: it can carry scripts.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and len(head) >= 26:
        return "image/bmp"
    return None


def check(uri: str, settings: config.Settings, *, beside: Path | None = None) -> str:
    """`uri` as it is stored, if it may be read; a picture on our disk must be one.

    A relative path is taken from `beside`, the folder of the list that names it. Files elsewhere
    are not touched. Raises InvalidInput with the field `uri`.
    """
    upload = _UPLOAD.fullmatch(uri)
    protocol = _protocol_of(uri)
    if upload:
        _check_picture(_upload_path(upload, settings))
        return uri
    if protocol is None:
        path = _inside(_local_path(uri, beside), settings)
        _check_picture(path)
        return str(path)
    _check_protocol(protocol, uri, settings)
    return uri


def _protocol_of(uri: str) -> str | None:
    if "\0" in uri:
        raise InvalidInput("holds a NUL character", field="uri")
    found = _PROTOCOL.match(uri)
    protocol = found.group(1).lower() if found else None
    return None if protocol == "file" else protocol


def _check_protocol(protocol: str, uri: str, settings: config.Settings) -> None:
    if "::" in uri:
        # fsspec chains protocols with it, the inner ones unchecked.
        raise InvalidInput("'::' is not allowed in a URI", field="uri")
    allowed = {p.strip().lower() for p in settings.asset_protocols.split(",") if p.strip()}
    if protocol not in allowed - _LOCAL:
        raise InvalidInput(
            f"the protocol {protocol} is not allowed here "
            f"(TOUCHSTONE_ASSET_PROTOCOLS allows: {', '.join(sorted(allowed - _LOCAL)) or 'none'})",
            field="uri",
        )


def _local_path(uri: str, beside: Path | None) -> Path:
    path = Path(unquote(urlsplit(uri).path) if uri.lower().startswith("file://") else uri)
    if path.is_absolute():
        return path
    if beside is None:
        raise InvalidInput("give a full path or a URI", field="uri")
    return beside / path


def _inside(path: Path, settings: config.Settings) -> Path:
    try:
        real = path.resolve()
    except (OSError, ValueError, RuntimeError):  # a name too long, links in a circle
        raise InvalidInput("is not a path that can be followed", field="uri") from None
    if not any(real.is_relative_to(root) for root in _roots(settings)):
        raise InvalidInput(
            "lies outside the folders allowed by TOUCHSTONE_ASSET_ROOTS", field="uri"
        )
    return real


@cache
def _resolved(asset_roots: str, home: Path) -> tuple[Path, ...]:
    given = (Path(root) for root in asset_roots.split(":") if root)
    return tuple(root.resolve() for root in (*given, home.resolve() / "media"))


def _roots(settings: config.Settings) -> tuple[Path, ...]:
    # An import asks this for each of its rows.
    return _resolved(settings.asset_roots, settings.home)


def _check_picture(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        raise InvalidInput("there is no such file", field="uri") from None
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", field="uri") from None
    if sniff(head) is None:
        raise InvalidInput("is not a PNG, JPEG, GIF, WebP or BMP picture", field="uri")


def _upload_path(match: re.Match[str], settings: config.Settings) -> Path:
    digest, suffix = match.groups()
    return settings.media / digest[:2] / f"{digest}.{suffix}"


def read(uri: str, settings: config.Settings | None = None) -> tuple[bytes, str]:
    """The bytes of a picture and its type, one of `SUFFIXES`.

    `settings` default to the environment's. What may be read is decided again here, so that a
    folder taken off the list is closed at once. Raises StorageError.
    """
    with opened(uri, settings) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise StorageError(f"The file is larger than {MOST_BYTES // 2**20} MB.")
    kind = sniff(data[:HEAD])
    if kind is None:
        raise StorageError("The file is not a PNG, JPEG, GIF, WebP or BMP picture.")
    return data, kind


@contextmanager
def opened(uri: str, settings: config.Settings | None = None) -> Iterator[IO[bytes]]:
    """The file behind `uri`, for whoever needs no more than its head. Raises StorageError.

    What goes wrong while it is read is told in the same way.
    """
    with ExitStack() as open_files:
        try:
            file = open_files.enter_context(_open(uri, settings or config.load()))
        except InvalidInput as error:
            raise StorageError(f"This file may not be read: {error.message}.") from None
        except (OSError, ValueError, ImportError) as error:
            raise _unreadable(error) from None
        try:
            yield file
        except (OSError, ValueError) as error:
            raise _unreadable(error) from None


def _unreadable(error: Exception) -> StorageError:
    return StorageError(f"The file could not be read ({type(error).__name__}).")


def _open(uri: str, settings: config.Settings) -> AbstractContextManager[IO[bytes]]:
    upload = _UPLOAD.fullmatch(uri)
    protocol = _protocol_of(uri)
    if upload or protocol is None:
        path = _upload_path(upload, settings) if upload else _local_path(uri, None)
        return _inside(path, settings).open("rb")
    _check_protocol(protocol, uri, settings)
    import fsspec

    found: AbstractContextManager[IO[bytes]] = fsspec.open(uri, "rb")
    return found


def upload_uri(data: bytes) -> str:
    """The URI under which `data` is kept. Raises InvalidInput unless it is a sound picture."""
    kind = sniff(data[:HEAD])
    if kind is None:
        raise InvalidInput("is not a PNG, JPEG, GIF, WebP or BMP picture", field="file")
    _verify(data)
    return f"upload:{hashlib.sha256(data).hexdigest()}.{SUFFIXES[kind]}"


def _verify(data: bytes) -> None:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            image.verify()
    # Pillow raises whatever its many decoders raise.
    except Exception:
        raise InvalidInput("is a damaged picture", field="file") from None


def keep_upload(data: bytes, settings: config.Settings) -> str:
    """Keep a picture sent to us; returns its URI. The same picture is kept once."""
    uri = upload_uri(data)
    match = _UPLOAD.fullmatch(uri)
    assert match
    path = _upload_path(match, settings)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, data)
    return uri


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that others see complete or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(data)
    Path(part.name).replace(path)
