"""OKS against pycocotools, with any skeleton; pairs that cannot be alike are never tried."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import keypoints, shapes
from quality.measures.likeness import Terms, compare
from quality.measures.objects import columns


def oks(given_, truth, sigmas):
    """Every pair by pycocotools itself: one image, the truth's area its box's."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    known = COCO()
    boxes = [x["box"] for x in truth]
    annotations = [
        {
            "id": n + 1, "image_id": 1, "category_id": 1, "bbox": box, "area": box[2] * box[3],
            "iscrowd": 0, "keypoints": np.ravel(x["points"]).tolist(),
            "num_keypoints": sum(p[2] > 0 for p in x["points"]),
        }
        for n, (x, box) in enumerate(zip(truth, boxes, strict=True))
    ]  # fmt: skip
    known.dataset = {
        "images": [{"id": 1}], "categories": [{"id": 1}], "annotations": annotations,
    }  # fmt: skip
    results = [
        {
            "image_id": 1, "category_id": 1, "score": 1 - n / 100,
            "keypoints": np.ravel(x["points"]).tolist(),
        }
        for n, x in enumerate(given_)
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        known.createIndex()
        judged = COCOeval(known, known.loadRes(results), "keypoints")
        judged.params.kpt_oks_sigmas = np.array(sigmas)
        judged._prepare()
        return judged.computeOks(1, 1)


def people(rng, n, k, labelled):
    found = []
    for i in range(n):
        x, y, w, h = (*rng.integers(0, 60, 2), *rng.integers(4, 40, 2))
        at = np.array([x, y]) + rng.random((k, 2)) * [w, h]
        v = rng.integers(0, 3, k) if labelled else np.full(k, 2)
        points = np.column_stack([at, v]).tolist()
        found.append(
            {"id": str(i), "class": "c", "points": points, "box": [float(v) for v in (x, y, w, h)]}
        )
    return found


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 6), st.integers(1, 20))
def test_every_pair_is_that_of_pycocotools(seed, n, m, k):
    rng = np.random.default_rng(seed)
    given_, truth = people(rng, n, k, False), people(rng, m, k, True)
    for x in given_:
        if rng.random() < 0.5:  # near some truth
            other = truth[rng.integers(m)]["points"]
            x["points"] = [[a + rng.normal(0, 3), b + rng.normal(0, 3), 2] for a, b, _ in other]
    sigmas = rng.uniform(0.02, 0.3, k)
    sides = [columns([{"objects": side}]) for side in (given_, truth)]
    near = shapes.near("keypoints", *sides, least=0.1, sigmas=sigmas.tolist())
    found = np.zeros((n, m))
    found[near.given, near.truth] = near.overlap
    expected = oks(given_, truth, sigmas)
    assert found == pytest.approx(np.where(expected >= 0.1, expected, 0))


def person(points, **more):
    return {"objects": [{"id": "1", "class": "c", "points": points} | more]}


def test_sigmas_may_come_by_class():
    one, other = person([[0, 0, 2], [20, 20, 2]]), person([[0, 2, 2], [20, 18, 2]])
    flat = compare("keypoints", one, other, Terms(sigmas=[0.01, 0.01]))
    lax = compare("keypoints", one, other, Terms(sigmas={"c": [0.2, 0.2]}))
    usual = compare("keypoints", one, other, Terms(sigmas={"d": [0.2]}))
    assert (flat.score, lax.score, usual.score) == (0, 1, 1)
    assert usual == compare("keypoints", one, other, Terms(sigmas=[keypoints.USUAL_SCATTER] * 2))
    with pytest.raises(ValueError, match="sigmas: expected 2"):
        compare("keypoints", one, other, Terms(sigmas=[0.1]))


def test_points_left_out_count_nothing_and_those_unknown_do_not_matter():
    truth = person([[0, 0, 2], [30, 0, 1], [30, 30, 0], [0, 30, 2]])
    exact = person([[0, 0, 2], [30, 0, 2], [99, 99, 2], [0, 30, 1]])
    two = person([[0, 0, 2], [30, 0, 0], [30, 30, 0], [0, 30, 2]])
    assert compare("keypoints", exact, truth).errors == []
    assert compare("keypoints", two, truth, Terms(overlap=0.7)).errors[0].overlap == 2 / 3


def test_a_row_of_points_is_half_as_high_as_it_is_wide():
    for points, area in (
        ([[0, 5], [20, 5]], 200),
        ([[0, 0], [20, 4]], 200),
        ([[0, 0], [8, 10]], 80),
    ):
        side = [{"id": "1", "class": "c", "points": [[*p, 2] for p in points]}]
        assert shapes.areas("keypoints", side).tolist() == [area]
        side[0]["box"] = [1, 1, 3, 3]
        assert shapes.areas("keypoints", side).tolist() == [9]


def test_one_point_alone_has_a_size():
    for apart, size, score in ((2, None, 1), (20, None, 0), (20, (6400, 4800), 1)):
        one, other = person([[50, 50, 2]]), person([[50 + apart, 50, 2]])
        assert compare("keypoints", one, other, Terms(size=size)).score == score


def test_two_skeletons_are_compared_by_their_frames():
    one = person([[0, 0, 2], [10, 10, 2]])
    other = person([[0, 0, 2], [10, 0, 2], [10, 10, 2]], **{"class": "d"})
    assert [e.kind for e in compare("keypoints", one, other).errors] == ["wrong class"]


def test_nothing_labelled_is_like_itself_and_like_nothing_else():
    none, some = person([[0, 0, 0]] * 2), person([[3, 4, 2], [5, 6, 2]])
    assert compare("keypoints", none, none).score == 1
    assert compare("keypoints", none, some).score == compare("keypoints", some, none).score == 0


@given(st.integers(0, 2**32))
def test_no_pair_that_is_alike_enough_is_left_out(seed):
    rng = np.random.default_rng(seed)
    some, others = people(rng, 12, 5, True), people(rng, 12, 5, True)
    least = float(rng.uniform(0.01, 0.6))
    sides = [columns([{"objects": s}]) for s in (some, others)]
    near = shapes.near("keypoints", *sides, least=least)
    points = [np.array([x["points"] for x in s]) for s in (some, others)]
    drawn = np.array([x["box"] for x in others])
    i, j = (x.ravel() for x in np.meshgrid(range(12), range(12), indexing="ij"))
    sigmas = np.full((12, 5), keypoints.USUAL_SCATTER)
    every = keypoints.pair_similarities(*points, drawn[:, 2:].prod(axis=1), drawn, sigmas, i, j)
    assert near.overlap == pytest.approx(every[every >= least])
