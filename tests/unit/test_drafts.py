"""What became of a draft, against a plain count, whatever the labeller did to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.drafts import Fate, fate, shown

ACTS = ("kept", "changed", "thrown")


def box(one, x, score=None):
    return {"id": one, "class": "a", "box": [x, 0, 10, 10]} | ({"score": score} if score else {})


@given(
    st.lists(st.tuples(st.sampled_from(ACTS), st.floats(0.01, 1)), max_size=12),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
def test_every_object_has_one_fate(acts, added, random):
    proposed = {"objects": [box(f"p{n}", n, score) for n, (_, score) in enumerate(acts)]}
    left = [
        box(f"p{n}", n if act == "kept" else n + 0.5)
        for n, (act, _) in enumerate(acts)
        if act != "thrown"
    ] + [box(f"new{n}", n) for n in range(added)]
    random.shuffle(left)
    said = [act for act, _ in acts]
    wanted = Fate(*(said.count(act) for act in ACTS), added)
    assert fate("boxes", proposed, {"objects": left}) == wanted
    # Withheld, everything is the labeller's own.
    assert fate("boxes", None, {"objects": left}) == Fate(0, 0, 0, len(left))


@given(st.lists(st.none() | st.floats(0, 1), max_size=12), st.floats(0, 1))
def test_only_what_is_sure_enough_or_of_unknown_sureness_is_shown(scores, above):
    objects = [{"id": str(n), "score": score} for n, score in enumerate(scores)]
    found = shown("polygons", {"objects": objects}, above)["objects"]
    assert [one["id"] for one in found] == [
        str(n) for n, score in enumerate(scores) if score is None or score >= above
    ]


def test_an_object_without_a_score_is_shown_as_one_of_unknown_sureness():
    assert shown("boxes", {"objects": [box("1", 0)]}, 0.9)["objects"] == [
        box("1", 0) | {"score": None}
    ]


def test_a_relation_goes_with_its_passages():
    spans = [{"id": str(n), "start": n, "end": n + 1, "score": s} for n, s in enumerate((0.9, 0.2))]
    link = {"from": "0", "to": "1", "class": "a"}
    label = {"spans": spans, "relations": [link]}
    assert shown("spans", label, 0.1) == label
    assert shown("spans", label, 0.5) == {"spans": spans[:1]}


@pytest.mark.parametrize(
    ("label_type", "label", "other"),
    [
        ("class", {"class": "a"}, {"class": "a", "attributes": {"wet": True}}),
        ("tags", {"tags": ["a", "b"]}, {"tags": []}),
        ("transcription", {"text": "one"}, {"text": "One"}),
        ("rating", {"rating": 4}, {"rating": 5}),
        ("preference", {"preference": "a"}, {"preference": "b"}),
        ("attributes", {"attributes": {"wet": True}}, {"attributes": {}}),
    ],
)
def test_a_label_that_is_one_whole_is_kept_or_changed(label_type, label, other):
    assert shown(label_type, label, 1.0) == label
    assert fate(label_type, label, dict(label)) == Fate(1, 0, 0, 0)
    assert fate(label_type, label, other) == Fate(0, 1, 0, 0)
    assert fate(label_type, None, label) == Fate(0, 0, 0, 1)
