"""Merkle trees as in RFC 6962 (Certificate Transparency), section 2.1.

SHA-256; leaves and nodes differ by a first byte, so that neither can be passed off as the other.
"""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """Hash of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(entries: Iterable[bytes]) -> bytes:
    """Root of the tree over `entries` in their order; memory grows with the logarithm only."""
    stack: list[tuple[int, bytes]] = []  # complete subtrees, larger ones first, by height
    for entry in entries:
        height, current = 0, leaf(entry)
        while stack and stack[-1][0] == height:
            current = node(stack.pop()[1], current)
            height += 1
        stack.append((height, current))
    if not stack:
        return EMPTY
    current = stack.pop()[1]
    while stack:
        current = node(stack.pop()[1], current)
    return current


def proof(entries: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of one entry: the hashes that lead from it to the root.

    Raises IndexError when there is no such entry.
    """
    if not 0 <= index < len(entries):
        raise IndexError(index)
    if len(entries) == 1:
        return []
    split = _split(len(entries))
    if index < split:
        return [*proof(entries[:split], index), root(entries[split:])]
    return [*proof(entries[split:], index - split), root(entries[:split])]


def root_from(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to from the entry at `index` of `size`.

    Raises ValueError when the path has the wrong length.
    """
    if not 0 <= index < size:
        raise ValueError("index: expected a place inside the tree")
    if size == 1:
        if path:
            raise ValueError("path: longer than the tree is high")
        return leaf(entry)
    if not path:
        raise ValueError("path: shorter than the tree is high")
    split = _split(size)
    if index < split:
        return node(root_from(entry, index, split, path[:-1]), path[-1])
    return node(path[-1], root_from(entry, index - split, size - split, path[:-1]))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
