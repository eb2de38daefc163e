"""Matching of boxes: against a plain loop, against coco_eval, and where input is degenerate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures import boxes, coco_counting, coco_eval
from quality.measures.matching import match

THRESHOLDS = (0.1, 0.5, 0.75, 1.0)


def iou(a, b, crowd):
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / (b[2] * b[3] if crowd else b[2] * b[3] + a[2] * a[3] - shared)


def scene(seed, images=4, most=8, side=40, classes=2, crowds=0.15):
    """Arguments of `match`: images without truths or detections, equal boxes, some without area."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most + 1, (2, images))
    true = rng.integers(0, side, (counts[0].sum(), 4)).astype(float)
    seen = rng.integers(0, side, (counts[1].sum(), 4)).astype(float)
    truth_start, start = (np.concatenate([[0], np.cumsum(c)]) for c in counts)
    for g in range(images):
        for d in range(start[g], start[g + 1]):
            if counts[0][g] and rng.random() < 0.7:
                near = rng.integers(truth_start[g], truth_start[g + 1])
                seen[d] = np.maximum(true[near] + rng.integers(-2, 3, 4), 0)
    return {
        "truth_boxes": true,
        "truth_class": rng.integers(0, classes, len(true)),
        "detection_boxes": seen,
        "detection_class": rng.integers(0, classes, len(seen)),
        "score": rng.integers(0, 6, len(seen)) / 5,  # many are equal
        "truth_start": truth_start,
        "detection_start": start,
        "thresholds": np.array(THRESHOLDS),
        "crowd": rng.random(len(true)) < crowds,
    }


def plain(of, class_aware):
    """The same, one image, one threshold and one pair at a time."""
    n, starts = len(of["score"]), (of["truth_start"], of["detection_start"])
    truth, overlap = (
        np.full((len(of["thresholds"]), n), -1),
        np.zeros((len(of["thresholds"]), n)),
    )
    nearest, share = np.full(n, -1), np.zeros(n)
    for g in range(len(starts[0]) - 1):
        here = range(starts[0][g], starts[0][g + 1])
        order = sorted(range(starts[1][g], starts[1][g + 1]), key=lambda d: -of["score"][d])
        part = {
            (d, t): iou(of["truth_boxes"][t], of["detection_boxes"][d], of["crowd"][t])
            for d in order
            for t in here
            if not class_aware or of["truth_class"][t] == of["detection_class"][d]
        }
        for d in order:
            touched = [(part[d, t], t) for t in here if part.get((d, t), 0) > 0]
            if touched:
                share[d], nearest[d] = max(touched)
        for i, threshold in enumerate(of["thresholds"]):
            taken = set()
            for d in order:
                could = [
                    (not of["crowd"][t], part[d, t], t)
                    for t in here
                    if part.get((d, t), 0) >= min(threshold, 1 - 1e-10)
                    and (t not in taken or of["crowd"][t])
                ]
                if could:
                    _, overlap[i, d], truth[i, d] = max(could)
                    taken.add(truth[i, d])
    return truth, overlap, nearest, share


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), class_aware=st.booleans())
def test_matches_are_those_of_a_plain_loop(seed, class_aware):
    of = scene(seed)
    for ours, theirs in zip(
        match(**of, class_aware=class_aware), plain(of, class_aware), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_is_matched_is_what_average_precision_counts(seed):
    of = scene(seed, classes=3) | {"thresholds": coco_eval.THRESHOLDS}
    found = match(**of)
    image, seen_image = (
        np.repeat(np.arange(4), np.diff(of[name])) for name in ("truth_start", "detection_start")
    )
    area = of["truth_boxes"][:, 2] * of["truth_boxes"][:, 3]
    truths = coco_eval.Truths(image, of["truth_class"], area, of["crowd"], of["crowd"])
    detections = coco_eval.Detections(
        seen_image, of["detection_class"], np.ones(len(seen_image)), of["score"]
    )
    pairs = coco_eval.pair_up(truths, detections, 1000, 4)
    right, left_out = coco_counting.matches(
        pairs.truth_start,
        pairs.detection_start,
        pairs.start,
        boxes.overlaps(
            of["truth_boxes"][pairs.truth],
            of["detection_boxes"][pairs.detection],
            of["crowd"][pairs.truth],
            pairs.truth_start,
            pairs.detection_start,
            pairs.start,
        ),
        ~of["crowd"][None, pairs.truth],
        of["crowd"][pairs.truth],
        np.zeros((1, len(pairs.detection)), bool),
        coco_eval.THRESHOLDS,
    )
    bit = np.arange(10, dtype=np.uint64)[:, None]
    verdict = (right >> bit & 1) + 2 * (left_out >> bit & 1)
    ours = np.where(found.truth < 0, 0, np.where(np.append(of["crowd"], False)[found.truth], 2, 1))
    np.testing.assert_array_equal(ours[:, pairs.detection], verdict)


def test_nothing_matches_nothing():
    none = scene(0, images=0)
    found = match(**none)
    assert found.truth.shape == (4, 0)
    empty = scene(1, images=3, most=0)
    assert match(**empty).overlap.shape == (4, 0)


def test_ten_thousand_objects_on_one_image_stay_within_memory():
    import tracemalloc

    n = 10_000
    rng = np.random.default_rng(0)
    true = np.column_stack([rng.uniform(0, 5000, (n, 2)), rng.uniform(5, 60, (n, 2))])
    order = rng.permutation(n)
    call = [true, np.zeros(n, int), true[order], np.zeros(n, int), rng.random(n), [0, n], [0, n]]
    tracemalloc.start()
    found = match(*call, [0.5, 0.95])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found.truth, np.stack([order, order]))
    assert peak < 20e6  # a table of the pairs would take 800 MB


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thresholds", [0.0]),
        ("thresholds", []),
        ("score", [np.nan]),
        ("truth_start", [0]),
        ("detection_start", [0, 2]),
        ("truth_start", [0, 2, 1]),
        ("truth_boxes", [[0, 0, 1, np.inf]]),
        ("detection_boxes", [[0, 0, 1]]),
        ("truth_class", [0.5]),
        ("crowd", [True, False]),
    ],
)
def test_what_is_wrong_is_named(name, value):
    good = {
        "truth_boxes": [[0, 0, 1, 1]],
        "truth_class": [0],
        "detection_boxes": [[0, 0, 1, 1]],
        "detection_class": [0],
        "score": [0.5],
        "truth_start": [0, 1],
        "detection_start": [0, 1],
        "thresholds": [0.5],
    }
    assert match(**good).truth.tolist() == [[0]]
    with pytest.raises(ValueError, match=name.rsplit("_", 1)[0]):
        match(**good | {name: value})


@pytest.mark.parametrize("threads", [1, 2, 3, None])
def test_threads_change_nothing(threads, monkeypatch):
    from quality.measures import matching

    of = scene(9, images=60, most=20)
    alone = match(**of, threads=1)
    monkeypatch.setattr(matching, "WORTH_A_THREAD", 10)
    for one, other in zip(alone, match(**of, threads=threads), strict=True):
        np.testing.assert_array_equal(one, other)
