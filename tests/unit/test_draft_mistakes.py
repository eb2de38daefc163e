"""A model's mistakes and who repeats them, against a plain loop."""

import numpy as np
import pytest

from quality.measures.draft_mistakes import mistakes
from quality.measures.likeness import Terms


def box(one, x, key="a"):
    return {"id": one, "class": key, "box": [float(x), 0.0, 10.0, 10.0]}


def label(*boxes):
    return {"objects": [box(str(n), *each) for n, each in enumerate(boxes)]}


def iou(one, other):
    shared = max(0.0, 10 - abs(one["box"][0] - other["box"][0]))
    return shared / (20 - shared) if one["class"] == other["class"] else 0.0


def test_boxes_as_a_plain_loop_says():
    rng = np.random.default_rng(3)

    def drawn():
        # Places so far apart that nobody can be matched with two.
        places = rng.choice(8, rng.integers(0, 6), replace=False) * 40
        shift = rng.choice([0, 2, 6], len(places))
        return label(*zip(places + shift, rng.choice(list("ab"), len(places)), strict=True))

    proposed, truth, given = ([drawn() for _ in range(120)] for _ in range(3))
    wrong, repeated = mistakes("boxes", proposed, truth, given, Terms(overlap=0.5))
    for k, (said, right, answer) in enumerate(zip(proposed, truth, given, strict=True)):
        bad = [one for one in said["objects"] if all(iou(one, t) < 0.5 for t in right["objects"])]
        again = [one for one in bad if any(iou(one, g) >= 0.5 for g in answer["objects"])]
        assert (wrong[k], repeated[k]) == (len(bad), len(again)), k
    assert repeated.sum() > 10


@pytest.mark.parametrize(
    ("label_type", "a", "b", "c"),
    [
        ("class", {"class": "a"}, {"class": "b"}, {"class": "c"}),
        ("tags", {"tags": ["a"]}, {"tags": ["a", "b"]}, {"tags": []}),
        ("transcription", {"text": "one"}, {"text": "two"}, {"text": "on"}),
        ("rating", {"rating": 1}, {"rating": 2}, {"rating": 3}),
    ],
)
def test_a_label_that_is_one_whole_is_one_mistake(label_type, a, b, c):
    wrong, repeated = mistakes(label_type, [a, a, a, a], [b, b, b, a], [a, b, c, a])
    assert wrong.tolist() == [1, 1, 1, 0]
    assert repeated.tolist() == [1, 0, 0, 0]


def test_passages_are_the_same_by_their_characters_or_in_part():
    def spans(*ends):
        return {
            "spans": [
                {"id": str(n), "class": "a", "start": 10 * n, "end": end}
                for n, end in enumerate(ends)
            ]
        }

    args = "spans", [spans(5, 15)], [spans(5, 18)], [spans(5, 17)]
    assert [list(found) for found in mistakes(*args)] == [[1], [0]]
    assert [list(found) for found in mistakes(*args, Terms(partial=True))] == [[0], [0]]
    assert [list(found) for found in mistakes("spans", [], [], [])] == [[], []]
