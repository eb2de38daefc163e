"""Names of files in what is written: pictures by their external ids, labels beside them."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ops.formats.face import Item, Writing
from ops.formats.sources import PICTURES

_FORBIDDEN = frozenset('<>:"\\|?*')


def remote(uri: str | None) -> bool:
    """Whether a URI leads elsewhere than to a disk of ours."""
    return bool(uri) and urlsplit(uri or "").scheme.lower() in ("http", "https", "s3", "gs")


def picture_name(item: Item) -> str:
    """The name of the picture: the external id, with the suffix of its file if it has none."""
    if PurePosixPath(item.external_id).suffix.lower() in PICTURES:
        return item.external_id
    path = PurePosixPath(unquote(urlsplit(item.uri or "").path))
    return item.external_id + (path.suffix.lower() if path.suffix.lower() in PICTURES else ".jpg")


class FileNames:
    """Names for files of a zip, one for every asset, that every system can unpack."""

    def __init__(self, writing: Writing):
        self.writing = writing
        self.taken: set[str] = set()

    def give(self, item: Item) -> str:
        """The name of the picture, made safe and unique also without its suffix."""
        name = picture_name(item)
        safe = "/".join(_safe(part) for part in name.split("/") if part not in ("", ".")) or "_"
        path = PurePosixPath(safe)
        stem, n = path.with_suffix(""), 1
        while str(stem).casefold() in self.taken:
            n += 1
            stem = path.with_suffix("").with_name(f"{path.stem}~{n}")
        self.taken.add(str(stem).casefold())
        given = f"{stem}{path.suffix}"
        if given != item.external_id:
            self.writing.losses.add(
                "external_id", "is no name of a picture file of its own: written as one"
            )
        return given


def _safe(part: str) -> str:
    if part == "..":
        return "_"
    kept = "".join("_" if c in _FORBIDDEN or c < " " or c == "\x7f" else c for c in part)
    return kept.rstrip(". ") or "_"
