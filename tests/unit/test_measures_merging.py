"""Merging of answers: valid whatever was given, the same in any order, and brute force."""

import copy
import itertools
import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.labels import check
from quality.measures.likeness import Terms, compare
from quality.measures.merging import merge, merge_many
from tests.unit import label_payloads as payloads
from tests.unit.label_payloads import ONTOLOGY, SIZE, TYPES, pixels, rle

WEIGHTS = st.floats(0, 10) | st.just(1.0)


def box(i, name, *corner, **more):
    return {"id": str(i), "class": name, "box": list(corner), **more}


@st.composite
def cases(draw, types=TYPES):
    label_type = draw(st.sampled_from(types))
    found = draw(payloads.answers(label_type))
    weights = draw(st.lists(WEIGHTS, min_size=len(found), max_size=len(found)))
    return label_type, found, weights


def as_stored(label_type, label):
    return check(label_type, ONTOLOGY, label, size=SIZE, length=25)


@given(cases())
@settings(max_examples=300)
def test_any_answers_merge_into_a_valid_label(case):
    label_type, given_answers, weights = case
    before = copy.deepcopy(given_answers)
    found = merge(label_type, given_answers, weights, ontology=ONTOLOGY, size=SIZE)
    assert given_answers == before
    stored = as_stored(label_type, found.label)
    again = as_stored(label_type, copy.deepcopy(stored))
    assert stored == again
    assert json.loads(json.dumps([found.label, found.support])) == [found.label, found.support]
    assert 0 <= found.probability <= 1 + 1e-9
    assert len(found.agreed) == len(given_answers)
    if len(given_answers) == 1:
        assert found.agreement is None
        assert np.isnan(found.agreed[0])
    else:
        assert all(0 <= one <= 1 for one in found.agreed)
        assert found.agreement == pytest.approx(np.mean(found.agreed))


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(case, random):
    label_type, given_answers, weights = case
    order = list(range(len(given_answers)))
    random.shuffle(order)
    found = merge(label_type, given_answers, weights, ontology=ONTOLOGY)
    again = merge(
        label_type, [given_answers[i] for i in order], [weights[i] for i in order],
        ontology=ONTOLOGY,
    )  # fmt: skip
    assert again.label == found.label
    assert again.probability == found.probability
    np.testing.assert_array_equal(again.agreed, np.array(found.agreed)[order])
    for key, entry in found.support.items():
        heavy = sum(weights[i] for i in entry["by"])
        assert sum(weights[order[i]] for i in again.support[key]["by"]) == pytest.approx(heavy)


@given(cases(), st.integers(2, 4))
def test_of_equal_answers_comes_that_answer(case, times):
    label_type, (answer, *_), _ = case
    found = merge(label_type, [answer] * times, [1] * times, ontology=ONTOLOGY, size=SIZE)
    assert found.agreed == [1.0] * times
    assert found.probability == pytest.approx(1)
    assert content(as_stored(label_type, found.label)) == content(as_stored(label_type, answer))


def content(label):
    """A label without the names of its objects, which are not what was answered."""
    names = {
        x["id"]: str({**x, "id": 0}) for x in [*label.get("objects", ()), *label.get("spans", ())]
    }
    told = [
        str((names[one["from"]], names[one["to"]], one["class"]))
        for one in label.get("relations", ())
    ]
    rest = {k: v for k, v in label.items() if k not in ("objects", "spans", "relations")}
    return rest, sorted(names.values()), sorted(told)


@given(st.lists(cases(["boxes"]), min_size=1, max_size=4))
def test_many_assets_at_once_are_merged_as_each_alone(assets):
    found = merge_many("boxes", [c[1] for c in assets], [c[2] for c in assets], ontology=ONTOLOGY)
    for one, (_, given_answers, weights) in zip(found, assets, strict=True):
        alone = merge("boxes", given_answers, weights, ontology=ONTOLOGY)
        np.testing.assert_equal(one._asdict(), alone._asdict())


# Brute force: boxes merged by loops, where no votes are even.


def iou(a, b):
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def clustered(drawn):
    """drawn: (answer, object). Nearest pair first, joined by their mean overlap."""
    near = {
        (i, j): iou(drawn[i][1]["box"], drawn[j][1]["box"])
        for i, j in itertools.permutations(range(len(drawn)), 2)
    }
    near = {pair: overlap if overlap >= 0.1 else 0 for pair, overlap in near.items()}
    groups = {i: {i} for i in range(len(drawn))}

    def nearness(pair):
        i, j = pair
        return near[pair] + 0.25 * (drawn[i][1]["class"] == drawn[j][1]["class"])

    for i, j in sorted(itertools.combinations(range(len(drawn)), 2), key=nearness, reverse=True):
        one, other = groups[i], groups[j]
        if near[i, j] < 0.5 or one is other:
            continue
        apart = len({drawn[k][0] for k in one | other}) == len(one | other)
        if apart and np.mean([near[a, b] for a in one for b in other]) >= 0.5:
            one |= other
            for k in other:
                groups[k] = one
    return {id(g): sorted(g) for g in groups.values()}.values()


