"""Every example of docs/labels.md is a label, and every type has one."""

import json
import re
from pathlib import Path

import pytest

from ops import labels, ontologies
from ops.errors import InvalidInput

TEXT = (Path(__file__).parents[2] / "docs" / "labels.md").read_text()
EXAMPLES = dict(re.findall(r"```json (\w+)\n(.*?)```", TEXT, re.DOTALL))
ONTOLOGY = json.loads(re.findall(r"<!-- ontology -->\n```json\n(.*?)```", TEXT, re.DOTALL)[0])
ASSET = {"size": (100, 80), "length": len("Anna met Bob in Rome.")}


def test_every_type_has_an_example_and_its_section():
    assert list(EXAMPLES) == [*labels.KINDS, "decision"]
    sections = re.findall(r"^## (\w+)$", TEXT, re.MULTILINE)
    assert sections == list(labels.KINDS)


@pytest.mark.parametrize("label_type", list(labels.KINDS))
def test_an_example_is_what_is_stored_and_its_ontology_can_be_published(label_type):
    given = json.loads(EXAMPLES[label_type])
    parts = {part: ONTOLOGY[part] for part, used in ontologies.PARTS.items() if used(label_type)}
    classes = ONTOLOGY["classes"] if labels.KINDS[label_type].least_classes else []
    if label_type == "keypoints":
        classes = [one for one in classes if "skeleton" in one]
        parts["attributes"] = [one for one in parts["attributes"] if "of" not in one]
    else:
        classes = [{k: v for k, v in one.items() if k != "skeleton"} for one in classes]
    if not classes and "attributes" in parts:
        parts["attributes"] = [one for one in parts["attributes"] if "of" not in one]
    ontology = ontologies.whole(label_type, classes, **parts)
    assert labels.check(label_type, ontology, given, **ASSET) == given


def test_the_example_of_a_decision_and_what_it_may_say():
    decision = json.loads(EXAMPLES["decision"])
    assert labels.check("boxes", ONTOLOGY, decision, verdicts=labels.VERDICTS) == decision
    for name in (*labels.VERDICTS, *labels.ERROR_TYPES, *labels.SEVERITIES):
        assert f"`{name}`" in TEXT


def test_the_example_of_a_refusal_is_word_for_word():
    box = {"class": "car", "box": [90, 1, 20, 5]}
    payload = {"objects": [{"id": str(n), **box, "box": [1, 1, 2, 2]} for n in range(3)]}
    payload["objects"].append({"id": "3", **box})
    with pytest.raises(InvalidInput) as caught:
        labels.check("boxes", ONTOLOGY, payload, **ASSET)
    assert f"`{caught.value.field}: {caught.value.message}`" in TEXT
