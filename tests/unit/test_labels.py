"""Payloads of every label type: kept in one form, refused with the field named."""

import copy
import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from ops import labels
from ops.errors import InvalidInput
from ops.labels import rle
from ops.models import LABEL_TYPES
from tests.unit.label_payloads import ONTOLOGY, SIZE
from tests.unit.label_payloads import labels as payloads

PLAIN = ONTOLOGY | {"attributes": []}
BOX = {"id": "1", "class": "car", "box": [10, 10, 5, 5]}
RING = [[1, 1], [9, 1], [9, 9]]
POINTS = [[1, 1, 2], [2, 2, 1], [0, 0, 0]]


def figure(points):
    return {"objects": [{"id": "1", "class": "car", "points": points}]}


def check(label_type, payload, ontology=PLAIN, **more):
    return labels.check(label_type, ontology, payload, size=SIZE, length=30, **more)


def fault(label_type, payload, ontology=PLAIN, **more):
    """{field: message} of everything that is refused."""
    with pytest.raises(InvalidInput) as caught:
        check(label_type, payload, ontology, **more)
    assert caught.value.field == caught.value.errors[0]["field"]
    return {e["field"]: e["message"] for e in caught.value.errors}


def rle_of(pixels):
    found = coco.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": [int(n) for n in found["size"]], "counts": found["counts"].decode()}


def masked(*boxes):
    """A mask over the picture of SIZE, set in boxes (x, y, w, h)."""
    pixels = np.zeros(SIZE[::-1], bool)
    for x, y, w, h in boxes:
        pixels[y : y + h, x : x + w] = True
    return rle_of(pixels)


def test_every_type_of_the_database_has_its_model():
    assert tuple(labels.KINDS) == LABEL_TYPES
    assert set(labels.CHOICES) == {"class", "rating", "preference"}


@pytest.mark.parametrize("label_type", LABEL_TYPES)
@given(data=st.data())
def test_a_valid_label_is_kept_in_one_form_that_the_database_gives_back(label_type, data):
    payload = data.draw(payloads(label_type))
    before = copy.deepcopy(payload)
    clean = check(label_type, payload, ONTOLOGY)
    assert payload == before
    assert json.loads(json.dumps(clean, allow_nan=False)) == clean
    assert check(label_type, clean, ONTOLOGY) == clean
    assert labels.same(clean, clean | {"verdict": "accept", "remark": "x", "version": 1})


@pytest.mark.parametrize("label_type", LABEL_TYPES)
@given(data=st.data())
def test_what_is_no_payload_is_refused_and_never_crashes(label_type, data):
    """Any part of a valid label replaced by anything that JSON can say."""
    payload = data.draw(payloads(label_type, most=2))
    junk = data.draw(
        st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=2)
        | st.just([]) | st.just({}) | st.just({"class": "car"}) | st.just([[1]])
    )  # fmt: skip
    node, parts = payload, []
    while isinstance(node, dict | list) and node:
        keys = sorted(node) if isinstance(node, dict) else range(len(node))
        parts.append((node, data.draw(st.sampled_from(list(keys)))))
        node = node[parts[-1][1]]
        if data.draw(st.booleans()):
            break
    where, key = parts[-1] if parts else (payload, "more")
    where[key] = junk
    try:
        clean = check(label_type, payload, ONTOLOGY)
    except InvalidInput as error:
        assert all(e["field"] and e["message"] for e in error.errors)
    else:
        assert check(label_type, clean, ONTOLOGY) == clean


