"""The size of a picture in px, as a browser shows it: what its labels are measured in.

It is read from the head of the file when somebody first needs it, and kept on the asset. A size
that an import brings is taken at its word: the client's own labels are in the same pixels.
"""

from collections.abc import Callable
from typing import IO, Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops import storage
from ops.errors import InvalidInput, NotFound
from ops.models import Asset

# Exif 2.32, tag 0x0112: from 5 on rows and columns are exchanged. Chromium turns pictures of these
# two types by it, and no other.
ORIENTATION, EXCHANGED, TURNED = 0x0112, (5, 6, 7, 8), ("PNG", "JPEG")


def size(session: Session, asset_id: int) -> tuple[int, int]:
    """(width, height) in px of the picture of an asset.

    Raises NotFound when the asset is no picture, StorageError when it cannot be read now,
    InvalidInput with the field `image` when it is damaged.
    """
    found = session.execute(
        select(Asset.width, Asset.height, Asset.uri).where(Asset.id == asset_id)
    ).one_or_none()
    if found is None or found.uri is None:
        raise NotFound("There is no such picture.")
    if found.width and found.height:
        return found.width, found.height
    with storage.opened(found.uri) as file:
        measured = measure(file)
    keep(session, asset_id, measured)
    return measured


def keep(session: Session, asset_id: int, measured: tuple[int, int]) -> None:
    """Write down the size of a picture, unless it is known or somebody else is writing it."""
    free = (
        select(Asset.id)
        .where(Asset.id == asset_id, Asset.width.is_(None))
        .with_for_update(key_share=True, skip_locked=True)
    )
    width, height = measured
    session.execute(
        update(Asset).where(Asset.id.in_(free)).values(width=width, height=height),
        execution_options={"synchronize_session": False},
    )


def measure(file: IO[bytes]) -> tuple[int, int]:
    """(width, height) in px from the head of a picture. Raises InvalidInput when it has none."""
    try:
        image = _opened(file)
    # Pillow raises whatever its many readers raise; only what the storage says is another matter.
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InvalidInput(
            "the picture is damaged: its size cannot be read", field="image"
        ) from None
    if image.width < 1 or image.height < 1:
        raise InvalidInput("is empty", field="image")
    if image.format in TURNED and _orientation(image) in EXCHANGED:
        return image.height, image.width
    return image.width, image.height


def _opened(file: IO[bytes]) -> Any:
    # Not Image.open: it refuses large pictures, of which nothing but the head is read here.
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.GifImagePlugin import GifImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    readers: dict[str, Callable[[IO[bytes]], Any]] = {
        "image/png": PngImageFile,
        "image/jpeg": JpegImageFile,
        "image/gif": GifImageFile,
        "image/webp": WebPImageFile,
        "image/bmp": BmpImageFile,
    }
    kind = storage.sniff(file.read(storage.HEAD))
    file.seek(0)
    return readers[kind or ""](file)


def _orientation(image: Any) -> int | None:
    """The tag, from what was read with the head: that of a PNG may stand behind all its pixels."""
    from PIL.Image import Exif

    exif = Exif()
    exif.load(image.info.get("exif", b""))
    found: int | None = exif.get(ORIENTATION)
    return found