def median(values, weights):
    pairs = sorted(zip(values, weights, strict=True))
    total, gone, places = sum(weights), 0.0, []
    for _, weight in pairs:
        places.append((gone + weight / 2) / total)
        gone += weight
    return np.interp(0.5, places, [value for value, _ in pairs])


def by_hand(given_answers, weights, without=None):
    drawn = [(k, x) for k, answer in enumerate(given_answers) for x in answer["objects"]]
    total = sum(w for k, w in enumerate(weights) if k != without)
    found = []
    for group in clustered(drawn):
        voters = [i for i in group if drawn[i][0] != without]
        w = [weights[drawn[i][0]] for i in voters]
        if not voters or sum(w) / total <= 0.5:
            continue
        votes = {}
        for i, weight in zip(voters, w, strict=True):
            name = drawn[i][1]["class"]
            votes[name] = votes.get(name, 0) + weight
        b = np.array([drawn[i][1]["box"] for i in voters])
        left, top = median(b[:, 0], w), median(b[:, 1], w)
        right, bottom = median(b[:, 0] + b[:, 2], w), median(b[:, 1] + b[:, 3], w)
        box_ = [left, top, right - left, bottom - top]
        found.append({"id": str(len(found)), "class": max(votes, key=votes.get), "box": box_})
    return {"objects": found}


def jittered(generator, n_answers, n_things, spread=2.0):
    truth = np.column_stack(
        [generator.uniform(0, 200, (n_things, 2)), generator.uniform(15, 60, (n_things, 2))]
    )
    names = generator.choice(["car", "bus"], n_things)
    found = []
    for _ in range(n_answers):
        drawn = truth + generator.normal(0, spread, truth.shape)
        kept = np.flatnonzero(generator.random(n_things) < 0.8)
        said = np.where(generator.random(n_things) < 0.8, names, "tram")
        found.append({"objects": [box(k, str(said[k]), *drawn[k].tolist()) for k in kept]})
    return found, truth, names


@pytest.mark.parametrize("seed", range(25))
def test_boxes_equal_brute_force(seed):
    generator = np.random.default_rng(seed)
    given_answers, *_ = jittered(generator, int(generator.integers(2, 6)), 8, spread=4.0)
    # Powers of 3 of which no sums come near one another: no votes are even.
    weights = (3.0 ** generator.permutation(len(given_answers))).tolist()
    found = merge("boxes", given_answers, weights, ontology=ONTOLOGY)
    expected = by_hand(given_answers, weights)
    assert shapes(found.label) == shapes(expected)
    for k, answer in enumerate(given_answers):
        others = by_hand(given_answers, weights, without=k)
        assert found.agreed[k] == pytest.approx(compare("boxes", answer, others).score)


def shapes(label):
    return sorted((x["class"], *np.round(x["box"], 6).tolist()) for x in label["objects"])


def test_merged_boxes_are_nearer_to_the_truth_than_those_drawn():
    generator = np.random.default_rng(3)
    drawn, fused, right = [], [], []
    for _ in range(60):
        given_answers, truth, names = jittered(generator, 5, 4)
        merged = merge("boxes", given_answers, [1] * 5, ontology=ONTOLOGY).label
        for boxes, into in ((merged["objects"], fused), (given_answers[0]["objects"], drawn)):
            for one in boxes:
                overlap = [iou(one["box"], t) for t in truth]
                into.append(max(overlap))
                if into is fused:
                    right.append(one["class"] == names[int(np.argmax(overlap))])
    assert np.mean(fused) > np.mean(drawn) + 0.03
    assert np.mean(right) > 0.9


def test_what_half_of_them_drew_is_left_out_and_stays_in_the_support():
    both, one = box(1, "car", 0, 0, 10, 10), box(2, "bus", 20, 20, 10, 10)
    found = merge(
        "boxes", [{"objects": [both, one]}, {"objects": [both]}], [1, 1], ontology=ONTOLOGY
    )
    assert [x["class"] for x in found.label["objects"]] == ["car"]
    assert sorted((s["share"], s["by"], s["ids"]) for s in found.support.values()) == [
        (0.5, [0], ["2"]),
        (1.0, [0, 1], ["1", "1"]),
    ]
    kept = found.label["objects"][0]["id"]
    assert found.support[kept]["class"] == {"car": 1.0}


