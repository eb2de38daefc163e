"""The loops of average precision, compiled: grouping, matching and counting.

A detection's fate at every threshold and in every range of sizes is one bit of a number: ten
thresholds and four ranges are matched in one pass, not in forty. Bit `range · thresholds +
threshold` says whether it was right there, or left out.
"""

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints, compiled
from quality.measures.threads import share_out

Bits = NDArray[np.uint64]
WORTH_A_THREAD = 20_000  # detections, with what lies near them
MOST_BITS = 64


def matches(
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
    overlap: Floats,
    counts: Bools,
    crowd: Bools,
    outside: Bools,
    thresholds: Floats,
) -> tuple[Bits, Bits]:
    """Where each detection is right, and where it is left out; (detections,) each.

    Groups and `overlap` as `coco_eval.Pairs` has them; `counts` (ranges, truths): the truth counts
    in this range; `outside` (ranges, detections): of another size. Raises ValueError where ranges
    and thresholds are more than 64 together.
    """
    if counts.shape[0] * len(thresholds) > MOST_BITS:
        raise ValueError(f"thresholds: expected {MOST_BITS} with the ranges, at most")
    right, left_out = (np.zeros(outside.shape[1], np.uint64) for _ in range(2))
    several = len(thresholds)
    columns = (
        truth_start,
        detection_start,
        start,
        overlap,
        _everywhere(counts, several),
        crowd,
        _everywhere(outside, several),
        # Two equal objects may overlap by a hair less than 1: pycocotools grants as much.
        np.minimum(thresholds, 1 - 1e-10),
        np.uint64(sum(1 << row * several for row in range(len(counts)))),
    )

    def work(begin: int, end: int) -> None:
        _match(*columns, begin, end, right, left_out)

    share_out(work, np.diff(detection_start) + np.diff(start), WORTH_A_THREAD)
    return right, left_out


def _everywhere(flags: Bools, thresholds: int) -> Bits:
    """Of each column one number: what is said of a range holds at each of its thresholds."""
    found = np.zeros(flags.shape[1], np.uint64)
    for row, here in enumerate(flags):
        found[here] |= np.uint64(((1 << thresholds) - 1) << row * thresholds)
    return found


def summary(
    order: Ints,
    class_start: Ints,
    rank: Ints,
    right: Bits,
    left_out: Bits,
    truths: Ints,
    most: Ints,
    thresholds: int,
    recalls: Floats,
) -> tuple[Floats, Floats]:
    """Mean interpolated precision [t, k, a] at the last of `most`, and recall [t, k, a, m].

    `order` has the detections class by class, surest first; `rank` is the place of one among those
    of its class and image; `truths` [k, a] are counted. NaN where there are none.
    """
    n_classes, n_areas = truths.shape
    precision = np.full((thresholds, n_classes, n_areas), np.nan)
    recall = np.full((thresholds, n_classes, n_areas, len(most)), np.nan)

    def work(begin: int, end: int) -> None:
        _accumulate(
            order, class_start, rank, right, left_out, truths, most, recalls,
            begin, end, precision, recall,
        )  # fmt: skip

    share_out(work, np.diff(class_start) + 1, WORTH_A_THREAD)
    return precision, recall


@compiled
def by_code(order: Ints, code: Ints, n: int) -> Ints:
    """The positions of `order` by their code in [0, n); those of one code stay in their order."""
    at = np.zeros(n + 1, np.int64)
    for i in range(len(order)):
        at[code[order[i]] + 1] += 1
    for k in range(n):
        at[k + 1] += at[k]
    found = np.empty(len(order), np.int64)
    for i in range(len(order)):
        k = code[order[i]]
        found[at[k]] = order[i]
        at[k] += 1
    return found


