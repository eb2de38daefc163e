"""Label Studio's brush masks: its own run lengths of an RGBA picture, as a list of bytes.

A stream of bits: 32 the number of values, 5 the bits of a value less 1, four times 4 the bits of a
length less 1; then records of 1 bit (1: one value so many times, 0: so many values), 2 bits (which
of the four lengths), the length less 1, and the value or values. The mask is the fourth of every
four values, row by row.
"""

from typing import Any

import numpy as np

from ops.formats import geometry

VALUE_BITS = 8
LENGTH_BITS = (3, 4, 8, 16)
MOST_PIXELS = 2**26


def decode(values: list[Any], size: tuple[int, int]) -> dict[str, Any]:
    """A mask as COCO's run lengths; `size` is (width, height). Raises ValueError in words."""
    width, height = size
    if width * height > MOST_PIXELS:
        raise ValueError("the picture is too large for a brush mask")
    try:
        data = np.frombuffer(bytes(values), np.uint8)
    except (TypeError, ValueError):
        raise ValueError("the run lengths of a brush are a list of bytes") from None
    starts, ends, alpha = _records(np.unpackbits(data), 4 * width * height)
    mask = np.zeros(4 * width * height, bool)
    for start, end in zip(starts[alpha], ends[alpha], strict=True):
        mask[start:end] = True
    return geometry.encoded(mask[3::4].reshape(height, width))


def _records(bits: Any, expected: int) -> tuple[Any, Any, Any]:
    """(starts, ends, whether above 0) of runs of values."""
    text = bits.tobytes()  # one byte a bit: slices of it are read as numbers
    at = 0

    def take(n: int) -> int:
        nonlocal at
        if at + n > len(text):
            raise ValueError("the run lengths of the brush end too soon")
        value = 0
        for bit in text[at : at + n]:
            value = value << 1 | bit
        at += n
        return value

    total, value_bits = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    if total != expected:
        raise ValueError(f"the brush mask has {total:,} values, the picture {expected:,}")
    runs: list[tuple[int, int, bool]] = []
    done = 0
    while done < total:
        same = take(1)
        n = take(lengths[take(2)]) + 1
        if done + n > total:
            raise ValueError("the run lengths of the brush are more than the picture")
        if same:
            runs.append((done, done + n, take(value_bits) > 0))
        else:
            runs += [(done + i, done + i + 1, take(value_bits) > 0) for i in range(n)]
        done += n
    starts, ends, above = zip(*runs, strict=True)
    return np.array(starts), np.array(ends), np.array(above)


def encode(rle: dict[str, Any]) -> list[int]:
    """COCO's run lengths as the bytes of a brush: 255 in all four channels of the mask."""
    flat = geometry.pixels(rle).ravel()
    ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]) + 1, flat.size)
    parts = [f"{4 * flat.size:032b}{VALUE_BITS - 1:05b}"]
    parts += [f"{bits - 1:04b}" for bits in LENGTH_BITS]
    start = 0
    for end in ends.tolist():
        value = "11111111" if flat[start] else "00000000"
        parts += _runs(4 * (end - start), value)
        start = end
    text = "".join(parts)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _runs(length: int, value: str) -> list[str]:
    """Records of one value `length` times, each with the shortest length that holds it."""
    parts = []
    while length:
        n = min(length, 2 ** LENGTH_BITS[-1])
        which = next(i for i, bits in enumerate(LENGTH_BITS) if n <= 2**bits)
        parts.append(f"1{which:02b}{n - 1:0{LENGTH_BITS[which]}b}{value}")
        length -= n
    return parts
