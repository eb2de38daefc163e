"""Label against label, for every type: alike is 1, nothing in common is 0, errors are named."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.likeness import TYPES, Terms, compare, compare_many, scores
from quality.measures.object_errors import KINDS
from tests.unit import label_payloads as payloads


def box(id_, of, *xywh, **more):
    return {"id": id_, "class": of, "box": list(xywh)} | more


GIVEN = [
    box("1", "car", 0, 0, 10, 10),
    box("2", "dog", 50, 50, 10, 10),
    box("3", "cat", 100, 100, 10, 10),
    box("4", "car", 0, 0, 10, 10),
    box("5", "cat", 200, 200, 10, 10),
    box("6", "car", 300, 300, 10, 10),
]
TRUTH = [
    box("a", "car", 0, 0, 10, 9),
    box("b", "cat", 50, 50, 10, 10),
    box("c", "cat", 104, 104, 10, 10),
    box("d", "cat", 400, 400, 10, 10),
    box("e", "dog", 304, 304, 10, 10),
]


def polygon(x):
    x0, y0, w, h = x["box"]
    corners = [[x0, y0], [x0 + w, y0], [x0 + w, y0 + h], [x0, y0 + h]]
    return {"id": x["id"], "class": x["class"], "polygons": [[corners]]}


def mask(x):
    from pycocotools import mask as of

    x0, y0, w, h = x["box"]
    rle = of.frPyObjects([[x0, y0, x0 + w, y0, x0 + w, y0 + h, x0, y0 + h]], 500, 500)[0]
    rle = {"size": list(rle["size"]), "counts": rle["counts"].decode()}
    return {"id": x["id"], "class": x["class"], "rle": rle}


@pytest.mark.parametrize(
    ("label_type", "shape"), [("boxes", dict), ("polygons", polygon), ("masks", mask)]
)
def test_every_error_is_found_and_said_whatever_the_shape(label_type, shape):
    given, truth = ({"objects": [shape(x) for x in side]} for side in (GIVEN, TRUTH))
    found = compare(label_type, given, truth)
    assert [(e.kind, e.given, e.truth) for e in found.errors] == [
        ("wrong class", "2", "b"),
        ("low overlap", "3", "c"),
        ("duplicate", "4", "a"),
        ("extra", "5", None),
        ("ambiguous", "6", "e"),
        ("missing", None, "d"),
        ("missing", None, "e"),
    ]
    assert found.score == 2 / 11
    assert {e.kind for e in found.errors} < set(KINDS)
    assert found.errors[0].words == "dog, where the truth is cat"


SAMPLES = {
    "class": [{"class": "cat"}, {"class": "dog"}],
    "tags": [{"tags": ["a", "b"]}, {"tags": ["c"]}],
    "attributes": [{"attributes": {"colour": "red"}}, {"attributes": {"colour": "blue"}}],
    "boxes": [{"objects": GIVEN[:2]}, {"objects": TRUTH[3:]}],
    "polygons": [{"objects": [polygon(x) for x in side]} for side in (GIVEN[:2], TRUTH[3:])],
    "masks": [{"objects": [mask(x) for x in side]} for side in (GIVEN[:2], TRUTH[3:])],
    "keypoints": [
        {"objects": [{"id": "1", "class": "c", "points": [[x, x, 2], [x + 9, x, 1], [0, 0, 0]]}]}
        for x in (0, 400)
    ],
    "spans": [{"spans": [{"id": "1", "class": "c", "start": x, "end": x + 4}]} for x in (0, 4)],
    "transcription": [{"text": "abc"}, {"text": "xyz"}],
    "rating": [{"rating": 1}, {"rating": 5}],
    "preference": [{"preference": "a"}, {"preference": "tie"}],
}


def test_there_is_a_sample_of_every_type():
    assert set(SAMPLES) == set(TYPES)


@pytest.mark.parametrize("label_type", SAMPLES)
def test_a_label_is_like_itself_and_unlike_another(label_type):
    one, other = SAMPLES[label_type]
    terms = Terms(range=(1, 5))
    assert compare(label_type, one, one, terms) == (1.0, [])
    unlike = compare(label_type, one, other, terms)
    assert unlike.score == 0
    assert unlike.errors
    assert {e.kind for e in unlike.errors} <= set(KINDS)
    both = compare_many(label_type, [one, other, one], [one, one, other], terms)
    assert [x.score for x in both] == [1, 0, 0]
    assert scores(label_type, [one, other, one], [one, one, other], terms).tolist() == [1, 0, 0]


@pytest.mark.parametrize("label_type", ["boxes", "polygons", "masks", "keypoints", "spans"])
def test_nothing_is_like_nothing_and_unlike_something(label_type):
    none = {"spans": []} if label_type == "spans" else {"objects": []}
    some = SAMPLES[label_type][0]
    assert compare(label_type, none, none) == (1.0, [])
    assert {e.kind for e in compare(label_type, none, some).errors} == {"missing"}
    assert {e.kind for e in compare(label_type, some, none).errors} == {"extra"}
    assert compare(label_type, none, some).score == compare(label_type, some, none).score == 0
    assert compare_many(label_type, [], []) == []


def drawn(rng, n, like=()):
    """Boxes, some of them near those of another label, with classes, attributes and crowds."""
    found = []
    for k in range(n):
        old = like[rng.integers(len(like))] if like and rng.random() < 0.7 else None
        place = rng.random(4) * [60, 60, 30, 30] + [0, 0, 3, 3]
        xywh = place if old is None else np.abs(np.array(old["box"]) + rng.normal(0, 2, 4))
        of = "abc"[rng.integers(3)] if old is None or rng.random() < 0.3 else old["class"]
        one = box(f"{k}", of, *xywh.tolist())
        if rng.random() < 0.5:
            one["attributes"] = {"x": int(rng.integers(2)), "y": int(rng.integers(2))}
        if rng.random() < 0.15:
            one["crowd"] = True
        found.append(one)
    return {"objects": found}


def share(a, b, crowd_of_a=False, crowd_of_b=False):
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    one, other = a[2] * a[3], b[2] * b[3]
    return shared / (one if crowd_of_b else other if crowd_of_a else one + other - shared)


def plain(given_, truth, sure):
    """The score, a pair at a time: closest first, crowds aside, times the attributes' agreement."""
    some, others = given_["objects"], truth["objects"]
    is_crowd = [[x.get("crowd", False) for x in side] for side in (some, others)]
    pairs = [
        (-share(a["box"], b["box"]), i, j)
        for i, a in enumerate(some)
        for j, b in enumerate(others)
        if a["class"] == b["class"] and not is_crowd[0][i] and not is_crowd[1][j]
    ]
    left, match = sorted(p for p in pairs if -p[0] >= sure), {}
    for _, i, j in left:
        if i not in match and j not in match.values():
            match[i] = j

    def inside(one, crowds):
        return any(
            c["class"] == one["class"] and share(one["box"], c["box"], False, True) >= sure
            for c in crowds
        )

    crowds = [[x for x in side if x.get("crowd")] for side in (some, others)]
    n = sum(
        i in match or not inside(x, crowds[1]) for i, x in enumerate(some) if not is_crowd[0][i]
    )
    m = sum(
        j in match.values() or not inside(x, crowds[0])
        for j, x in enumerate(others)
        if not is_crowd[1][j]
    )
    agreed = []
    for i, j in match.items():
        known, seen = others[j].get("attributes"), some[i].get("attributes", {})
        if known:
            agreed.append(np.mean([seen.get(k) == v for k, v in known.items()]))
    score = 2 * len(match) / (n + m) if n + m else 1.0
    return score * (np.mean(agreed) if agreed else 1.0)


