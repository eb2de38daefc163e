"""Classes: chosen keys, colours and hotkeys never collide, versions never change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from ops import ontologies
from ops.errors import InvalidInput
from ops.models import OntologyVersion

NAMES = st.lists(
    st.text("abcXYZ é-_.19", min_size=1, max_size=12).filter(str.strip),
    min_size=2,
    max_size=60,
    unique_by=lambda name: name.strip().casefold(),
)


@given(NAMES)
def test_whatever_is_left_out_is_filled_without_a_collision(names):
    filled = ontologies.clean([{"name": name} for name in names])
    keys = [c["key"] for c in filled]
    hotkeys = [c["hotkey"] for c in filled if c["hotkey"]]
    assert len(set(keys)) == len(keys) == len(names)
    assert hotkeys == list(ontologies.HOTKEYS[: len(names)])
    assert all(c["colour"].startswith("#") for c in filled)
    assert ontologies.clean(filled) == filled  # cleaning twice changes nothing


def test_what_was_asked_for_is_kept_and_not_given_twice():
    filled = ontologies.clean(
        [
            {"name": "Cat"},
            {"name": "Dog", "key": "cat", "hotkey": "1", "colour": ontologies.PALETTE[0].upper()},
        ]
    )
    assert [c["key"] for c in filled] == ["cat_2", "cat"]
    assert [c["hotkey"] for c in filled] == ["2", "1"]
    assert [c["colour"] for c in filled] == [ontologies.PALETTE[1], ontologies.PALETTE[0]]


@pytest.mark.parametrize(
    ("classes", "fields"),
    [
        ([{"name": "A"}], {"classes"}),
        ([{"name": "A"}, {"name": "a"}], {"classes.1.name"}),
        (
            [{"name": "A", "hotkey": "x"}, {"name": "B", "hotkey": "x", "key": "no spaces"}],
            {"classes.1.key"},
        ),
        ([{"name": "A", "hotkey": "!"}, {"name": ""}], {"classes.0.hotkey", "classes.1.name"}),
        (
            [{"name": "A", "colour": "red"}, {"name": "B", "size": 1}],
            {"classes.0.colour", "classes.1.size"},
        ),
    ],
)
def test_every_fault_is_named(classes, fields):
    with pytest.raises(InvalidInput) as caught:
        ontologies.clean(classes)
    assert {e["field"] for e in caught.value.errors} == fields


def test_a_change_adds_a_version_and_the_old_one_stays(session, make):
    project, by = make.project(classes="ab"), make.user(role="ops_lead")
    first = ontologies.current(session, project.id)
    assert ontologies.publish(session, project, first.classes, by) is first
    second = ontologies.publish(session, project, [*first.classes, {"name": "C"}], by)
    assert second.version == 2
    assert ontologies.current(session, project.id) is second
    with pytest.raises(IntegrityError, match="never changed"):
        session.execute(update(OntologyVersion).values(classes=[]))
