"""Draws that are the same at every asking, from a name alone."""

import hashlib


def lot(name: str) -> float:
    """A number in [0, 1) that is evenly spread over names."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