@pytest.mark.parametrize(
    ("label_type", "payload", "field", "words"),
    [
        ("class", "car", "class", "is an object"),
        ("class", {}, "class", "missing"),
        ("class", {"class": "ship"}, "class", "car, bus, tram"),
        ("class", {"class": ["car"]}, "class", "text"),
        ("class", {"class": "car", "box": 1}, "box", "unknown"),
        ("class", {"class": "car", "version": 2}, "version", "1"),
        ("tags", {"tags": ["car", "ship"]}, "tags.1", "car, bus, tram"),
        ("tags", {"tags": "car"}, "tags", "list"),
        ("attributes", {}, "attributes", "missing"),
        ("boxes", {"objects": [BOX, BOX]}, "objects.1.id", "same id"),
        ("boxes", {"objects": [BOX | {"class": "ship"}]}, "objects.0.class", "car, bus, tram"),
        ("boxes", {"objects": [BOX | {"box": [1, 2, 3]}]}, "objects.0.box", "4"),
        ("boxes", {"objects": [BOX | {"box": [1, 2, 3, True]}]}, "objects.0.box.3", "number"),
        ("boxes", {"objects": [BOX | {"box": [1, 2, 3, float("nan")]}]}, "objects.0.box.3", "num"),
        ("boxes", {"objects": [BOX | {"box": [1, 2, 0, 3]}]}, "objects.0.box", "width"),
        ("boxes", {"objects": [BOX | {"box": [-1, 2, 3, 3]}]}, "objects.0.box", "on the left"),
        ("boxes", {"objects": [BOX | {"box": [1, -2, 3, 3]}]}, "objects.0.box", "at the top"),
        ("boxes", {"objects": [BOX | {"box": [38, 2, 3, 3]}]}, "objects.0.box", "on the right"),
        ("boxes", {"objects": [BOX | {"box": [1, 2, 3, 30]}]}, "objects.0.box", "at the bottom"),
        ("boxes", {"objects": [BOX | {"score": 0.5}]}, "objects.0.score", "prediction"),
        ("boxes", {"objects": [BOX | {"id": ""}]}, "objects.0.id", "empty"),
        ("boxes", {"objects": [BOX | {"id": "a\0"}]}, "objects.0.id", "NUL"),
        ("keypoints", {"objects": [{"id": "1", "class": "car", "points": POINTS[:2]}]},
         "objects.0.points", "3 points, there are 2"),
        ("keypoints", figure([[0, 0, 0]] * 3),
         "objects.0.points", "at least one point"),
        ("keypoints", figure([*POINTS[:2], [1, 1, 3]]),
         "objects.0.points.2.2", "0, 1 or 2"),
        ("keypoints", figure([*POINTS[:2], [1, 31, 2]]),
         "objects.0.points.2", "at the bottom"),
        ("spans", {"spans": [{"id": "1", "class": "car", "start": 3, "end": 3}]},
         "spans.0.end", "above start"),
        ("spans", {"spans": [{"id": "1", "class": "car", "start": 3, "end": 31}]},
         "spans.0.end", "30 characters"),
        ("spans", {"spans": [], "relations": [{"from": "1", "to": "2", "class": "car"}]},
         "relations.0.from", "no span"),
        ("transcription", {"text": "a\0"}, "text", "NUL"),
        ("transcription", {"text": "\ud800"}, "text", "text"),
        ("rating", {"rating": 3.25}, "rating", "steps of 0.5"),
        ("rating", {"rating": True}, "rating", "number"),
        ("rating", {"rating": 6}, "rating", "from 1 to 5"),
        ("preference", {"preference": "c"}, "preference", "a, b or tie"),
        ("preference", {"preference": "a", "reasons": ["big"]}, "reasons.0", "sharp, bright"),
    ],
)  # fmt: skip
def test_what_breaks_the_ontology_or_leaves_the_picture_is_named(label_type, payload, field, words):
    found = fault(label_type, payload)
    assert words in found[field], found


@pytest.mark.parametrize(
    ("ring", "words"),
    [
        ([[0, 0], [5, 5], [9, 9]], "not on one line"),
        ([[0, 0], [5, 5], [0, 0]], "at least 3 points"),
        ([[0, 0], [41, 0], [9, 9]], "on the right"),
    ],
)
def test_a_ring_that_encloses_nothing_or_leaves_the_picture(ring, words):
    polygons = [[RING], [[[0, 0], [30, 0], [30, 30]], ring]]
    found = fault("polygons", {"objects": [{"id": "1", "class": "car", "polygons": polygons}]})
    assert words in found["objects.0.polygons.1.1"]


