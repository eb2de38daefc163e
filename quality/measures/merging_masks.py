"""One mask from several, on run lengths: every pixel goes where most of the weight puts it.

No mask is decoded to pixels: one sweep over the ends of all runs visits only places where
somebody's mask changes.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Floats, Ints, compiled
from quality.measures.merging_clusters import Overlaps, Rows, medoids

Rle = Mapping[str, Any]  # {"size": [height, width], "counts": COCO's compressed text}


def masks(
    objects: Sequence[Mapping[str, Any]], rows: Rows, weight: Floats, overlaps: Overlaps
) -> list[dict[str, Any]]:
    """The mask of each row: pixels that more than half of the weight drew; where both are even, as
    in the mask that overlaps the others most. Of two equal weights that is the one or the other."""
    found = []
    for r, middle in enumerate(medoids(rows, overlaps, weight)):
        lead = objects[middle]["rle"]
        row = rows.member[rows.start[r] : rows.start[r + 1]].tolist()
        members = [i for i in row if list(objects[i]["rle"]["size"]) == list(lead["size"])]
        fused = plurality(
            [objects[i]["rle"] for i in members],
            np.arange(len(members)),
            np.zeros(len(members), np.int64),
            weight[np.array(members)],
            members.index(middle),
            1,
        )[0]
        found.append({"rle": fused if area(fused) else {**lead}})
    return found


def area(rle: Rle) -> int:
    """Pixels of a mask."""
    runs, _ = decoded([rle["counts"]])
    return int(runs[1::2].sum())


def plurality(
    rles: Sequence[Rle], voter: Ints, category: Ints, weight: Floats, lead: int, n_classes: int
) -> list[dict[str, Any]]:
    """For each class, the mask of the pixels that most of the weight gives it.

    Mask k is what voter[k] holds for class category[k]; who has no mask at a pixel votes for none
    of them. Where votes are even, the voter `lead` decides. All masks are of the size of the first.
    """
    height, width = rles[0]["size"]
    runs, start = decoded([rle["counts"] for rle in rles])
    most = len(runs) + 2
    counts, n = np.zeros((n_classes, most), np.int64), np.zeros(n_classes, np.int64)
    _sweep(runs, start, voter, category, weight, lead, height * width, counts, n)
    texts = encoded(
        np.concatenate([row[:k] for row, k in zip(counts, n, strict=True)]),
        np.concatenate([[0], np.cumsum(n)]),
    )
    return [{"size": [height, width], "counts": text} for text in texts]


def decoded(counts: Sequence[str | bytes]) -> tuple[Ints, Ints]:
    """Run lengths of COCO's compressed texts, one after another, and where each text's begin."""
    texts = [c if isinstance(c, bytes) else c.encode("ascii") for c in counts]
    start = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    return _decoded(np.frombuffer(b"".join(texts), np.uint8), start)


def encoded(runs: Ints, start: Ints) -> list[str]:
    """COCO's compressed text of each list of run lengths, the inverse of `decoded`."""
    letters, ends = _encoded(runs, start)
    text = letters.tobytes().decode("ascii")
    return [text[a:b] for a, b in pairwise(ends.tolist())]


@compiled
def _decoded(text: NDArray[np.uint8], start: Ints) -> tuple[Ints, Ints]:
    """Digits of five bits, lowest first; from the fourth number on, the difference from the one
    before the last (Lin et al., cocoapi, rleFrString)."""
    runs, ends = np.zeros(len(text), np.int64), np.zeros(len(start), np.int64)
    at = 0
    for k in range(len(start) - 1):
        first, value, shift = at, np.int64(0), 0
        for i in range(start[k], start[k + 1]):
            digit = np.int64(text[i]) - 48
            value |= (digit & 31) << shift
            shift += 5
            if digit & 32:
                continue
            if digit & 16:
                value -= np.int64(1) << shift
            runs[at] = value + runs[at - 2] if at - first > 2 else value
            at += 1
            value, shift = np.int64(0), 0
        ends[k + 1] = at
    return runs[:at], ends


@compiled
def _encoded(runs: Ints, start: Ints) -> tuple[NDArray[np.uint8], Ints]:
    letters, ends = np.zeros(13 * len(runs), np.uint8), np.zeros(len(start), np.int64)
    at = 0
    for k in range(len(start) - 1):
        for i in range(start[k], start[k + 1]):
            value = runs[i] - runs[i - 2] if i - start[k] > 2 else runs[i]
            while True:
                digit = value & 31
                value >>= 5
                more = value != -1 if digit & 16 else value != 0
                letters[at] = 48 + (digit | 32 if more else digit)
                at += 1
                if not more:
                    break
        ends[k + 1] = at
    return letters[:at], ends


@compiled
def _sweep(  # noqa: PLR0912 - one kernel: calls between compiled functions cost more
    runs: Ints,
    start: Ints,
    voter: Ints,
    category: Ints,
    weight: Floats,
    lead: int,
    size: int,
    counts: Ints,
    n: Ints,
) -> None:
    """Visit the ends of all runs in order and write each class's own runs into `counts`, `n`."""
    n_masks, n_classes = len(start) - 1, len(counts)
    at, end = start[:-1].copy(), np.zeros(n_masks, np.int64)
    drawn = np.zeros((len(weight), n_classes), np.int64)
    votes, inside = np.zeros(n_classes + 1), np.full(n_classes, 0)
    for k in range(n_masks):
        end[k] = runs[at[k]] if at[k] < start[k + 1] else size
    place = 0
    while place < size:
        for k in range(n_masks):
            while end[k] <= place and at[k] < start[k + 1]:
                drawn[voter[k], category[k]] = 1 - drawn[voter[k], category[k]]
                at[k] += 1
                end[k] = end[k] + runs[at[k]] if at[k] < start[k + 1] else size
        votes[:] = 0.0
        of_lead = n_classes
        for v in range(len(weight)):
            named = n_classes  # nothing drawn
            for c in range(n_classes):
                if drawn[v, c]:
                    named = c
                    break
            votes[named] += weight[v]
            if v == lead:
                of_lead = named
        best = of_lead
        for c in range(n_classes + 1):
            if votes[c] > votes[best] * (1 + 1e-9):
                best = c
        after = size
        for k in range(n_masks):
            after = min(after, end[k])
        for c in range(n_classes):
            if inside[c] != (best == c):
                n[c] += 1
                inside[c] = 1 - inside[c]
            counts[c, n[c]] += after - place
        place = after
    for c in range(n_classes):
        n[c] += 1
