"""Pictures made small, for lists and for reports."""

import io
from typing import Literal

from ops.errors import StorageError

MOST_PIXELS = 80_000_000


def shrunk(data: bytes, side: int, form: Literal["WEBP", "JPEG"], quality: int) -> bytes:
    """The picture upright, `side` px at most in width and height, transparent only as WEBP.

    Raises StorageError where it is damaged, or too large to be decoded.
    """
    from PIL import Image, ImageOps

    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise StorageError("The picture is too large for a thumbnail.")
            image.draft("RGB", (side * 2, side * 2))  # JPEG decodes straight to a smaller size
            upright = ImageOps.exif_transpose(image).convert("RGBA" if form == "WEBP" else "RGB")
            upright.thumbnail((side, side))
            upright.save(out, form, quality=quality)
    except StorageError:
        raise
    # Pillow raises whatever its many decoders raise.
    except Exception:
        raise StorageError("The picture is damaged.") from None
    return out.getvalue()
