"""What labels may say, on its page and through the API: every part, every fault at its field."""

import re
from typing import Any

import pytest

from ops import ontologies
from ops.labels import KINDS
from ops.models import Project

SKELETON = '{"points": ["head", "paw"], "edges": [[0, 1]]}'


@pytest.fixture
def lead(client_for: Any) -> Any:
    return client_for("ops_lead")


@pytest.fixture
def new_project(lead: Any) -> Any:
    """new_project(label type) → the address of its page of classes."""

    def new(label_type: str, **more: str) -> str:
        medium = KINDS[label_type].media[0]
        values = {"name": f"P {label_type}", "client_name": "Zoo", "medium": medium}
        made = lead.post("/projects/new", data=values | {"label_type": label_type} | more)
        assert made.status_code == 303, made.text
        return f"{made.headers['Location']}/classes"

    return new


def in_force(session: Any, at: str) -> Any:
    session.expire_all()
    return ontologies.current(session, int(at.split("/")[2]))


def rows(*names: str, **columns: list[str]) -> dict[str, list[str]]:
    empty = {c: [""] * len(names) for c in ("key", "colour", "hotkey", "description", "skeleton")}
    return {"name": list(names), **empty, **columns}


def asked(*names: str, **columns: list[str]) -> dict[str, list[str]]:
    """Rows of attributes."""
    parts = ("key", "kind", "choices", "of", "required", "low", "high")
    empty = {f"a.{c}": [""] * len(names) for c in parts}
    return {"a.name": list(names), **empty, **{f"a.{c}": v for c, v in columns.items()}}


@pytest.mark.parametrize("label_type", list(KINDS))
def test_every_type_can_be_made(lead: Any, new_project: Any, session: Any, label_type: str) -> None:
    at = new_project(label_type)
    project = session.get(Project, int(at.split("/")[2]))
    assert project.label_type == label_type
    page = lead.get(at)
    assert page.status_code == 200
    defined = in_force(session, at) is not None
    assert defined == (label_type in ontologies.NOTHING_NEEDED)
    overview = lead.get(at.removesuffix("/classes")).text
    assert ("nothing could be answered" in overview) == (not defined)


def test_a_type_that_does_not_fit_the_medium_is_refused(lead: Any) -> None:
    values = {"name": "P", "client_name": "Zoo", "medium": "text", "label_type": "boxes"}
    answer = lead.post("/projects/new", data=values)
    assert answer.status_code == 422
    assert "Boxes are for pictures only" in answer.text
    odd = lead.post("/projects/new", data=values | {"label_type": "circles"})
    assert "The label type must be one of" in odd.text


def test_attributes_of_boxes(lead: Any, new_project: Any, session: Any) -> None:
    at = new_project("boxes")
    typed = rows("Car", "Bus") | asked(
        "Colour", "Seats", "Note",
        kind=["choice", "number", "text"], choices=["red, blue ", "", ""], of=["", "bus", ""],
        required=["1", "", ""], low=["", "1", ""], high=["", "9.5", ""],
    )  # fmt: skip
    assert lead.post(at, data=typed).status_code == 303
    colour, seats, note = in_force(session, at).attributes
    assert colour == {
        "key": "colour", "name": "Colour", "kind": "choice", "choices": ["red", "blue"],
        "required": True,
    }  # fmt: skip
    assert (seats["of"], seats["low"], seats["high"]) == (["bus"], 1, 9.5)
    assert note == {"key": "note", "name": "Note", "kind": "text", "required": False}
    page = lead.get(at).text
    assert 'value="red, blue"' in page and 'value="9.5"' in page
    again = lead.post(at, data=typed | {"a.key": ["colour", "seats", "note"]})
    assert again.status_code == 303
    assert in_force(session, at).version == 1  # nothing changed


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"kind": ["choice"], "choices": ["red"]}, "Give at least two choices"),
        ({"kind": ["choice"], "choices": ["red, Red"]}, "The same as 1 in the list"),
        ({"kind": ["number"], "low": ["many"]}, "Must be a number"),
        ({"kind": ["number"], "low": ["3"], "high": ["2"]}, "Must not be below low"),
        ({"kind": ["text"], "of": ["plane"]}, "There is no class with this key"),
        ({"kind": ["flag"], "key": ["no spaces"]}, "key"),
    ],
)
def test_a_fault_of_an_attribute_stands_at_its_field_and_what_was_typed_stays(
    lead: Any, new_project: Any, columns: dict[str, list[str]], words: str
) -> None:
    at = new_project("boxes")
    answer = lead.post(at, data=rows("Car", "Bus") | asked("Colour", **columns))
    assert answer.status_code == 422
    assert answer.text.count("invalid-feedback") == 1
    assert words.lower() in answer.text.lower()
    assert 'value="Car"' in answer.text and 'value="Colour"' in answer.text