def test_where_the_others_are_even_the_answer_itself_decides():
    thing, none = {"objects": [box(1, "car", 0, 0, 10, 10)]}, {"objects": []}
    found = merge("boxes", [thing, thing, none], [1, 1, 1], ontology=ONTOLOGY)
    assert found.agreed == [1, 1, 0]
    assert merge("tags", [{"tags": ["car"]}, {"tags": []}, {"tags": ["car"]}], [1, 1, 1],
                 ontology=ONTOLOGY).agreed == [1, 0, 1]  # fmt: skip
    classes = [{"class": name} for name in ("car", "bus", "car")]
    assert merge("class", classes, [1, 1, 1], ontology=ONTOLOGY).agreed == [1, 0, 1]


def test_one_answer_has_at_most_one_object_in_a_thing():
    twice = {"objects": [box(1, "car", 0, 0, 10, 10), box(2, "car", 0, 0, 10, 10)]}
    once = {"objects": [box(1, "car", 0, 0, 10, 10)]}
    found = merge("boxes", [twice, once, once], [1, 1, 1], ontology=ONTOLOGY)
    assert len(found.label["objects"]) == 1
    assert sorted(len(s["by"]) for s in found.support.values()) == [1, 3]


def test_turned_boxes_agree_whichever_way_they_were_drawn():
    flat = {"objects": [box(1, "car", 20, 10, 20, 10, angle=10.0)]}
    upright = {"objects": [box(1, "car", 25, 5, 10, 20, angle=280.0)]}  # the same rectangle
    found = merge("boxes", [flat, upright, flat], [1, 1, 1], ontology=ONTOLOGY)
    (one,) = found.label["objects"]
    assert one["angle"] % 180 in (pytest.approx(10), pytest.approx(100))
    assert found.agreed == [1, 1, 1]


@given(
    st.lists(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=2),
             min_size=1, max_size=5),
    st.data(),
)  # fmt: skip
def test_plurality_on_runs_equals_pixels(voters, data):
    from quality.measures.merging_masks import plurality

    weight = data.draw(
        st.lists(st.sampled_from([1.0, 2.0, 5.0]), min_size=len(voters), max_size=len(voters))
    )
    planes = []
    for masks in voters:  # class 0 over class 1
        plane = np.full((3, 4), 2)
        for c, mask in reversed(list(enumerate(masks))):
            plane[np.array(mask).reshape(3, 4)] = c
        planes.append(plane)
    drawn = [(v, c) for v in range(len(voters)) for c in range(len(voters[v]))]
    found = plurality(
        [rle(planes[v] == c) for v, c in drawn],
        np.array([v for v, _ in drawn]), np.array([c for _, c in drawn]),
        np.array(weight), 0, 2,
    )  # fmt: skip
    votes = np.stack(
        [sum(w * (p == c) for w, p in zip(weight, planes, strict=True)) for c in range(3)]
    )
    best = votes.max(axis=0)
    lead = np.take_along_axis(votes, planes[0][None], axis=0)[0]
    expected = np.where(lead == best, planes[0], votes.argmax(axis=0))
    for c in range(2):
        np.testing.assert_array_equal(pixels(found[c]), expected == c)


@given(st.lists(payloads.mask_shapes(), min_size=1, max_size=5))
def test_run_lengths_are_read_and_written_as_coco_does(drawn):
    from quality.measures.merging_masks import decoded, encoded

    texts = [one["rle"]["counts"] for one in drawn]
    assert encoded(*decoded(texts)) == texts


def test_pixels_of_a_mask_go_by_the_majority():
    generator = np.random.default_rng(0)
    planes = [np.zeros((30, 40), bool) for _ in range(3)]
    for plane in planes:
        plane[5:25, 5:35] = generator.random((20, 30)) < 0.9
    found = merge(
        "masks", [{"objects": [{"id": "1", "class": "car", "rle": rle(p)}]} for p in planes],
        [1, 1, 1], ontology=ONTOLOGY, size=SIZE,
    )  # fmt: skip
    (one,) = found.label["objects"]
    np.testing.assert_array_equal(pixels(one["rle"]), sum(p.astype(int) for p in planes) >= 2)


@given(st.lists(payloads.semantic(), min_size=1, max_size=4), st.data())
def test_semantic_masks_merge_without_overlaps(given_answers, data):
    weights = data.draw(st.lists(WEIGHTS, min_size=len(given_answers), max_size=len(given_answers)))
    found = merge("masks", given_answers, weights, ontology=ONTOLOGY, size=SIZE)
    as_stored("masks", found.label)
    assert found.label["semantic"] is True
    if len({str(content(a)) for a in given_answers}) == 1:
        assert content(as_stored("masks", found.label)) == content(
            as_stored("masks", given_answers[0])
        )


