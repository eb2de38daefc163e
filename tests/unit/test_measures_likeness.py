"""Label against label, for every type: alike is 1, nothing in common is 0, errors are named."""

import pytest

from quality.measures.likeness import TYPES, Terms, compare, compare_many, scores
from quality.measures.object_errors import KINDS


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