def test_a_closed_ring_is_opened_and_one_that_crosses_itself_is_kept():
    eight = [[1, 1], [9, 9], [9, 1], [1, 9]]
    one = {"id": "1", "class": "car", "polygons": [[[*RING, RING[0]]], [eight]]}
    clean = check("polygons", {"objects": [one]})
    assert clean["objects"][0]["polygons"] == [[RING], [eight]]


def test_a_turned_box_must_fit_as_it_lies():
    upright = BOX | {"box": [30, 1, 4, 28]}
    assert check("boxes", {"objects": [upright]})
    assert "on the right" in fault("boxes", {"objects": [upright | {"angle": 90}]})["objects.0.box"]
    turned = check("boxes", {"objects": [BOX | {"angle": -90}]})
    assert turned["objects"][0]["angle"] == 270
    whole = check("boxes", {"objects": [BOX | {"angle": 360}]})
    assert "angle" not in whole["objects"][0]


def test_without_the_size_of_the_picture_its_far_sides_are_not_checked():
    far = {"objects": [BOX | {"box": [500, 500, 5, 5]}]}
    assert labels.check("boxes", PLAIN, far)
    with pytest.raises(InvalidInput, match="on the left"):
        labels.check("boxes", PLAIN, {"objects": [BOX | {"box": [-5, 5, 9, 9]}]})


def test_what_is_not_labelled_is_nowhere():
    one = {"id": "1", "class": "car", "points": [[1, 1, 2], [99, 99, 0], [2, 2, 1]]}
    points = check("keypoints", {"objects": [one]})["objects"][0]["points"]
    assert points == [[1.0, 1.0, 2], [0.0, 0.0, 0], [2.0, 2.0, 1]]
    assert type(points[0][2]) is int


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"colour": "green", "moving": True}, "attributes.colour", "red, blue"),
        ({"colour": "red"}, "attributes.moving", "missing"),
        ({"moving": 1}, "attributes.moving", "true or false"),
        ({"moving": True, "seats": 2}, "attributes.seats", "not asked of this class"),
        ({"moving": True, "wings": 2}, "attributes.wings", "no such attribute"),
        ({"moving": True, "parts": ["q"]}, "attributes.parts", "z, b, a"),
        ({"moving": True, "note": "a\0"}, "attributes.note", "text"),
    ],
)
def test_attributes_are_checked_wherever_they_stand(given, field, words):
    assert words in fault("class", {"class": "car", "attributes": given}, ONTOLOGY)[field]
    boxes = {"objects": [BOX | {"attributes": given}]}
    assert words in fault("boxes", boxes, ONTOLOGY)[f"objects.0.{field}"]


def test_values_are_stored_in_one_form():
    given = {"seats": 3.0, "parts": ["a", "z", "a"], "moving": True, "colour": None}
    clean = check("class", {"class": "bus", "attributes": given}, ONTOLOGY)
    assert json.dumps(clean["attributes"]) == '{"parts": ["z", "a"], "seats": 3, "moving": true}'
    assert check("tags", {"tags": ["tram", "bus", "tram"]}) == {"tags": ["bus", "tram"]}
    assert json.dumps(check("rating", {"rating": 3.0})) == '{"rating": 3}'
    assert json.dumps(check("rating", {"rating": 3.5})) == '{"rating": 3.5}'
    both = {"preference": "a", "reasons": ["bright", "sharp", "bright"]}
    assert check("preference", both)["reasons"] == ["sharp", "bright"]


def test_a_tie_only_where_the_ontology_has_one():
    assert check("preference", {"preference": "tie"})
    found = fault("preference", {"preference": "tie"}, PLAIN | {"tie": False})
    assert "a, b" in found["preference"]