LABELS = st.tuples(st.integers(0, 2**32), st.integers(0, 9), st.integers(0, 9))


def pair(seed, n, m):
    rng = np.random.default_rng(seed)
    truth = drawn(rng, n)
    return drawn(rng, m, truth["objects"]), truth


@given(LABELS, st.sampled_from([0.3, 0.5, 0.75]))
def test_the_score_is_that_of_a_plain_loop(sizes, sure):
    seen, truth = pair(*sizes)
    found = compare("boxes", seen, truth, Terms(overlap=sure))
    assert found.score == pytest.approx(plain(seen, truth, sure))
    assert compare("boxes", truth, truth).score == 1


@given(st.lists(LABELS, max_size=5))
def test_many_are_compared_as_one_by_one(sizes):
    pairs = [pair(*s) for s in sizes]
    seen, truth = [p[0] for p in pairs], [p[1] for p in pairs]
    one_by_one = [compare("boxes", *p) for p in pairs]
    assert compare_many("boxes", seen, truth) == one_by_one
    assert scores("boxes", seen, truth).tolist() == [x.score for x in one_by_one]


@given(LABELS, st.randoms())
def test_neither_order_nor_names_of_classes_matter(sizes, random):
    seen, truth = pair(*sizes)
    expected = compare("boxes", seen, truth)
    name = {"a": "z", "b": "y", "c": "x"}
    mixed = [
        {"objects": [x | {"class": name[x["class"]]} for x in random.sample(o, len(o))]}
        for o in (seen["objects"], truth["objects"])
    ]
    found = compare("boxes", *mixed)
    assert found.score == pytest.approx(expected.score)
    kinds = [
        sorted((e.kind, e.given or "", e.truth or "") for e in x.errors) for x in (found, expected)
    ]
    assert kinds[0] == kinds[1]


@given(LABELS)
def test_without_attributes_it_does_not_matter_which_label_is_the_truth(sizes):
    def bare(label):
        return {
            "objects": [{k: v for k, v in x.items() if k != "attributes"} for x in label["objects"]]
        }

    seen, truth = map(bare, pair(*sizes))
    assert compare("boxes", seen, truth).score == compare("boxes", truth, seen).score


