"""What is wrong with a detection: against a plain loop over boxes, and on planted errors."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wsgi
from quality.measures import boxes, error_types
from quality.measures.coco_eval import Detections, Truths


def iou(a, b, crowd):
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / (b[2] * b[3] if crowd else a[2] * a[3] + b[2] * b[3] - shared)


def plain(truths, true, detections, seen):
    """The same words, one image and one box at a time."""
    of, met = ["extra"] * len(seen), set()
    taken = set()
    for d in sorted(range(len(seen)), key=lambda d: (detections.image[d], -detections.score[d], d)):
        here = [t for t in range(len(true)) if truths.image[t] == detections.image[d]]
        share = {t: iou(true[t], seen[d], truths.crowd[t]) for t in here}
        own = [t for t in here if truths.category[t] == detections.category[d]]
        others = [t for t in here if t not in own and not truths.crowd[t]]
        crowds, own = [t for t in own if truths.crowd[t]], [t for t in own if not truths.crowd[t]]
        free = [t for t in own if t not in taken and share[t] >= 0.5]
        best = max(own, key=share.get, default=None)
        other = max(others, key=share.get, default=None)
        near, far = (share[x] if x is not None else 0 for x in (best, other))
        if free:
            match = max(free, key=share.get)
            taken.add(match)
            of[d], about = "right", match
        elif any(share[t] >= 0.5 for t in crowds):
            of[d], about = "crowd", None
        elif 0.1 <= near < 0.5:
            of[d], about = "low overlap", best
        elif far >= 0.5 and near < 0.5:
            of[d], about = "wrong class", other
        elif near >= 0.5:
            of[d], about = "duplicate", best
        else:
            of[d], about = ("ambiguous" if far >= 0.1 else "extra"), None
        met |= {about} - {None}
    return of, {t for t in range(len(true)) if t not in met and not truths.ignored[t]}


def judged(truths, true, detections, seen, images):
    return error_types.classify(
        truths,
        detections,
        lambda p: boxes.overlaps(
            true[p.truth],
            seen[p.detection],
            truths.crowd[p.truth],
            p.truth_start,
            p.detection_start,
            p.start,
        ),
        images,
    )


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(0, 12), m=st.integers(0, 25))
def test_the_types_are_those_of_a_plain_loop(seed, n, m):
    rng = np.random.default_rng(seed)
    true, seen = (
        rng.integers(1, 40, (n, 4)).astype(float),
        rng.integers(1, 40, (m, 4)).astype(float),
    )
    for d in range(m if n else 0):
        if rng.random() < 0.7:
            seen[d] = np.maximum(true[rng.integers(n)] + rng.integers(-3, 4, 4), 1)
    crowd = rng.random(n) < 0.2
    truths = Truths(
        rng.integers(0, 2, n), rng.integers(0, 3, n), true[:, 2] * true[:, 3], crowd, crowd
    )
    detections = Detections(
        rng.integers(0, 2, m), rng.integers(0, 3, m), seen[:, 2] * seen[:, 3], rng.random(m)
    )
    found = judged(truths, true, detections, seen, 2)
    of, missing = plain(truths, true, detections, seen)
    assert [error_types.TYPES[t] for t in found.of] == of
    assert set(np.flatnonzero(found.missing)) == missing


def test_the_command_counts_planted_errors(tmp_path, capsys):
    square = [[0, 0, 10, 10], [50, 0, 10, 10], [100, 0, 10, 10], [150, 0, 10, 10]]
    truths = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "annotations": [{"image_id": 1, "category_id": 1, "area": 100, "bbox": b} for b in square],
    }
    told = [
        (square[0], 1, 0.9),  # right
        (square[0], 1, 0.8),  # duplicate
        (square[1], 2, 0.9),  # wrong class
        ([104, 4, 10, 10], 1, 0.9),  # low overlap
        ([300, 300, 5, 5], 1, 0.9),  # extra
        (square[3], 1, 0.1),  # too unsure to count: its truth is missing
    ]
    results = [{"image_id": 1, "category_id": c, "score": s, "bbox": b} for b, c, s in told]
    (tmp_path / "t.json").write_text(json.dumps(truths))
    (tmp_path / "r.json").write_text(json.dumps(results))
    call = ["evaluate", str(tmp_path / "t.json"), str(tmp_path / "r.json"), "--errors", "0.5"]
    wsgi.cli([*call, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["errors"] == {
        "right": 1, "duplicate": 1, "wrong class": 1, "low overlap": 1, "ambiguous": 0, "extra": 1,
        "crowd": 0, "missing": 1,
    }  # fmt: skip
    assert said["classes"]["dog"]["wrong class"] == 1
    wsgi.cli(call)
    assert capsys.readouterr().out.splitlines()[-1].split() == [
        "all",
        *"11110101"[:4],
        "0",
        "1",
        "0",
        "1",
    ]


def test_without_truths_everything_is_extra(tmp_path):
    none = Truths(*(np.zeros(0, kind) for kind in (int, int, float, bool, bool)))
    some = Detections(np.zeros(2, int), np.zeros(2, int), np.ones(2), np.ones(2))
    found = judged(none, np.zeros((0, 4)), some, np.ones((2, 4)), 1)
    assert found.of.tolist() == [error_types.EXTRA] * 2
    assert found.missing.size == 0


@pytest.mark.parametrize("kind", ["segm", "keypoints"])
def test_other_kinds_are_judged_by_their_own_overlap(tmp_path, kind):
    from quality.evaluation import run
    from tests.unit.test_evaluate import files

    truths = files(tmp_path, 5, 20, 40, 2, 2)
    _, found, wrong = run.errors(truths, tmp_path / f"{kind}.json", kind, 0.5)
    assert len(wrong.of) == len(found.items) > 0
    assert {"right", "extra"} <= {error_types.TYPES[t] for t in wrong.of}
