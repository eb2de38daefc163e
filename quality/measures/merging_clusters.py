"""Which objects of several people's labels are the same thing.

Every two clusters may become one while their objects overlap enough on average and no answer has an
object in both: average linkage, the nearest pair first (R. R. Sokal and C. D. Michener, 1958), with
at most one object an answer. A chain of neighbours that drifts away is so no single thing.
"""

from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Bools, Floats, Ints, compiled

# Of pairs that overlap alike, one of the same class is nearer by as much: two things that lie on
# each other are told apart by their class, and one thing called by two names remains one.
SAME_CLASS = 0.25


class Rows(NamedTuple):
    """Clusters, and clusters without one of their objects, each a row to fuse. `member` holds the
    positions of the objects row after row, `start` (rows + 1,) where each row's begin, `without`
    (rows,) the object left out or -1, `cluster` (rows,) the row that is the whole cluster."""

    member: Ints
    start: Ints
    without: Ints
    cluster: Ints


class Overlaps(NamedTuple):
    """Overlap of pairs of objects, both ways: those of object i from start[i] up to start[i + 1],
    `other` ascending within each."""

    start: Ints
    other: Ints
    overlap: Floats


def both_ways(i: Ints, j: Ints, overlap: Floats, n: int) -> Overlaps:
    """The overlaps of pairs of `n` objects as a symmetric table; those of one pair are added up."""
    keys = np.concatenate([i * n + j, j * n + i])
    unique, at = np.unique(keys, return_inverse=True)
    total = np.asarray(np.bincount(at, np.concatenate([overlap, overlap]), len(unique)), float)
    start = np.searchsorted(unique, np.arange(n + 1) * n).astype(np.int64)
    return Overlaps(start, unique % max(n, 1), total)


def clusters(overlaps: Overlaps, answer: Ints, category: Ints, least: float) -> Ints:
    """The cluster of each object, (objects,) codes in the order of the clusters' first objects.

    `answer` (objects,) says which answer an object belongs to, `category` its class; objects whose
    mean overlap is at least `least` in (0, 1] may be one.
    """
    i = np.repeat(np.arange(len(answer)), np.diff(overlaps.start))
    j, near = overlaps.other, overlaps.overlap
    pairs = np.flatnonzero((i < j) & (near >= least - 1e-12))
    nearness = near[pairs] + SAME_CLASS * (category[i[pairs]] == category[j[pairs]])
    order = pairs[np.argsort(-np.round(nearness, 12), kind="stable")]
    return _clusters(i[order], j[order], overlaps.start, j, near, answer, least - 1e-12)


def rows(cluster: Ints, leave_out: Bools) -> Rows:
    """Every cluster as a row, and after them every cluster of two or more without one of its
    objects, where `leave_out` (objects,) asks for it."""
    sizes = np.bincount(cluster)
    member = np.argsort(cluster, kind="stable")
    start = np.concatenate([[0], np.cumsum(sizes)])
    without = member[leave_out[member] & (sizes[cluster[member]] > 1)]
    of = cluster[without]
    shorter = sizes[of] - 1
    rest = _others(start, member, of, without, int(shorter.sum()))
    return Rows(
        np.concatenate([member, rest]),
        np.concatenate([start, start[-1] + np.cumsum(shorter)]).astype(np.int64),
        np.concatenate([np.full(len(sizes), -1), without]),
        np.concatenate([np.arange(len(sizes)), of]),
    )


def medoids(rows: Rows, overlaps: Overlaps, weight: Floats) -> Ints:
    """The object of each row that overlaps all of it most, by weight, itself included; (rows,).

    Of equals the first. `weight` is one number an object.
    """
    start, other, overlap = overlaps
    return _medoids(rows.member, rows.start, start, other, overlap, weight)


@compiled
def _clusters(
    first: Ints,
    second: Ints,
    start: Ints,
    other: Ints,
    overlap: Floats,
    answer: Ints,
    least: float,
) -> Ints:
    """Join pairs in their order; clusters are rings of `following` objects, known by `root`."""
    n = len(answer)
    root, following, size = np.arange(n), np.arange(n), np.ones(n, np.int64)
    for k in range(len(first)):
        a, b = root[first[k]], root[second[k]]
        if a == b:
            continue
        total, fits, i = 0.0, True, a
        for _ in range(size[a]):
            j = b
            for _ in range(size[b]):
                fits = fits and answer[i] != answer[j]
                at = start[i] + np.searchsorted(other[start[i] : start[i + 1]], j)
                if at < start[i + 1] and other[at] == j:
                    total += overlap[at]
                j = following[j]
            i = following[i]
        if not fits or total < least * size[a] * size[b]:
            continue
        a, b = min(a, b), max(a, b)
        i = b
        for _ in range(size[b]):
            root[i] = a
            i = following[i]
        following[a], following[b] = following[b], following[a]
        size[a] += size[b]
    code, found = 0, np.full(n, -1)
    for i in range(n):
        if root[i] == i:
            found[i] = code
            code += 1
    for i in range(n):
        found[i] = found[root[i]]
    return found


@compiled
def _others(start: Ints, member: Ints, of: Ints, without: Ints, total: int) -> Ints:
    """The members of cluster of[k] except without[k], one after another."""
    found, at = np.zeros(total, np.int64), 0
    for k in range(len(of)):
        for m in range(start[of[k]], start[of[k] + 1]):
            if member[m] != without[k]:
                found[at] = member[m]
                at += 1
    return found


@compiled
def _medoids(
    member: Ints,
    row_start: Ints,
    start: Ints,
    other: Ints,
    overlap: Floats,
    weight: Floats,
) -> Ints:
    found = np.zeros(len(row_start) - 1, np.int64)
    for r in range(len(found)):
        best, most = -1, -1.0
        for m in range(row_start[r], row_start[r + 1]):
            i = member[m]
            total = weight[i]
            for k in range(row_start[r], row_start[r + 1]):
                j = member[k]
                at = start[i] + np.searchsorted(other[start[i] : start[i + 1]], j)
                if at < start[i + 1] and other[at] == j:
                    total += weight[j] * overlap[at]
            if total > most + 1e-12:
                best, most = i, total
        found[r] = best
    return found
