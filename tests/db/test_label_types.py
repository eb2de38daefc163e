"""Labels of every type: handed in against their picture or text, judged, sent back and accepted."""

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from ops import config, ontologies, pictures, storage, versions
from ops.errors import InvalidInput, StorageError
from ops.models import Asset, Label, OntologyVersion
from scheduling import dispatch, submit
from tests.db.staging import Hands

BOX = {"id": "1", "class": "a", "box": [1.0, 1.0, 5.0, 5.0]}
REVIEWED = {"review": {"newcomer": 1.0, "known": 1.0, "trusted": 1.0}}


@pytest.fixture
def picture(tmp_path: Any, monkeypatch: Any) -> Any:
    """picture(width, height) → the URI of one that may be read."""
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path))

    def picture(width: int, height: int, orientation: int | None = None) -> str:
        data, exif = io.BytesIO(), Image.Exif()
        if orientation:
            exif[pictures.ORIENTATION] = orientation
        Image.new("RGB", (width, height), "red").save(data, "JPEG", exif=exif)
        return storage.keep_upload(data.getvalue(), config.load())

    return picture


def _leased(session: Any, make: Any, label_type: str, **asset: Any) -> Any:
    floor = make.floor(assets=0, medium="image" if "uri" in asset else "text",
                       label_type=label_type)  # fmt: skip
    floor.assets = make.assets(floor.batch, 1, **asset)
    make.tasks(floor.lane, floor.assets)
    floor.lease = dispatch.claim(session, floor.labellers[0])
    return floor


def _submit(session: Any, floor: Any, label: dict[str, Any], key: str = "a key") -> Any:
    return submit.submit(
        session, floor.labellers[0], floor.lease.token,
        label=label, key=key, revision=0, active_ms=0, tab="t",
    )  # fmt: skip


def _stored(session: Any) -> list[dict[str, Any]]:
    return list(session.scalars(select(Label.payload).order_by(Label.id)))


def test_a_box_is_held_against_the_picture_as_browsers_show_it(session, make, picture):
    # 20 × 10 as it is stored, 10 × 20 as it is shown.
    floor = _leased(session, make, "boxes", text=None, uri=picture(20, 10, orientation=6))
    with pytest.raises(InvalidInput, match=r"on the right.*10") as caught:
        _submit(session, floor, {"objects": [BOX | {"box": [8, 1, 5, 5]}]})
    assert caught.value.field == "objects.0.box"
    assert _stored(session) == []
    label = {"objects": [BOX | {"box": [1.0, 12.0, 5.0, 8.0]}]}
    _submit(session, floor, label)
    assert _stored(session) == [label]
    asset = session.get(Asset, floor.assets[0].id, populate_existing=True)
    assert (asset.width, asset.height) == (10, 20)


def test_the_size_that_an_import_brought_is_taken_at_its_word(session, make):
    floor = _leased(session, make, "boxes", text=None, uri="/gone", width=100, height=9)
    with pytest.raises(InvalidInput, match="at the bottom"):
        _submit(session, floor, {"objects": [BOX | {"box": [1, 5, 5, 5]}]})
    _submit(session, floor, {"objects": [BOX | {"box": [90, 1, 5, 5]}]})


def test_while_the_storage_is_away_nothing_is_taken_unchecked_and_nothing_is_lost(
    session, make, picture, tmp_path
):
    uri = picture(20, 10)
    floor = _leased(session, make, "boxes", text=None, uri=uri)
    home = (tmp_path / "media").rename(tmp_path / "away")
    with pytest.raises(StorageError):
        _submit(session, floor, {"objects": [BOX]})
    assert _stored(session) == []
    home.rename(tmp_path / "media")
    _submit(session, floor, {"objects": [BOX]})  # sent again
    assert _stored(session) == [{"objects": [BOX]}]


def test_a_span_is_held_against_its_text(session, make):
    floor = _leased(session, make, "spans", text="né 😀!")  # five characters
    span = {"id": "1", "class": "a", "start": 3, "end": 6}
    with pytest.raises(InvalidInput, match="5 characters"):
        _submit(session, floor, {"spans": [span]})
    _submit(session, floor, {"spans": [span | {"end": 5}]})


def test_a_class_is_handed_in_without_a_look_at_its_asset(session, make, count_queries):
    for label_type, label, statements in (
        ("class", {"class": "a"}, 3),
        ("spans", {"spans": []}, 4),
    ):
        floor = _leased(session, make, label_type, text="one")
        floor.labellers[0].timezone  # noqa: B018 - read before it is counted
        count_queries.clear()
        _submit(session, floor, label)
        assert len(count_queries) == statements, label_type


def _publish(session: Any, project: Any, **parts: Any) -> OntologyVersion:
    classes = parts.pop("classes", [])
    content = ontologies.whole(project.label_type, classes, **parts)
    return versions.publish(
        session, OntologyVersion, project, None, content=content, event="ontology.published"
    )


