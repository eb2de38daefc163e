"""One text for one value: what digests and seals are computed over."""

import hashlib
import json
from typing import Any


def text(value: Any) -> str:
    """JSON with sorted keys, no spaces, UTF-8 as it is; a number that is no number is refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: Any) -> str:
    """SHA-256 of that text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text(value).encode()).hexdigest()
