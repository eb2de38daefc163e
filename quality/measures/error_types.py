"""What is wrong with each object: the error types of Bolya et al. 2020 (TIDE), by overlap.

An overlap of `SURE` or more is the same object, one of `NEAR` or more is about the same object.
Overlaps may be of boxes, masks, keypoints or spans. Detections are matched surest first, the
objects of a label, which has no scores, by how much they overlap.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.measures.arrays import Bools, Floats, Ints, compiled
from quality.measures.coco_eval import Detections, Pairs, Truths, pair_up
from quality.measures.meetings import Near

SURE, NEAR = 0.5, 0.1
TYPES = ("right", "duplicate", "wrong class", "low overlap", "ambiguous", "extra", "crowd")
RIGHT, DUPLICATE, WRONG_CLASS, LOW_OVERLAP, AMBIGUOUS, EXTRA, CROWD = range(len(TYPES))


class Errors(NamedTuple):
    """`of` (detections,) indexes TYPES; `about` (detections,) is the truth each is judged by, or
    -1; `missing` (truths,) is true where no detection speaks of a truth in any way."""

    of: NDArray[np.int8]
    about: Ints
    missing: Bools


def classify(
    truths: Truths,
    detections: Detections,
    overlaps: Callable[[Pairs], Floats],
    n_images: int,
) -> Errors:
    """The type of every detection, surest first: each truth is matched by one of its class.

    `overlaps` as in `coco_eval.evaluate`; see `kinds` for the types.
    """
    everything = np.iinfo(np.int64).max
    one_class = [x._replace(category=np.zeros_like(x.category)) for x in (truths, detections)]
    pairs = pair_up(one_class[0], one_class[1], everything, n_images)  # type: ignore[arg-type]
    near = _near(pairs, overlaps(pairs))
    # A detection in its turn, and of its truths the one it overlaps most.
    turn = np.empty(detections.score.size, np.int64)
    turn[pairs.detection] = np.arange(pairs.detection.size)
    order = np.lexsort((-near.overlap, turn[near.given]))
    match = matched(near, order, detections.category, truths.category, truths.crowd, SURE)
    none = np.zeros(detections.score.size, bool)
    of, about, met = kinds(near, match, detections.category, truths.category, none, truths.crowd)
    return Errors(of, about, ~truths.ignored & ~met)


def _near(pairs: Pairs, overlap: Floats) -> Near:
    """Of all pairs of the groups, those that lie near, by position in the caller's arrays."""
    at = np.flatnonzero(overlap >= NEAR)
    group = np.searchsorted(pairs.start, at, side="right") - 1
    n_truths = np.diff(pairs.truth_start)[group]
    inside = at - pairs.start[group]
    given = pairs.detection_start[group] + inside // n_truths
    truth = pairs.truth_start[group] + inside % n_truths
    return Near(pairs.detection[given], pairs.truth[truth], overlap[at])


def by_overlap(
    near: Near,
    given_class: Ints,
    truth_class: Ints,
    given_crowd: Bools,
    truth_crowd: Bools,
    sure: float = SURE,
) -> Ints:
    """The truth that each given object is matched with, or -1: pairs of one class, those that
    overlap most first, each object once. No crowd is matched."""
    order = np.lexsort((near.truth, near.given, -near.overlap))
    alone = order[~given_crowd[near.given[order]]]
    return matched(near, alone, given_class, truth_class, truth_crowd, sure)


def matched(
    near: Near,
    order: Ints,
    given_class: Ints,
    truth_class: Ints,
    truth_crowd: Bools,
    sure: float = SURE,
) -> Ints:
    """Take the pairs in `order`: two of one class, both still free, that overlap by `sure` or more,
    are matched. Returns the truth of each given object, or -1."""
    fit = (
        (near.overlap >= sure)
        & (given_class[near.given] == truth_class[near.truth])
        & ~truth_crowd[near.truth]
    )
    chosen = order[fit[order]]
    found = np.full(given_class.size, -1, np.int64)
    _take(near.given[chosen], near.truth[chosen], found, np.zeros(truth_class.size, np.bool_))
    return found


@compiled
def _take(given: Ints, truth: Ints, found: Ints, taken: Bools) -> None:
    for p in range(len(given)):
        if found[given[p]] < 0 and not taken[truth[p]]:
            found[given[p]] = truth[p]
            taken[truth[p]] = True


def kinds(
    near: Near,
    match: Ints,
    given_class: Ints,
    truth_class: Ints,
    given_crowd: Bools,
    truth_crowd: Bools,
    sure: float = SURE,
    least: float = NEAR,
) -> tuple[NDArray[np.int8], Ints, Bools]:
    """What each given object came to; any shape and any rule of matching.

    Of those without a match, in this order: low overlap (a truth of its class lies near), wrong
    class (it is the same object as a truth of another), duplicate (its truth is matched already),
    extra (nothing is near), and else ambiguous. What is the same object as a crowd of its class,
    and a crowd itself, is neither right nor wrong. Returns the types, the truth that each is judged
    by (-1: none), and which truths are met, that is, spoken of by anything but an ambiguous object.
    """
    i, j = near.given, near.truth
    same = given_class[i] == truth_class[j]
    crowd = truth_crowd[j]
    own, of_own = _best(near, same & ~crowd, given_class.size)
    other, of_other = _best(near, ~same & ~crowd, given_class.size)
    in_crowd = np.zeros(given_class.size, bool)
    in_crowd[i[same & crowd & (near.overlap >= sure)]] = True
    choices: list[tuple[Bools, int, Ints]] = [
        (given_crowd, CROWD, np.full_like(own, -1)),
        (match >= 0, RIGHT, match),
        (in_crowd, CROWD, np.full_like(own, -1)),
        ((of_own >= least) & (of_own < sure), LOW_OVERLAP, own),
        ((of_other >= sure) & (of_own < sure), WRONG_CLASS, other),
        (of_own >= sure, DUPLICATE, own),
        (of_other >= least, AMBIGUOUS, other),
    ]
    when = [choice[0] for choice in choices]
    of = np.select(when, [choice[1] for choice in choices], EXTRA).astype(np.int8)
    about: Ints = np.select(when, [choice[2] for choice in choices], -1)
    met = np.zeros(truth_class.size, bool)
    met[about[(about >= 0) & (of != AMBIGUOUS)]] = True
    return of, about, met


def _best(near: Near, chosen: Bools, n: int) -> tuple[Ints, Floats]:
    """Of the chosen pairs, the truth that each given object overlaps most (-1: none), and how much;
    of equals the first."""
    at = np.flatnonzero(chosen)
    order = at[np.lexsort((near.truth[at], -near.overlap[at], near.given[at]))]
    given, first = np.unique(near.given[order], return_index=True)
    truth, overlap = np.full(n, -1, np.int64), np.zeros(n)
    truth[given], overlap[given] = near.truth[order[first]], near.overlap[order[first]]
    return truth, overlap
