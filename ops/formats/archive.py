"""A zip, written piece by piece, so that one of any size needs little memory."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator

from ops.formats.losses import Losses

PIECE = 1 << 17


class _Sink(io.RawIOBase):
    """Takes what the archive writes until it is fetched."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        held = bytes(data)  # type: ignore[call-overload]
        self.waiting += held
        return len(held)

    def fetch(self) -> bytes:
        data = bytes(self.waiting)
        self.waiting.clear()
        return data


def zipped(files: Iterable[tuple[str, str]], losses: Losses) -> Iterator[bytes]:
    """A zip of (name, text), and last of `losses.json`: what the format could not hold.

    Files bear no date, so that the same labels make the same zip.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in files:
            _put(archive, name, text)
            if len(sink.waiting) > PIECE:
                yield sink.fetch()
        _put(archive, "losses.json", said(losses))
    yield sink.fetch()


def _put(archive: zipfile.ZipFile, name: str, text: str) -> None:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, text.encode())


def said(losses: Losses) -> str:
    """The losses as JSON: a list of {"field", "count", "words"}."""
    return json.dumps([vars(one) for one in losses.found], ensure_ascii=False, indent=1) + "\n"
