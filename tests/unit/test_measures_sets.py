"""Sets of labels against scikit-learn and against dense pixels; intervals against repetition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import objects, rates, sets, shapes
from quality.measures.classes import confusion_matrix

SIDE = 16
PICTURES = st.lists(st.integers(0, 2**32), min_size=1, max_size=5)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60),
    st.sampled_from([0.5, 1, 2]),
)
def test_rates_are_those_of_scikit_learn(pairs, beta):
    from sklearn import metrics

    truth, seen = np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], int)
    table = confusion_matrix(truth, seen, 4)
    found = sets.figures(np.diag(table), table.sum(axis=0), table.sum(axis=1), beta)
    if not pairs:
        assert all(np.isnan(one.value).all() for one in found)
        return
    precision, recall, f, support = metrics.precision_recall_fscore_support(
        truth, seen, beta=beta, labels=range(4), zero_division=np.nan
    )
    assert found.precision.value == pytest.approx(precision, nan_ok=True)
    assert found.recall.value == pytest.approx(recall, nan_ok=True)
    seldom = np.diag(table) > 0  # scikit-learn's F of no hit at all depends on zero_division
    assert found.f.value[seldom] == pytest.approx(f[seldom])
    assert (found.recall.n == support).all()
    for one in found:
        known = ~np.isnan(one.value)
        assert (one.low[known] <= one.value[known] + 1e-12).all()
        assert (one.high[known] >= one.value[known] - 1e-12).all()
    ious = metrics.jaccard_score(truth, seen, labels=range(4), average=None, zero_division=0)
    either = table.sum(axis=0) + table.sum(axis=1) > 0
    assert sets.class_ious(table)[either] == pytest.approx(ious[either])
    assert np.isnan(sets.class_ious(table)[~either]).all()


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_the_interval_of_f_holds_the_truth_about_as_often_as_it_says(beta):
    rng = np.random.default_rng(7)
    chances = np.array([0.6, 0.25, 0.15])  # hit, missing, extra
    h, missing, extra = rng.multinomial(200, chances, size=4000).T
    found = sets.figures(h, h + extra, h + missing, beta).f
    w = beta**2
    truth = (1 + w) * 0.6 / ((1 + w) * 0.6 + w * 0.25 + 0.15)
    assert 0.93 < np.mean((found.low <= truth) & (truth <= found.high)) < 0.975


def test_counts_that_cannot_be_are_refused():
    for counts in ([3], [2], [5]), ([-1], [2], [5]), ([1, 1], [2], [5]):
        with pytest.raises(ValueError, match="hits"):
            sets.figures(*counts)


def boxes(rng, like=()):
    found = []
    for n in range(rng.integers(0, 8)):
        x = dict(like[rng.integers(len(like))]) if len(like) and rng.random() < 0.7 else {}
        box = (np.array(x["box"]) + rng.integers(-2, 3, 4)) if x else rng.integers(1, 90, 4)
        of = x["class"] if x and rng.random() < 0.7 else "abc"[rng.integers(3)]
        crowd = bool(rng.random() < 0.1)
        found.append(
            {"id": str(n), "class": of, "box": np.maximum(box, 1).tolist(), "crowd": crowd}
        )
    return found


def judged(seeds):
    truth = [{"objects": boxes(np.random.default_rng(s))} for s in seeds]
    seen = [
        {"objects": boxes(np.random.default_rng(s + 1), t["objects"])}
        for s, t in zip(seeds, truth, strict=True)
    ]
    return objects.judge("boxes", seen, truth, sure=0.5, least=0.1)


@given(PICTURES)
def test_a_confusion_matrix_counts_every_object_once(seeds):
    found = judged(seeds)
    table = sets.object_confusion(found)
    n = len(found.classes)
    counted = found.of != 6
    assert (
        table[:n].sum(axis=1).tolist()
        == np.bincount(found.truth_class[found.counted], minlength=n).tolist()
    )
    assert (
        table[:, :n].sum(axis=0).tolist()
        == np.bincount(found.given_class[counted], minlength=n).tolist()
    )
    assert table[n, n] == 0
    assert np.diag(table).sum() == (found.match >= 0).sum()


@given(PICTURES, st.sampled_from([0.5, 1, 2]))
def test_groups_add_up_to_the_whole(seeds, beta):
    found = judged(seeds)
    one = sets.object_figures(
        found, np.zeros(found.match.size, int), np.zeros(found.counted.size, int), 1, beta
    )
    by_class = sets.object_figures(
        found, found.given_class, found.truth_class, max(len(found.classes), 1), beta
    )
    slices = sets.of_labels(found, np.arange(len(seeds)) % 2)
    by_slice = sets.object_figures(found, *slices, 2, beta)
    sides = [shapes.areas("boxes", side.objects) for side in (found.given, found.truth)]
    by_size = sets.object_figures(found, *map(sets.size_of, sides), 3, beta)
    for groups in (by_class, by_slice, by_size):
        assert groups.precision.n.sum() == one.precision.n[0]
        assert groups.recall.n.sum() == one.recall.n[0]
        hits = np.nansum(groups.recall.value * groups.recall.n)
        assert hits == pytest.approx((found.match >= 0).sum())


def test_what_is_matched_counts_by_the_size_of_its_truth():
    # The truth is small, what was given is not, and something else of medium size is not there.
    truth = {"objects": [{"id": "1", "class": "a", "box": [0, 0, 32, 32]}]}
    seen = {
        "objects": [
            {"id": n, "class": "a", "box": [x, 0, 33, 32]} for n, x in (("1", 0), ("2", 90))
        ]
    }
    found = objects.judge("boxes", [seen], [truth], sure=0.5, least=0.1)
    sizes = [sets.size_of(shapes.areas("boxes", s.objects)) for s in (found.given, found.truth)]
    figures = sets.object_figures(found, *sizes, 3)
    assert figures.precision.value[:2].tolist() == [1, 0]
    assert figures.precision.n.tolist() == [1, 1, 0]
    assert figures.recall.n.tolist() == [1, 0, 0]


def test_sizes_are_those_of_coco():
    assert sets.size_of([0, 1023, 1024, 1025, 9216, 9217]).tolist() == [0, 0, 0, 1, 1, 2]


def segments(dense):
    from pycocotools import mask

    found = []
    for k in np.unique(dense):
        rle = mask.encode(np.asfortranarray(dense == k, np.uint8))
        rle = {"size": list(rle["size"]), "counts": rle["counts"].decode()}
        found.append({"id": str(k), "class": f"c{k}", "rle": rle})
    return {"objects": found, "semantic": True}


@given(PICTURES)
def test_mean_iou_is_that_of_all_pixels(seeds):
    rngs = [np.random.default_rng(s) for s in seeds]
    truth = [r.integers(0, 4, (SIDE, SIDE)) // r.integers(1, 3) for r in rngs]
    seen = [np.where(r.random((SIDE, SIDE)) < 0.7, t, 3) for r, t in zip(rngs, truth, strict=True)]
    found = sets.mean_iou([segments(d) for d in seen], [segments(d) for d in truth])
    ious = sets.class_ious(confusion_matrix(np.ravel(truth), np.ravel(seen), 4))
    for key, iou in zip(found.classes, found.iou.value, strict=True):
        assert iou == pytest.approx(ious[int(key[1])])
    assert found.mean == pytest.approx(np.nanmean(ious))
    pictures = [
        sum(((t == k) | (s == k)).any() for t, s in zip(truth, seen, strict=True)) for k in range(4)
    ]
    assert [pictures[int(key[1])] for key in found.classes] == found.iou.n.tolist()


def test_nothing_has_no_mean_iou():
    assert np.isnan(sets.mean_iou([], []).mean)
    none = {"objects": []}
    assert sets.mean_iou([none], [none]).classes == []


def test_a_ratio_over_units_of_one_size_is_a_mean_with_its_standard_error():
    part = np.array([[0.1], [0.5], [0.6], [0.2]])
    found = rates.ratios(part, np.ones((4, 1)))
    spread = 1.959963984540054 * part.std(ddof=1) / 2
    assert found.low[0] == pytest.approx(max(part.mean() - spread, 0))
    assert found.high[0] == pytest.approx(part.mean() + spread)
    alone = rates.ratios(part[:1], np.ones((1, 1)))
    assert (alone.low[0], alone.high[0], alone.n[0]) == (0, 1, 1)


def test_the_interval_of_an_iou_holds_the_truth_about_as_often_as_it_says():
    # Pictures of random size, each with its own share of agreeing pixels, 0.7 over all.
    rng = np.random.default_rng(9)
    held = []
    for _ in range(400):
        whole = rng.integers(50, 150, (40, 1)).astype(float)
        part = whole * rng.beta(7, 3, (40, 1))
        found = rates.ratios(part, whole)
        held.append(found.low[0] <= 0.7 <= found.high[0])
    assert 0.91 < np.mean(held) < 0.98
