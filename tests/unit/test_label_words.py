"""Labels in words: counted, named, cut, and never more than fits a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.labels import KINDS, in_words
from ops.labels.words import LONGEST, cut

ONTOLOGY = {
    "classes": [{"key": "car", "name": "Car"}, {"key": "bus", "name": "Bus"}],
    "attributes": [{"key": "wet", "name": "Wet"}, {"key": "age", "name": "Age"}],
    "scale": {"low": 1, "high": 5, "step": 1, "labels": {"1": "poor"}},
    "reasons": [{"key": "short", "name": "Shorter"}],
}


def things(*keys):
    return [{"id": str(n), "class": key} for n, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("label_type", "label", "words"),
    [
        ("class", {"class": "car"}, "Car"),
        ("class", {"class": "gone", "verdict": "fix"}, "gone"),
        ("class", {"class": "car", "attributes": {"wet": True}}, "Car (Wet: yes)"),
        ("tags", {"tags": ["bus", "car"]}, "Bus, Car"),
        ("tags", {"tags": []}, "no tags"),
        ("attributes", {"attributes": {"age": 2.5, "wet": False}}, "Wet: no; Age: 2.5"),
        ("boxes", {"objects": things("car", "bus", "car")}, "3 boxes: 2 Car, 1 Bus"),
        ("masks", {"objects": things("bus")}, "1 mask: 1 Bus"),
        ("polygons", {"objects": []}, "no outlines"),
        ("keypoints", {"objects": things("car", "car")}, "2 figures: 2 Car"),
        (
            "spans",
            {"spans": things("car", "bus"), "relations": [{"from": "0", "to": "1", "class": "x"}]},
            "2 passages: 1 Car, 1 Bus; 1 relation",
        ),
        ("transcription", {"text": "two\nlines"}, "“two lines”"),
        ("transcription", {"text": ""}, "no text"),
        ("rating", {"rating": 1}, "1 (poor)"),
        ("rating", {"rating": 2.5}, "2.5"),
        ("preference", {"preference": "tie"}, "equally good"),
        ("preference", {"preference": "a", "reasons": ["short"]}, "A (Shorter)"),
    ],
)
def test_labels_in_words(label_type, label, words):
    assert in_words(label_type, label, ONTOLOGY) == words


@pytest.mark.parametrize("label_type", KINDS)
def test_what_says_nothing_is_no_label(label_type):
    for nothing in (None, {}, {"verdict": "return", "remark": "Look again."}):
        assert in_words(label_type, nothing) == "no label"


@given(st.text())
def test_words_fit_a_cell(text):
    assert len(in_words("transcription", {"text": text})) <= LONGEST
    assert "\n" not in cut(text) and len(cut(text)) <= LONGEST