def test_keypoints_take_medians_and_votes():
    def person(*points):
        drawn = {"points": [list(p) for p in points], "box": [0, 0, 100, 100]}
        return {"objects": [{"id": "1", "class": "car", **drawn}]}

    found = merge(
        "keypoints",
        [
            person((10, 10, 2), (50, 50, 1), (0, 0, 0)),
            person((11, 10, 2), (52, 50, 1), (0, 0, 0)),
            person((14, 12, 1), (51, 53, 2), (30, 30, 2)),
        ],
        [1, 1, 1],
        ontology=ONTOLOGY,
    )
    assert found.label["objects"][0]["points"] == [[11, 10, 2], [51, 50, 1], [0, 0, 0]]


def test_spans_take_the_boundaries_and_relations_that_most_gave():
    def text(start, end, other, related=True):
        spans = [
            {"id": "p", "class": "car", "start": start, "end": end},
            {"id": "q", "class": other, "start": 20, "end": 25},
        ]
        told = [{"from": "p", "to": "q", "class": "tram"}]
        return {"spans": spans, "relations": told} if related else {"spans": spans}

    found = merge(
        "spans", [text(0, 9, "bus"), text(0, 10, "bus"), text(1, 10, "car", related=False)],
        [1, 1, 1], ontology=ONTOLOGY,
    )  # fmt: skip
    at = {(x["start"], x["end"], x["class"]): x["id"] for x in found.label["spans"]}
    assert set(at) == {(0, 10, "car"), (20, 25, "bus")}
    assert found.label["relations"] == [
        {"from": at[0, 10, "car"], "to": at[20, 25, "bus"], "class": "tram"}
    ]


def test_the_text_nearest_to_all_is_taken():
    texts = ["a black cat sat", "a black cat sut", "the black cat sat", "dog"]
    found = merge("transcription", [{"text": t} for t in texts], [1] * 4, ontology=ONTOLOGY)
    assert found.label == {"text": "a black cat sat"}
    heavy = merge("transcription", [{"text": t} for t in texts], [1, 1, 1, 9], ontology=ONTOLOGY)
    assert heavy.label == {"text": "dog"}


@given(st.lists(st.integers(2, 10), min_size=1, max_size=7))
def test_a_rating_is_the_median_on_the_scale(halves):
    ratings = [half / 2 for half in halves]
    found = merge(
        "rating", [{"rating": r} for r in ratings], [1] * len(ratings), ontology=ONTOLOGY
    ).label["rating"]
    middle = np.median(ratings)
    assert found * 2 == int(found * 2)
    assert abs(found - middle) <= 0.25
    assert found <= middle  # halfway, the lower one


@pytest.mark.parametrize("label_type", ["boxes", "masks", "polygons", "keypoints", "spans"])
@pytest.mark.parametrize("stacked", [False, True])
def test_a_thousand_objects_merge_in_seconds(label_type, stacked):
    def one(i):
        x, y = (5, 5) if stacked else (i % 40, i // 40)
        plane = np.zeros((60, 60), bool)
        plane[y : y + 2, x : x + 2] = True
        shape = {
            "boxes": {"box": [x, y, 1, 1]},
            "polygons": {"polygons": [[[[x, y], [x + 1, y], [x, y + 1]]]]},
            "masks": {"rle": rle(plane)},
            "keypoints": {"points": [[x, y, 2]]},
            "spans": {"start": 0 if stacked else i * 3, "end": 2 if stacked else i * 3 + 2},
        }[label_type]
        return {"id": str(i), "class": "car", **shape}

    field = "spans" if label_type == "spans" else "objects"
    # Polygons that all lie on each other are cut with each other exactly, at 10 µs a pair.
    n = 200 if stacked and label_type == "polygons" else 1000
    answer = {field: [one(i) for i in range(n)]}
    merge(label_type, [{field: answer[field][:2]}] * 2, [1, 1], ontology={})  # compile
    start = time.perf_counter()
    found = merge(label_type, [answer] * 3, [1, 1, 1], ontology={})
    assert time.perf_counter() - start < 20
    assert len(found.label[field]) == n


def test_no_answer_and_wrong_weights_are_refused():
    with pytest.raises(ValueError, match="answers: expected at least one"):
        merge("class", [], [], ontology={})
    for weights in ([1], [1, -1], [1, float("nan")]):
        with pytest.raises(ValueError, match="weights: expected 2 numbers"):
            merge("tags", [{"tags": []}] * 2, weights, ontology={})


def test_likeness_to_the_others_heeds_the_terms_of_the_ontology():
    found = merge("rating", [{"rating": 1}, {"rating": 3}], [1, 1], ontology=ONTOLOGY)
    expected = compare("rating", {"rating": 1}, {"rating": 3}, Terms(range=(1, 5))).score
    assert found.agreed == [pytest.approx(expected)] * 2
