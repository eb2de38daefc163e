"""What a labeller is told of an answer in training: what differs, by the names of the ontology."""

from typing import Any

import pytest

from ops.models import OntologyVersion
from quality.judging.alike import Yardstick
from quality.onboarding import course_feedback
from tests.db.every_type import ATTRIBUTES, CASES

SIZE = (200, 100)
CLASSES = [
    {"key": "a", "name": "Car", "skeleton": None},
    {"key": "b", "name": "Bus"},
    {"key": "c", "name": "Tram"},
]


def told(label_type: str, given: Any, accepted: Any) -> list[str]:
    ontology = OntologyVersion(
        classes=CLASSES, attributes=ATTRIBUTES, scale=CASES[label_type].ontology.get("scale")
    )
    stick = Yardstick(label_type, ontology)
    return course_feedback.differences(label_type, given, accepted, stick, SIZE)


@pytest.mark.parametrize("label_type", CASES)
def test_a_right_answer_has_nothing_wrong_and_a_wrong_one_has(label_type: str) -> None:
    case = CASES[label_type]
    assert told(label_type, case.right, case.right) == []
    assert told(label_type, case.wrong, case.right)


@pytest.mark.parametrize(
    ("label_type", "says"),
    [
        ("class", ["Bus, where the accepted answer is Car"]),
        ("tags", ["Tram does not apply", "Bus is missing", "Car is missing"]),
        ("boxes", ["Tram is not there", "Car is missing", "Bus is missing"]),
        ("spans", ["Tram is not there", "Car is missing", "Car is missing", "Bus is missing"]),
        ("preference", ["B, where the accepted answer is A"]),
        (
            "attributes",
            [
                "Colour: blue, where the accepted answer is red",
                "Wet: no, where the accepted answer is yes",
            ],
        ),
    ],
)
def test_it_is_told_in_the_words_of_the_project(label_type: str, says: list[str]) -> None:
    case = CASES[label_type]
    assert told(label_type, case.wrong, case.right) == says


def test_what_is_too_much_is_counted() -> None:
    one = CASES["boxes"].right["objects"][0]
    many = [{**one, "id": str(i), "box": [i * 15.0, 0, 8, 8]} for i in range(12)]
    said = told("boxes", {"objects": []}, {"objects": many})
    assert said == ["Car is missing"] * course_feedback.MOST_SAID + ["and 4 more"]