def test_the_keys_of_choices():
    assert labels.choices("class", PLAIN) == ["car", "bus", "tram"]
    assert labels.choices("rating", PLAIN) == ["1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5"]
    assert labels.choices("preference", PLAIN) == ["a", "b", "tie"]
    assert labels.choices("boxes", PLAIN) == []
    thirds = {"scale": {"low": 0, "high": 0.3, "step": 0.1}}
    assert labels.choices("rating", thirds) == ["0", "0.1", "0.2", "0.3"]


@pytest.mark.parametrize(
    ("counts", "size", "field"),
    [
        ("", [30, 40], "objects.0.rle.counts"),
        ("é", [30, 40], "objects.0.rle.counts"),
        ("\x10", [30, 40], "objects.0.rle.counts"),
        ("PPPP", [30, 40], "objects.0.rle.counts"),
        ("o" * 40 + "0", [30, 40], "objects.0.rle.counts"),
        ("11", [30, 40], "objects.0.rle.counts"),
        (rle.encode(np.array([1200])), [30, 40], "objects.0.rle.counts"),
        (rle.encode(np.array([0, 1200])), [40, 30], "objects.0.rle.size"),
        (rle.encode(np.array([0, 1200])), [0, 30], "objects.0.rle.size.0"),
    ],
)
def test_a_mask_is_read_without_trust(counts, size, field):
    one = {"id": "1", "class": "car", "rle": {"size": size, "counts": counts}}
    assert field in fault("masks", {"objects": [one]})


def test_a_few_characters_cannot_tell_of_more_pixels_than_memory_holds():
    counts = rle.encode(np.array([0, 10**12]))
    one = {"id": "1", "class": "car", "rle": {"size": [10**6, 10**6], "counts": counts}}
    with pytest.raises(InvalidInput) as refused:
        labels.check("masks", PLAIN, {"objects": [one]})
    assert refused.value.field == "objects.0.rle.size"


def test_a_ring_that_ends_in_its_first_point_many_times_is_opened_in_one_go():
    many = [*RING, *([RING[0]] * 190_000)]
    before = time.process_time()
    clean = check("polygons", {"objects": [{"id": "1", "class": "car", "polygons": [[many]]}]})
    assert clean["objects"][0]["polygons"] == [[RING]]
    assert time.process_time() - before < 5  # point by point, it takes minutes


def test_semantic_masks_share_no_pixel_and_no_class():
    one = {"id": "1", "class": "car", "rle": masked((0, 0, 5, 5), (20, 0, 5, 5))}
    beside = {"id": "2", "class": "bus", "rle": masked((5, 0, 5, 5))}
    across = {"id": "3", "class": "tram", "rle": masked((8, 4, 3, 3))}
    assert check("masks", {"objects": [one, beside], "semantic": True})["semantic"] is True
    found = fault("masks", {"objects": [one, beside, across], "semantic": True})
    assert found == {"objects.2.rle": "overlaps objects.1"}
    assert check("masks", {"objects": [one, beside, across]})
    twice = fault("masks", {"objects": [one, beside | {"class": "car"}], "semantic": True})
    assert "objects.1.class" in twice


PIXELS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda hw: st.lists(st.booleans(), min_size=hw[0] * hw[1], max_size=hw[0] * hw[1]).map(
        lambda bits: np.array(bits).reshape(hw)
    )
)


@given(PIXELS)
def test_run_lengths_are_those_of_pycocotools(pixels):
    found = rle_of(pixels)
    runs = rle.decode(found["counts"], pixels.size)
    assert rle.encode(runs) == found["counts"]
    assert rle.area(runs) == pixels.sum()
    colours = np.arange(len(runs)) % 2 == 1
    assert (np.repeat(colours, runs).reshape(pixels.shape, order="F") == pixels).all()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_runs_of_nothing_leave_the_same_pixels_in_one_form(runs):
    runs = np.array(runs, np.int64)
    pixels = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    if not pixels.size:
        return
    found = rle.decode(rle.encode(runs), int(runs.sum()))
    assert rle.encode(found) == rle_of(pixels.reshape(1, -1))["counts"]


