"""What a model predicted comes in with the assets: checked, kept, and made the order of work."""

import io
import json

import pytest
from sqlalchemy import select

from ops import intake, projects
from ops.errors import InvalidInput
from ops.formats import csv, jsonl
from ops.intake import Faults
from ops.models import Asset, Lane, Task
from ops.project_settings import ProjectSettings


@pytest.fixture
def batch(make):
    return make.batch(make.project(classes=["cat", "dog"]))


@pytest.fixture
def load(session, lead, settings, batch):
    def load(content, form=csv):
        faults = Faults()
        rows = form.rows(io.BytesIO(content.encode()), faults)
        return intake.import_rows(session, batch, rows, by=lead, settings=settings, faults=faults)

    return load


def metas(session):
    return dict(session.execute(select(Asset.external_id, Asset.meta)).all())


def test_csv_columns_become_a_prediction(session, load):
    rows = ["a,1,CAT,0.25,web", "b,2,bird,1,", "c,3,,0,", "d,4,dog,,", "e,5,,,"]
    load("\n".join(["external_id,text,prediction,confidence,source", *rows]))
    assert metas(session) == {
        "a": {"source": "web", "prediction": {"class": "cat", "confidence": 0.25}},
        "b": {"prediction": {"class": "bird", "confidence": 1.0}},
        "c": {"prediction": {"confidence": 0.0}},
        "d": {"prediction": {"class": "dog"}},
        "e": {},
    }


def test_json_lines_and_the_api_take_the_same_fields(session, load):
    rows = [
        {"external_id": "a", "text": "1", "prediction": "dog", "confidence": 0.5},
        {"external_id": "b", "text": "2", "metadata": {"prediction": "as it is", "n": 1}},
        {"external_id": "c", "text": "3", "metadata": {"confidence": 7}},
    ]
    load("\n".join(json.dumps(row) for row in rows), jsonl)
    assert metas(session) == {
        "a": {"prediction": {"class": "dog", "confidence": 0.5}},
        "b": {"prediction": "as it is", "n": 1},
        "c": {"confidence": 7},
    }


@pytest.mark.parametrize("said", ["1.01", "-0.1", "nan", "inf", "sure", "93 %", "0,9", "1e999"])
def test_a_confidence_that_is_no_share_names_line_and_field(session, load, said):
    with pytest.raises(InvalidInput) as caught:
        load(f'external_id,text,confidence\na,1,0.5\nb,2,"{said}"\n')
    (fault,) = caught.value.errors
    assert (fault["line"], fault["field"], fault["external_id"]) == (3, "confidence", "b")
    assert "no number from 0 to 1" in fault["message"] and said in fault["message"]
    assert session.scalars(select(Asset)).all() == []


@pytest.mark.parametrize("said", [True, [0.5], {"a": 1}, 2, -1, 10**400])
def test_in_json_only_numbers_are_confidences(load, said):
    with pytest.raises(InvalidInput, match="line 1, confidence: "):
        load(json.dumps({"external_id": "a", "text": "1", "confidence": said}), jsonl)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"prediction": 7}, "line 1, prediction: must be a text"),
        ({"prediction": "x" * 201}, "line 1, prediction: is longer than 200"),
        (
            {"prediction": "cat", "metadata": {"prediction": {}}},
            "line 1, prediction: stands in the metadata as well",
        ),
        ({"prediction": "a\u0000b"}, "cannot be stored"),
    ],
)
def test_predictions_that_cannot_be_taken(load, row, fault):
    with pytest.raises(InvalidInput, match=fault):
        load(json.dumps({"external_id": "a", "text": "1", **row}), jsonl)


def test_the_same_rows_again_change_nothing(load):
    content = "external_id,text,prediction,confidence\na,1,cat,0.1\n"
    assert load(content).new == 1
    again = load(content)
    assert (again.new, again.already_there) == (0, 1)


