"""Overlap of boxes, turned boxes, polygons and masks: against shapes filled pixel by pixel."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures import boxes, polygons, rle, shapes
from quality.measures.objects import columns

SIDE = 24
CELLS = st.integers(0, SIDE)
RECTANGLE = st.tuples(CELLS, CELLS, CELLS, CELLS).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


def filled(*rectangles):
    dense = np.zeros((SIDE, SIDE), bool)
    for left, top, right, bottom in rectangles:
        dense[top:bottom, left:right] = True
    return dense


def ring(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def encoded(dense):
    from pycocotools import mask

    rle = mask.encode(np.asfortranarray(dense, np.uint8))
    return {"size": list(rle["size"]), "counts": rle["counts"].decode()}


def table(label_type, given_, truth, **more):
    """The overlap of every pair of objects of one label."""
    sides = [columns([{"objects": side}]) for side in (given_, truth)]
    near = shapes.near(label_type, *sides, **more)
    found = np.zeros((len(given_), len(truth)))
    found[near.given, near.truth] = near.overlap
    return found


def expected(given_, truth, crowds=()):
    """IoU of dense masks; against a crowd the share inside; equal shapes without area 1."""
    found = np.zeros((len(given_), len(truth)))
    for i, a in enumerate(given_):
        for j, b in enumerate(truth):
            whole = a.sum() if j in crowds else (a | b).sum()
            found[i, j] = (a & b).sum() / whole if whole else 0
    return found


@given(st.lists(RECTANGLE, max_size=6), st.lists(RECTANGLE, max_size=6), st.sets(CELLS))
def test_boxes_polygons_and_masks_overlap_as_their_pixels_do(some, others, crowds):
    def of_type(label_type, rectangles, crowd=()):
        found = []
        for n, (left, top, right, bottom) in enumerate(rectangles):
            one = {"id": str(n), "class": "c", "crowd": n in crowd}
            one |= {
                "boxes": {"box": [left, top, right - left, bottom - top]},
                "polygons": {"polygons": [[ring(left, top, right, bottom)]]},
                "masks": {"rle": encoded(filled((left, top, right, bottom)))},
            }[label_type]
            found.append(one)
        return found

    dense = [[filled(r) for r in side] for side in (some, others)]
    for label_type in ("boxes", "polygons", "masks"):
        objects = of_type(label_type, some), of_type(label_type, others, crowds)
        pixels = expected(*dense, crowds)
        for i, one in enumerate(objects[0]):
            for j, other in enumerate(objects[1]):
                alike = all(one.get(f) == other.get(f) for f in shapes.GEOMETRY[label_type])
                if alike and not dense[0][i].any():
                    pixels[i, j] = 1
        assert table(label_type, *objects) == pytest.approx(pixels)
        if not crowds:
            assert table(label_type, *objects[::-1]) == pytest.approx(pixels.T)


PARTS = st.lists(st.tuples(RECTANGLE, st.lists(RECTANGLE, max_size=2)), max_size=3)


@given(PARTS, PARTS)
def test_polygons_with_holes_and_parts_that_overlap_are_their_union(one, other):
    def dense(parts):
        found = np.zeros((SIDE, SIDE), bool)
        for shell, holes in parts:
            found |= filled(shell) & ~filled(*holes)
        return found

    drawn = polygons.shapes([[[ring(*r) for r in (s, *h)] for s, h in x] for x in (one, other)])
    pixels = dense(one), dense(other)
    assert polygons.areas(drawn) == pytest.approx([x.sum() for x in pixels])
    shared = polygons.shared_areas(drawn[:1], drawn[1:])
    assert shared[0] == pytest.approx((pixels[0] & pixels[1]).sum())


def test_what_crosses_itself_is_what_its_outline_goes_around():
    bow_tie = [[0, 0], [10, 10], [10, 0], [0, 10]]
    turn = np.deg2rad(144 * np.arange(5))
    star = np.stack([np.cos(turn), np.sin(turn)], axis=1).tolist()
    flat, dot = [[0, 0], [5, 5], [9, 9]], [[1, 1]] * 3
    spiked = [[0, 0], [4, 0], [4, 4], [4, 9], [4, 4], [0, 4]]
    found = polygons.areas(polygons.shapes([[[x]] for x in (bow_tie, star, flat, dot, spiked)]))
    # Of the star the middle, too: ten triangles around it.
    inner = np.sin(np.deg2rad(18)) / np.sin(np.deg2rad(126))
    assert found == pytest.approx([50, 5 * inner * np.sin(np.deg2rad(36)), 0, 0, 16])


@given(st.lists(st.lists(st.tuples(CELLS, CELLS), min_size=3, max_size=8), min_size=2, max_size=5))
def test_no_outline_whatever_crashes_a_comparison(outlines):
    drawn = [{"id": str(n), "class": "c", "polygons": [[x]]} for n, x in enumerate(outlines)]
    found = table("polygons", drawn, drawn)
    assert found == pytest.approx(found.T)
    assert found.diagonal() == pytest.approx(1)
    assert ((found >= 0) & (found <= 1)).all()


@given(
    st.lists(st.tuples(*[st.floats(-20, 20)] * 2, *[st.floats(0.5, 20)] * 2, st.floats(-400, 400)),
    min_size=2, max_size=5), st.floats(-180, 180),
)  # fmt: skip
def test_turned_boxes_keep_their_area_and_their_overlap_when_all_is_turned(drawn, by):
    def turned(angle):
        # All boxes turned about the origin by `angle`.
        a = np.deg2rad(angle)
        found = []
        for n, (x, y, w, h, own) in enumerate(drawn):
            cx, cy = x + w / 2, y + h / 2
            tx, ty = cx * np.cos(a) - cy * np.sin(a), cx * np.sin(a) + cy * np.cos(a)
            box = [tx - w / 2, ty - h / 2, w, h]
            found.append({"id": str(n), "class": "c", "box": box, "angle": own + angle})
        return found

    still, moved = (table("boxes", turned(a), turned(a)) for a in (0, by))
    assert moved == pytest.approx(still, abs=1e-6)
    points = boxes.corners(np.array([x[:4] for x in drawn]), np.array([x[4] for x in drawn]))
    area = polygons.areas(polygons.of_corners(points))
    assert area == pytest.approx([w * h for _, _, w, h, _ in drawn])


def test_a_turned_box_against_a_straight_one_is_known():
    def one(angle, side=10):
        return {"id": "1", "class": "c", "box": [0, 0, side, side], "angle": angle}

    quarter = table("boxes", [one(90)], [one(0)])
    assert quarter[0, 0] == pytest.approx(1)
    # Two squares of side 1 at 45° share a regular octagon: 2 (√2 - 1).
    octagon = 2 * (np.sqrt(2) - 1)
    assert table("boxes", [one(45)], [one(0)])[0, 0] == pytest.approx(octagon / (2 - octagon))


def test_clockwise_is_as_seen_on_the_screen():
    upper_left = boxes.corners(np.array([[0.0, 0, 10, 10]]), np.array([90.0]))[0, 0]
    assert upper_left == pytest.approx([10, 0])  # it went to the right, y goes down


BAD = {
    "spans": [{"start": 3, "end": 2}, {"start": 0, "end": float("nan")}],
    "boxes": [
        {"box": [0, 0, 1, 1], "angle": float("inf")}, {"box": [0, 0, float("nan"), 1]},
        {"box": [0, 0, 1]}, {"box": [0, 0, -1, 1]},
    ],
    "polygons": [
        {"polygons": [[[[0, 0], [1, 1], [float("inf"), 0]]]]}, {"polygons": [[[[0, 0], [1, 1]]]]},
    ],
    "masks": [
        {"rle": {"size": [2, 2], "counts": c}} for c in ("", "3", "0000", "é", "P0", "22222", "~~")
    ] + [{"rle": {"size": [2**40, 2], "counts": "0"}}, {"rle": {"size": [-2, -2], "counts": "4"}}],
    "keypoints": [{"points": [[0, 0, 2], [float("nan"), 0, 2]]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("label_type", "at"), [(t, n) for t, bad in BAD.items() for n in range(len(bad))]
)
def test_what_is_no_shape_is_refused_by_the_name_of_its_field(label_type, at):
    bad = {"id": "1", "class": "c"} | BAD[label_type][at]
    field = {"keypoints": "points", "masks": "objects.0", "spans": "start"}
    field = "angle" if "angle" in bad else field.get(label_type, label_type[:3])
    with pytest.raises(ValueError, match=f"^{field}"):
        table(label_type, [bad], [bad])


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40))
def test_masks_are_read_as_pycocotools_writes_them(seed, height, width):
    rng = np.random.default_rng(seed)
    dense = rng.random((height, width)) < rng.choice([0, 0.02, 0.5, 1])
    read = rle.read([encoded(dense)])
    assert (rle.pixels(read, 0) == dense).all()
    assert rle.areas(read)[0] == dense.sum()
    frame = rle.frames(read)[0].astype(int).tolist()
    ys, xs = np.nonzero(dense)
    ends = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] if xs.size else [0] * 4
    assert frame == ends
    within = dense[frame[1] : frame[3], frame[0] : frame[2]]
    assert (rle.pixels(read, 0, frame) == within).all()


def test_a_run_over_the_foot_of_a_column_reaches_from_top_to_bottom():
    dense = np.zeros((7, 4), bool)
    dense[6, 1] = dense[0, 2] = True  # one run of two pixels
    assert rle.frames(rle.read([encoded(dense)])).tolist() == [[1, 0, 3, 7]]


def test_a_mask_may_be_huge_but_is_not_filled_in():
    # 10⁶ × 10⁶ px, all but the first in it: more than 32 bits hold.
    text, left = "1", 10**12 - 1
    while left > 15:
        text, left = text + chr(48 + (left & 31 | 32)), left >> 5
    huge = {"size": [10**6, 10**6], "counts": text + chr(48 + left)}
    one = {"id": "1", "class": "c", "rle": huge}
    assert table("masks", [one], [one])[0, 0] == 1
    assert rle.areas(rle.read([huge]))[0] == 10**12 - 1
    with pytest.raises(ValueError, match="px to fill in"):
        table("masks", [one], [one], rim=0.02)


@pytest.mark.parametrize("counts", ["é0", "0\u20ac", "0" * 9 + "o", "", "~", "1" + "o" * 12 + "0"])
def test_a_text_that_is_no_run_lengths_is_refused_by_its_place(counts):
    with pytest.raises(rle.NotRuns, match=r"^rle\.1: ") as told:
        rle.read([encoded(np.ones((3, 3))), {"size": [3, 3], "counts": counts}], whole=False)
    assert told.value.at == 1


def test_masks_of_two_sizes_share_nothing():
    some, others = ({"id": "1", "class": "c", "rle": encoded(np.ones((s, s)))} for s in (4, 5))
    assert table("masks", [some], [others])[0, 0] == 0


@pytest.mark.parametrize("label_type", ["boxes", "polygons", "masks"])
def test_ten_thousand_objects_on_an_image(label_type):
    rng = np.random.default_rng(4)
    if label_type == "masks":
        places = [(x, y, 4, 4) for x in range(0, 500, 5) for y in range(0, 500, 5)]
    else:
        places = [(*rng.integers(0, 4000, 2), *rng.integers(0, 60, 2)) for _ in range(10_000)]

    def shape(n, x, y, w, h):
        one = {"id": str(n), "class": "c"}
        if label_type == "boxes":
            return one | {"box": [x, y, w, h]}
        if label_type == "polygons":
            return one | {"polygons": [[ring(x, y, x + w, y + h)]]}
        return one | {"rle": runs(x, y, w, h, 500)}

    side = columns([{"objects": [shape(n, *map(int, p)) for n, p in enumerate(places)]}])
    assert len(side.objects) == 10_000
    began = time.perf_counter()
    near = shapes.near(label_type, side, side)
    assert time.perf_counter() - began < 20
    assert near.overlap[near.given == near.truth] == pytest.approx(1)
    assert np.unique(near.given[near.given == near.truth]).size == 10_000


def runs(x, y, w, h, side):
    """A rectangle's mask without filling one."""
    from pycocotools import mask

    rle = mask.frPyObjects([[x, y, x, y + h, x + w, y + h, x + w, y]], side, side)[0]
    return {"size": list(rle["size"]), "counts": rle["counts"].decode()}
