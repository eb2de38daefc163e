"""Every format and every type it holds: what was written is read again, or was reported as lost."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops import labels
from ops.errors import InvalidInput
from ops.formats import catalogue, geometry
from ops.intake.known import Known
from tests import formats as trip

PAIRS = [(one.NAME, kind) for one in catalogue.WRITTEN.values() for kind in one.HOLDS]
TEXTS = ("spans", "transcription", "rating", "preference", "attributes")


def clean(label_type, label):
    """As it is stored."""
    size = trip.SIZE if label_type in labels.WITHIN_PICTURE else None
    length = len(trip.TEXT) if label_type == "spans" else None
    return labels.check(label_type, trip.ONTOLOGY, label, size=size, length=length)


def without(name, label_type, label, losses):
    """The label as it must come back, when just this was reported as lost."""
    fields = {loss.field for loss in losses}
    label = copy.deepcopy(label)
    made = []
    for one in label.get("objects", []):
        for field in fields & {"attributes", "crowd"}:
            one.pop(field, None)
        if "angle" in fields and "id" in fields:  # turned boxes were set upright
            one["box"] = geometry.upright(one)
            one.pop("angle", None)
        if "holes" in fields and name != "coco":
            one["polygons"] = [part[:1] for part in one["polygons"]]
        if "parts" in fields:
            ids = [one["id"] + (f"~{n}" if n else "") for n in range(len(one["polygons"]))]
            made += [
                {**one, "id": own, "polygons": [part]}
                for own, part in zip(ids, one["polygons"], strict=True)
            ]
            continue
        if "box" in fields and name != "cvat":
            seen = [p for p in one["points"] if p[2]]
            one["box"] = one.get("box") or geometry.around(seen, trip.SIZE)
        if "box" in fields and name == "cvat":
            one.pop("box", None)
        if not ("points" in fields and not any(p[2] for p in one["points"])):
            made.append(one)
    if "objects" in label:
        label["objects"] = made
    if label_type == "tags" and "attributes" in fields and not label["tags"]:
        label.pop("attributes", None)
    return label


def near(one, other):
    """Equal, coordinates as near as 0.000001 px."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(near(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(near, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return one == pytest.approx(other, abs=1.1e-6)
    return one == other


def unnumbered(label, losses, name):
    """Without ids, where the format numbers anew."""
    fields = {loss.field for loss in losses}
    if "id" in fields or "parts" in fields:
        for one in label["objects"]:
            one.pop("id")
    if "parts" in fields and name == "labelstudio":
        for one in label["objects"]:
            one.pop("attributes", None)  # they stay with the first part
    return label


@pytest.mark.parametrize(("name", "label_type"), PAIRS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_there_and_back(name, label_type, data):
    many = data.draw(st.lists(trip.LABELS[label_type], min_size=1, max_size=3))
    many = [clean(label_type, one) for one in many]
    medium = "text" if label_type in TEXTS else "image"
    make = trip.text_asset if medium == "text" else trip.asset
    items = [make(label, n) for n, label in enumerate(many)]
    file, losses = trip.there(name, items, label_type)
    # YOLO has no sizes: they are those of assets that are there.
    rows, reading = trip.back(name, file, label_type, medium, find=lambda n: Known(n, *trip.SIZE))
    assert not [one for one in reading.losses.found if not one.field.startswith("group_id")]
    found = {row.external_id: row for row in rows}
    assert set(found) == {item.external_id for item in items}
    for item in items:
        expected = without(name, label_type, item.label, losses)
        got = found[item.external_id].label
        if label_type == "class" and isinstance(got, str) and not got.startswith("{"):
            got = {"class": got}
        if isinstance(got, str):
            got = json.loads(got)
        got = clean(label_type, got) if got is not None else got
        expected = clean(label_type, expected)
        if not losses:
            assert labels.same(got, expected) or near(got, expected)
        got, expected = (unnumbered(one, losses, name) for one in (got, expected))
        assert near(got, expected), (losses, got, expected)


@pytest.mark.parametrize("name", catalogue.WRITTEN)
def test_a_type_that_a_format_cannot_hold_is_refused_by_name(name):
    form = catalogue.WRITTEN[name]
    for kind in set(labels.KINDS) - set(form.HOLDS):
        with pytest.raises(InvalidInput) as refused:
            trip.there(name, [], kind)
        assert form.WORDS in refused.value.message and kind in refused.value.message
        with pytest.raises(InvalidInput, match="cannot hold"):
            trip.back(name, b"", kind)