@compiled
def groups(
    truth: Ints,
    truth_key: Ints,
    detection: Ints,
    key: Ints,
    most: int,
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """Fields of `coco_eval.Pairs`, and the rank of each detection in its group: of positions in the
    order of their keys. Truths of groups without any detection are left out."""
    n = len(detection)
    kept, rank = np.empty(n, np.int64), np.empty(n, np.int64)
    paired = np.empty(len(truth), np.int64)
    truth_start, detection_start, start = (
        np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    )  # fmt: skip
    g, i, j, n_kept, n_paired = 0, 0, 0, 0, 0
    while i < n:
        this, inside = key[detection[i]], 0
        while i < n and key[detection[i]] == this:
            if inside < most:
                kept[n_kept], rank[n_kept] = detection[i], inside
                n_kept += 1
                inside += 1
            i += 1
        while j < len(truth) and truth_key[truth[j]] < this:
            j += 1
        while j < len(truth) and truth_key[truth[j]] == this:
            paired[n_paired] = truth[j]
            n_paired += 1
            j += 1
        g += 1
        truth_start[g], detection_start[g] = n_paired, n_kept
        start[g] = start[g - 1] + inside * (n_paired - truth_start[g - 1])
    return (
        paired[:n_paired].copy(), kept[:n_kept].copy(), truth_start[: g + 1].copy(),
        detection_start[: g + 1].copy(), start[: g + 1].copy(), rank[:n_kept].copy(),
    )  # fmt: skip


@compiled
def _match(
    truth_start: Ints,
    detection_start: Ints,
    start: Ints,
    overlap: Floats,
    counts: Bits,
    crowd: Bools,
    outside: Bits,
    thresholds: Floats,
    every_range: np.uint64,
    begin: int,
    end: int,
    right: Bits,
    left_out: Bits,
) -> None:
    """Match the groups from `begin` up to `end`: each detection, surest first, takes the truth that
    it overlaps most among those still free (of equals the later); one that does not count only
    where no other will do. A crowd is never used up."""
    none, one = np.uint64(0), np.uint64(1)
    everything = every_range * ((one << np.uint64(len(thresholds))) - one)
    widest = 0
    for g in range(begin, end):
        widest = max(widest, truth_start[g + 1] - truth_start[g])
    taken, allowed = np.zeros(widest, np.uint64), np.zeros(widest, np.uint64)
    near = np.zeros(widest, np.int64)
    for g in range(begin, end):
        t0, n_truths = truth_start[g], truth_start[g + 1] - truth_start[g]
        taken[:n_truths] = none
        for d in range(detection_start[g], detection_start[g + 1]):
            row = start[g] + (d - detection_start[g]) * n_truths
            n_near = 0
            for j in range(n_truths):
                fit = none
                for t in range(len(thresholds)):
                    if overlap[row + j] >= thresholds[t]:
                        fit |= one << np.uint64(t)
                if fit == none:
                    continue
                allowed[j] = fit * every_range
                if not crowd[t0 + j]:
                    allowed[j] &= ~taken[j]
                k = n_near  # what overlaps most comes first
                while k > 0 and overlap[row + near[k - 1]] <= overlap[row + j]:
                    near[k] = near[k - 1]
                    k -= 1
                near[k] = j
                n_near += 1
            free = everything
            for k in range(n_near):
                j = near[k]
                takes = free & allowed[j] & counts[t0 + j]
                taken[j] |= takes
                right[d] |= takes
                free &= ~takes
            for k in range(n_near):
                j = near[k]
                takes = free & allowed[j] & ~counts[t0 + j]
                taken[j] |= takes
                left_out[d] |= takes
                free &= ~takes
            left_out[d] |= free & outside[d]


@compiled
def _accumulate(  # noqa: PLR0912 - one kernel: compiled functions do not call one another
    order: Ints,
    class_start: Ints,
    rank: Ints,
    right: Bits,
    left_out: Bits,
    truths: Ints,
    most: Ints,
    recalls: Floats,
    begin: int,
    end: int,
    precision: Floats,
    recall: Floats,
) -> None:
    """Count the classes from `begin` up to `end`. Precision is looked at where a detection is right
    alone: between two such it falls, and what counts is the best from there on."""
    one = np.uint64(1)
    n_thresholds, _, n_areas = precision.shape
    of_area = (one << np.uint64(n_thresholds)) - one
    rights, seen = np.zeros(n_thresholds, np.int64), np.zeros(n_thresholds, np.int64)
    by_most = np.zeros((n_thresholds, len(most)), np.int64)
    widest = 0
    for k in range(begin, end):
        widest = max(widest, class_start[k + 1] - class_start[k])
    precise = np.zeros((n_thresholds, widest))
    for k in range(begin, end):
        for a in range(n_areas):
            if truths[k, a] == 0:
                continue
            rights[:], seen[:], by_most[:] = 0, 0, 0
            shift = np.uint64(a * n_thresholds)
            for i in range(class_start[k], class_start[k + 1]):
                d = order[i]
                hit, out = (right[d] >> shift) & of_area, (left_out[d] >> shift) & of_area
                if out == of_area:
                    continue
                for t in range(n_thresholds):
                    seen[t] += np.int64(one - ((out >> np.uint64(t)) & one))
                if hit == 0:
                    continue
                m = 0
                while rank[d] >= most[m]:
                    m += 1
                for t in range(n_thresholds):
                    if (hit >> np.uint64(t)) & one:
                        at = rights[t]
                        rights[t] += 1
                        by_most[t, m] += 1
                        precise[t, at] = rights[t] / (seen[t] + 2.220446049250313e-16)
            for t in range(n_thresholds):
                found = 0
                for m in range(len(most)):
                    found += by_most[t, m]
                    recall[t, k, a, m] = found / truths[k, a]
                for i in range(found - 1, 0, -1):
                    precise[t, i - 1] = max(precise[t, i - 1], precise[t, i])
                total, i = 0.0, 0
                for wanted in recalls:
                    while i < found and (i + 1) / truths[k, a] < wanted:
                        i += 1
                    if i == found:
                        break
                    total += precise[t, i]
                precision[t, k, a] = total / len(recalls)