@given(st.lists(PIXELS.filter(lambda p: p.any()), min_size=2, max_size=4), st.integers(1, 12))
def test_overlap_is_that_of_the_pixels(planes, side):
    planes = [np.resize(plane, (side, side)) for plane in planes]
    runs = [rle.decode(rle_of(plane)["counts"], side * side) for plane in planes]
    met = rle.first_overlap(runs)
    assert (met is not None) == (sum(p.astype(int) for p in planes) > 1).any()
    if met:
        assert (planes[met[0]] & planes[met[1]]).any()


VERDICTS = {"verdicts": labels.VERDICTS}
FOUND = [{"type": "other"}]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"class": "car", "verdict": "maybe"}, "verdict"),
        ({"verdict": "return"}, "remark"),
        ({"class": "car", "verdict": "stand"}, "remark"),
        ({"verdict": "return", "errors": [{"type": "other"}]}, "remark"),
        ({"verdict": "return", "errors": [{"type": "other", "remark": ""}]}, "remark"),
        ({"verdict": "return", "remark": "x"}, "errors"),
        ({"verdict": "return", "remark": "x", "errors": []}, "errors"),
        ({"verdict": "return", "remark": "x", "errors": None}, "errors"),
        ({"class": "car", "verdict": "return", "remark": "x", "errors": FOUND}, "class"),
        ({"class": "car", "errors": [{"type": "missing", "point": [1.0]}]}, "errors.0.point"),
        ({"class": "car", "errors": [{"type": "missing", "point": [1, -1]}]}, "errors.0.point.1"),
        ({"class": "car", "errors": [{"type": "missing", "point": "x"}]}, "errors.0.point"),
        ({"class": "car", "remark": 1}, "remark"),
        ({"class": "car", "remark": "x" * 2001}, "remark"),
        ({"class": "car", "errors": [{"type": "missing"}, {"type": "odd"}]}, "errors.1.type"),
        ({"class": "car", "errors": [{"type": "extra", "severity": "bad"}]}, "errors.0.severity"),
        ({"class": "car", "errors": {}}, "errors"),
        ({"verdict": "accept"}, "class"),
    ],
)
def test_a_decision_is_checked(payload, field):
    assert field in fault("class", payload, **VERDICTS)


def test_a_decision_is_kept_and_only_where_one_is_offered():
    review = {"class": "car", "verdict": "fix", "remark": " blurred "}
    found = [{"type": "wrong_class", "severity": "major", "object": "1", "remark": ""}]
    clean = check("class", review | {"errors": found}, **VERDICTS)
    kept = [{"type": "wrong_class", "severity": "major", "object": "1"}]
    assert clean == {"class": "car", "verdict": "fix", "remark": "blurred", "errors": kept}
    assert labels.content(clean) == {"class": "car"}
    assert check("class", {"class": "car", "remark": "no verdict"})["remark"] == "no verdict"
    assert "verdict" in fault("class", review)
    assert "errors" in fault("class", {"class": "car", "errors": found})
    back = {"verdict": "return", "remark": "look again", "errors": FOUND}
    assert check("boxes", back, **VERDICTS) == back
    # Said of the error, it need not be said of the whole; a place lies in the picture.
    there = [{"type": "missing", "point": [9.5, 4.0], "remark": "here"}]
    found = {"verdict": "return", "errors": there}
    assert check("boxes", found, **VERDICTS) == found
    there[0]["point"] = [SIZE[0] + 1.0, 4.0]
    assert "errors.0.point" in fault("boxes", found, **VERDICTS)
    assert "objects" in fault("boxes", back | {"objects": []}, **VERDICTS)


@pytest.mark.parametrize("verdict", ["accept", "stand"])
def test_a_label_that_is_known_need_not_be_repeated_except_a_class(verdict):
    decision = {"verdict": verdict, "remark": "it is right"}
    assert check("boxes", decision, **VERDICTS) == decision
    assert "class" in fault("class", decision, **VERDICTS)
    assert "objects" in fault("boxes", {"verdict": "fix"}, **VERDICTS)