@pytest.mark.parametrize("label_type", ["boxes", "polygons"])
@pytest.mark.parametrize("apart", [True, False])
def test_ten_thousand_objects_are_judged_in_seconds(label_type, apart):
    rng = np.random.default_rng(1)
    n = 10_000 if apart else 1_000
    shape = dict if label_type == "boxes" else polygon
    places = rng.integers(0, 5000 if apart else 1, (n, 2))
    label = {
        "objects": [shape(box(str(k), "c", *map(int, p), 30, 30)) for k, p in enumerate(places)]
    }
    began = time.perf_counter()
    assert compare(label_type, label, label).score == 1
    assert time.perf_counter() - began < 30


def test_crowds_are_neither_found_nor_missed():
    crowd = box("9", "car", 0, 0, 100, 100, crowd=True)
    inside, outside = box("1", "car", 10, 10, 10, 10), box("2", "dog", 10, 10, 10, 10)
    for one, other in (([crowd], [inside]), ([inside], [crowd]), ([crowd], []), ([], [crowd])):
        assert compare("boxes", {"objects": one}, {"objects": other}) == (1.0, [])
    partly = box("3", "car", 80, 0, 60, 100)  # a third of it
    for one in (outside, partly):
        found = compare("boxes", {"objects": [one]}, {"objects": [crowd]})
        assert [e.kind for e in found.errors] == ["extra"]


def test_attributes_of_objects_and_of_labels_count():
    truth = {"objects": [box("a", "car", 0, 0, 9, 9, attributes={"colour": "red", "doors": 4})]}
    seen = {"objects": [box("1", "car", 0, 0, 9, 9, attributes={"colour": "blue", "doors": 4})]}
    found = compare("boxes", seen, truth)
    assert found.score == 0.5
    assert found.errors[0][:3] == ("attribute", "1", "a")
    assert found.errors[0].words == "colour: blue, where the truth is red"
    whole = {"class": "cat", "attributes": {"sharp": True}}
    assert compare("class", {"class": "cat"}, whole).score == 0
    assert compare("class", whole, {"class": "cat"}).score == 1


def test_semantic_masks_are_compared_by_their_mean_iou():
    some = {"objects": [mask(x) for x in GIVEN[:2]], "semantic": True}
    others = {"objects": [mask(x) for x in TRUTH[:2]], "semantic": True}
    # The car's IoU is 0.9; the dog and the cat are one side's each.
    assert compare("masks", some, others).score == pytest.approx(0.9 / 3)
    assert compare("masks", some, some).score == 1


def test_a_rim_asks_for_the_outline():
    big = {"objects": [mask(box("1", "car", 0, 0, 400, 400))]}
    less = {"objects": [mask(box("1", "car", 0, 0, 380, 380))]}
    assert compare("masks", less, big).score == 1
    assert compare("masks", less, big, Terms(rim=0.02)).errors[0].kind == "low overlap"


@pytest.mark.parametrize(
    ("label_type", "one", "terms", "said"),
    [
        ("shapes", {}, Terms(), "label_type: expected one of"),
        ("boxes", {}, Terms(overlap=0), "terms: expected overlap"),
        ("boxes", {}, Terms(near=float("nan")), "terms: expected overlap"),
        ("rating", {"rating": float("nan")}, Terms(), "rating: expected a finite"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(label_type, one, terms, said):
    with pytest.raises(ValueError, match=said):
        compare(label_type, one, one, terms)


def test_ratings_are_as_far_apart_as_their_scale_says():
    for scale, score in (((1, 5), 0.75), (4, 0.75), (None, 0)):
        assert compare("rating", {"rating": 3}, {"rating": 4}, Terms(range=scale)).score == score


EVERY_TYPE = st.sampled_from(payloads.TYPES).flatmap(
    lambda t: st.tuples(st.just(t), payloads.labels(t), payloads.labels(t))
)


@given(EVERY_TYPE, st.booleans())
def test_of_any_two_valid_labels_the_errors_say_what_the_score_lacks(case, partial):
    label_type, one, other = case
    terms = Terms(size=payloads.SIZE, range=(1, 5), partial=partial)
    assert compare(label_type, one, one, terms) == (1.0, [])
    found = compare(label_type, one, other, terms)
    assert 0 <= found.score <= 1
    assert (found.score == 1) == (not found.errors)
    assert {e.kind for e in found.errors} <= set(KINDS)
    assert all(e.words for e in found.errors)


@given(payloads.semantic(), payloads.semantic())
def test_semantic_masks_are_those_of_their_pixels(one, other):
    def by_class(label):
        return {x["class"]: payloads.pixels(x["rle"]) for x in label["objects"]}

    some, others = by_class(one), by_class(other)
    none = np.zeros(payloads.SIZE[::-1], bool)
    ious = [
        (some.get(k, none) & others.get(k, none)).sum()
        / (some.get(k, none) | others.get(k, none)).sum()
        for k in {*some, *others}
    ]
    assert compare("masks", one, other).score == pytest.approx(np.mean(ious) if ious else 1)


def test_attributes_that_are_the_label_count_once():
    one, other = ({"attributes": {"colour": c, "doors": 4}} for c in ("red", "blue"))
    found = compare("attributes", one, other)
    assert found.score == 0.5
    assert [e.kind for e in found.errors] == ["attribute"]