def order(session):
    rows = select(Asset.external_id).join(Task, Task.asset_id == Asset.id).order_by(Task.npri)
    return list(session.scalars(rows))


CONTENT = "external_id,text,confidence\n" + "".join(f"a{i},t,{1 - i / 64}\n" for i in range(65))


def test_the_least_confident_go_out_first(session, load, batch, lead):
    projects.save_settings(session, batch.project, {"order": "uncertain_first"}, lead)
    load(CONTENT)
    assert order(session) == [f"a{i}" for i in reversed(range(65))]
    first = session.scalars(
        select(Task.npri).join(Asset).where(Asset.external_id.in_(["a48", "a0", "a64"]))
    ).all()
    assert sorted(first) == [0, 2**29, 2**31 - 1]  # a quarter of the way, and the last place


def test_another_order_holds_for_open_work_at_once(session, load, batch, lead):
    load(CONTENT + "b,t,\nc,t,\n")
    before = order(session)
    places = dict(session.execute(select(Asset.external_id, Task.npri).join(Task)).all())
    lane = session.scalars(select(Lane)).one()
    generation = lane.generation
    projects.save_settings(session, batch.project, {"order": "uncertain_first"}, lead)
    by_confidence = [name for name in order(session) if name.startswith("a")]
    assert by_confidence == [f"a{i}" for i in reversed(range(65))]
    session.refresh(lane)
    assert lane.generation == generation + 1
    projects.save_settings(session, batch.project, {"order": "random"}, lead)
    assert order(session) not in (before, by_confidence)
    now = dict(session.execute(select(Asset.external_id, Task.npri).join(Task)).all())
    assert (now["b"], now["c"]) == (places["b"], places["c"])  # nothing is known of these


def test_without_a_prediction_or_the_setting_the_order_is_random(session, load, batch, lead):
    load(CONTENT)
    found = order(session)
    assert found not in (sorted(found), [f"a{i}" for i in reversed(range(65))])
    projects.save_settings(session, batch.project, {"order": "uncertain_first"}, lead)
    load("external_id,text\n" + "".join(f"b{i:02},t\n" for i in range(40)))
    later = [name for name in order(session) if name.startswith("b")]
    assert later != sorted(later)


def test_overlap_by_share_and_dynamic_set_what_tasks_want(session, load, batch, lead):
    rows = "".join(f"s{i},t\n" for i in range(300))
    share = {"wanted_answers": 3, "overlap": {"kind": "share", "share": 0.5}}
    projects.save_settings(session, batch.project, share, lead)
    load("external_id,text\n" + rows)
    wanted = list(session.scalars(select(Task.wanted).order_by(Task.id)))
    assert set(wanted) == {1, 3}
    assert 100 < wanted.count(3) < 200  # beyond six standard deviations is no chance
    load("external_id,text\n" + rows)
    assert list(session.scalars(select(Task.wanted).order_by(Task.id))) == wanted
    dynamic = ProjectSettings.model_validate({"overlap": {"kind": "dynamic", "minimum": 2}})
    projects.save_settings(session, batch.project, dynamic, lead)
    load("external_id,text\nd,t\n")
    assert session.scalar(select(Task.wanted).order_by(Task.id.desc()).limit(1)) == 2


def test_known_answers_get_no_task_whatever_the_overlap(session, load, batch, lead, settings):
    dynamic = {"overlap": {"kind": "dynamic", "minimum": 2}, "order": "uncertain_first"}
    projects.save_settings(session, batch.project, dynamic, lead)
    faults = Faults()
    content = b"external_id,text,known,confidence\na,1,cat,0.2\nb,2,,0.5\n"
    rows = csv.rows(io.BytesIO(content), faults, gold_column="known")
    report = intake.import_rows(session, batch, rows, by=lead, settings=settings, faults=faults)
    assert list(report.gold.values()) == [{"class": "cat"}]
    (task,) = session.scalars(select(Task)).all()
    assert (task.asset.external_id, task.npri, task.wanted) == ("b", 2**30, 2)