def test_skeletons_of_keypoints(lead: Any, new_project: Any, session: Any) -> None:
    at = new_project("keypoints")
    missing = lead.post(at, data=rows("Cat"))
    assert "A class of keypoints needs a skeleton" in missing.text
    broken = lead.post(at, data=rows("Cat", skeleton=["{"]))
    assert "Is not JSON" in broken.text
    odd = SKELETON.replace("[0, 1]", "[0, 2]")
    assert (
        "Must join two of the points 0 to 1" in lead.post(at, data=rows("Cat", skeleton=[odd])).text
    )
    assert lead.post(at, data=rows("Cat", skeleton=[SKELETON])).status_code == 303
    [cat] = in_force(session, at).classes
    assert cat["skeleton"] == {"points": ["head", "paw"], "edges": [[0, 1]]}
    assert lead.get(f"{at}/row").text.count("textarea") == 2


def test_a_scale_and_what_its_numbers_mean(lead: Any, new_project: Any, session: Any) -> None:
    at = new_project("rating")
    given = {"s.low": "1", "s.high": "3", "s.step": "1", "s.labels": "1: poor\n3: good: very"}
    assert "a whole number of steps" in lead.post(at, data=given | {"s.step": "0.7"}).text
    assert "no such rating" in lead.post(at, data=given | {"s.labels": "4: odd"}).text
    assert "Must be a number" in lead.post(at, data=given | {"s.low": "x"}).text
    assert lead.post(at, data=given).status_code == 303
    scale = in_force(session, at).scale
    assert scale == {"low": 1, "high": 3, "step": 1, "labels": {"1": "poor", "3": "good: very"}}
    assert "3: good: very" in lead.get(at).text


def test_reasons_and_a_tie(lead: Any, new_project: Any, session: Any) -> None:
    at = new_project("preference")
    given = {"r.name": ["Clearer", "Shorter"], "r.key": ["", ""], "tie": "1"}
    twice = lead.post(at, data=given | {"r.name": ["Same", "same"]})
    assert "Reason 1 has the same name" in twice.text
    assert lead.post(at, data=given).status_code == 303
    found = in_force(session, at)
    assert [r["key"] for r in found.reasons] == ["clearer", "shorter"] and found.tie is True
    assert lead.post(at, data={"r.name": [], "r.key": []}).status_code == 303
    found = in_force(session, at)
    assert (found.version, found.reasons, found.tie) == (3, [], False)


def test_rows_come_one_by_one(lead: Any, new_project: Any) -> None:
    at = new_project("boxes")
    assert 'name="a.kind"' in lead.get(f"{at}/row?part=attributes").text
    assert 'name="r.name"' in lead.get(f"{at}/row?part=reasons").text
    assert 'name="name"' in lead.get(f"{at}/row").text


def test_taking_out_every_class_is_refused(lead: Any, new_project: Any, session: Any) -> None:
    at = new_project("boxes")
    assert lead.post(at, data=rows("Car")).status_code == 303
    assert "Give 1 to 500 classes, there are 0" in lead.post(at, data={}).text
    assert in_force(session, at).version == 1


def test_the_api_publishes_parts_and_keeps_the_rest(lead: Any, session: Any) -> None:
    asked_ = {"name": "B", "client": "Zoo", "medium": "image", "label_type": "boxes"}
    made = lead.post("/api/v1/projects", json=asked_)
    assert made.status_code == 201 and made.json["label_type"] == "boxes"
    at = f"/api/v1/projects/{made.json['id']}/ontology"
    colour = {"name": "Colour", "kind": "choice", "choices": ["red", "blue"]}
    first = lead.put(at, json={"classes": [{"name": "Car"}], "attributes": [colour]})
    assert first.status_code == 200, first.text
    second = lead.put(at, json={"classes": [{"name": "Car"}, {"name": "Bus"}]})
    assert (second.json["version"], second.json["attributes"]) == (2, first.json["attributes"])
    assert lead.get(at).json == second.json
    wrong = lead.put(at, json={"attributes": [colour | {"choices": ["red", ""]}]})
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["field"] == "attributes.0.choices.1"
    scaled = lead.put(at, json={"scale": {"low": 1, "high": 5}})
    assert scaled.json["errors"][0]["field"] == "scale"
    odd = lead.post("/api/v1/projects", json=asked_ | {"name": "C", "medium": "text"})
    assert odd.json["errors"][0]["field"] == "label_type"


def test_the_documentation_shows_every_payload(lead: Any, app: Any) -> None:
    page = lead.get("/api/v1/docs").text
    assert set(re.findall(r'id="label-(\w+)"', page)) == set(KINDS)
    schemas = app.test_client().get("/api/v1/openapi.json").json["components"]["schemas"]
    assert {kind.model.__name__ for kind in KINDS.values()} <= schemas.keys()
    assert schemas["BoxObject"]["required"] == ["id", "class", "box"]