@pytest.mark.parametrize(
    ("label_type", "parts", "good", "bad", "field"),
    [
        ("attributes", {"attributes": [{"name": "Wet", "kind": "flag", "required": True}]},
         {"attributes": {"wet": True}}, {"attributes": {}}, "attributes.wet"),
        ("rating", {"scale": {"low": 1, "high": 5, "step": 1}},
         {"rating": 4}, {"rating": 4.5}, "rating"),
        ("preference", {"reasons": [{"name": "Clear"}]},
         {"preference": "a", "reasons": ["clear"]}, {"preference": "tie"}, "preference"),
        ("transcription", {}, {"text": ""}, {"text": 1}, "text"),
    ],
)  # fmt: skip
def test_the_ontology_in_force_decides(session, make, label_type, parts, good, bad, field):
    floor = _leased(session, make, label_type, text="one")
    _publish(session, floor.project, **parts)
    with pytest.raises(InvalidInput) as caught:
        _submit(session, floor, bad)
    assert caught.value.field == field
    _submit(session, floor, good)
    assert _stored(session) == [good]


@pytest.fixture
def reviewed(session: Any, sessions: Any, make: Any) -> Any:
    """One asset with spans, whose label is reviewed: author, reviewer, expert, hands."""
    floor = make.floor(assets=0, label_type="spans", settings=REVIEWED)
    floor.assets = make.assets(floor.batch, 1, text="one two three")
    make.tasks(floor.lane, floor.assets)
    floor.author = floor.labellers[0]
    floor.reviewer = make.member(floor.project, make.user(role="reviewer"))
    floor.expert = make.member(floor.project, make.user(role="expert"))
    floor.hands = Hands(session, sessions)
    session.commit()
    return floor


GIVEN = {"spans": [{"id": "1", "class": "a", "start": 0, "end": 3}]}
OTHER = {"spans": [{"id": "1", "class": "b", "start": 4, "end": 7}]}


def test_a_review_that_accepts_stores_the_label_it_was_about(session, reviewed):
    reviewed.hands.give(reviewed.author, "label", **GIVEN)
    found = [{"type": "ambiguous", "severity": "minor", "object": "1"}]
    shown = reviewed.hands.give(reviewed.reviewer, "review", verdict="accept", errors=found)
    assert (shown["label_type"], shown["judged"], shown["current"]) == ("spans", GIVEN, None)
    assert shown["answers"] == [{"class": None, "label": GIVEN, "count": 1}]
    assert shown["may_send_back"] is True
    assert _stored(session) == [GIVEN, GIVEN | {"verdict": "accept", "errors": found}]


def test_sent_back_stood_by_and_decided_by_an_expert(session, reviewed):
    hands = reviewed.hands
    hands.give(reviewed.author, "label", **GIVEN)
    hands.give(reviewed.reviewer, "review", verdict="return", remark="it is b")
    shown = hands.take(reviewed.author)
    assert (shown["earlier"], shown["earlier_label"]) == (None, GIVEN)
    with pytest.raises(InvalidInput, match="your own earlier answer") as caught:
        hands.hand_in(reviewed.author, shown, **OTHER, verdict="stand", remark="no")
    assert caught.value.field == "spans"
    session.rollback()
    hands.hand_in(reviewed.author, shown, verdict="stand", remark="no")
    shown = hands.take(reviewed.expert)
    assert shown["stage"] == "adjudicate"
    assert shown["judged"] == GIVEN
    assert [(o["by"], o["label"]) for o in shown["remarks"]] == [
        ("reviewer", None),
        ("author", GIVEN),
    ]
    hands.hand_in(reviewed.expert, shown, **OTHER, verdict="fix")
    stood, decided = _stored(session)[-2:]
    assert stood == GIVEN | {"verdict": "stand", "remark": "no"}
    assert decided == OTHER | {"verdict": "fix"}


def test_a_first_label_names_no_errors(session, make):
    floor = _leased(session, make, "class", text="one")
    with pytest.raises(InvalidInput) as caught:
        _submit(session, floor, {"class": "a", "errors": [{"type": "other"}]})
    assert caught.value.field == "errors"


def test_a_picture_is_measured_once(session, make, picture, count_queries):
    batch = make.batch(make.project(medium="image", label_type="boxes"))
    [asset] = make.assets(batch, 1, text=None, uri=picture(7, 5))
    assert pictures.size(session, asset.id) == (7, 5)
    count_queries.clear()
    assert pictures.size(session, asset.id) == (7, 5)
    assert len(count_queries) == 1


def test_a_damaged_picture_is_said_to_be_so(session, make, tmp_path, monkeypatch):
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path))
    (tmp_path / "media").mkdir()
    path = tmp_path / "media" / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    floor = _leased(session, make, "boxes", text=None, uri=str(path))
    with pytest.raises(InvalidInput, match="damaged") as caught:
        _submit(session, floor, {"objects": [BOX]})
    assert caught.value.field == "image"
