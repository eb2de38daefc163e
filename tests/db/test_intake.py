"""Imports: all or nothing, idempotent, and every bad row named by line and field."""

import io
import json

import pytest
from PIL import Image
from sqlalchemy import func, select

from ops import intake, projects
from ops.config import Settings
from ops.errors import Frozen, InvalidInput
from ops.formats import csv, folder, jsonl
from ops.intake import Faults, Row
from ops.models import Asset, AuditEntry, Batch, Task


@pytest.fixture
def settings(tmp_path, database_url):
    (tmp_path / "pictures").mkdir()
    return Settings(
        home=tmp_path / "home",
        DATABASE_URL=database_url,
        asset_roots=str(tmp_path / "pictures"),
        asset_protocols="s3",
    )


@pytest.fixture
def batch(make):
    return make.batch(make.project(classes=["cat", "dog"]))


@pytest.fixture
def load(session, batch, lead, settings):
    """Import CSV text, JSONL text or rows into the batch."""

    def load(source, into=batch, gold_column=None, **more):
        faults = Faults()
        if isinstance(source, str):
            form = jsonl if source.lstrip().startswith("{") else csv
            source = source.encode()
        else:
            form = None
        if isinstance(source, bytes):
            form = form or csv
            source = form.rows(io.BytesIO(source), faults, gold_column=gold_column)
        return intake.import_rows(
            session, into, source, by=lead, settings=settings, faults=faults, **more
        )

    return load


def refused(load, source, **more):
    with pytest.raises(InvalidInput) as caught:
        load(source, **more)
    return [(e["line"], e["field"]) for e in caught.value.errors]


def picture(path, size=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path)
    return path


def test_a_csv_becomes_assets_with_metadata_and_label_tasks(session, batch, load):
    report = load('external_id,text,town\na,One,Bonn\nb,"Two, with\nlines",\n')
    assert str(report) == "2 new, 0 already there"
    a, b = session.scalars(select(Asset).order_by(Asset.id))
    assert (a.external_id, a.text, a.meta) == ("a", "One", {"town": "Bonn"})
    assert (b.text, b.meta) == ("Two, with\nlines", {})
    wanted = session.execute(select(Task.asset_id, Task.stage, Task.wanted)).all()
    assert sorted(wanted) == [(a.id, "label", 3), (b.id, "label", 3)]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "assets.imported")).one()
    assert entry.data == {"new": 2, "already_there": 0}


def test_jsonl_says_the_same_as_csv(session, make, load):
    other = make.batch(make.project())
    load('{"external_id": "a", "text": "One", "metadata": {"town": "Bonn"}}\n\n', into=other)
    load("external_id,town,text\na,Bonn,One\n")
    rows = session.execute(select(Asset.external_id, Asset.text, Asset.meta)).all()
    assert rows[0] == rows[1]


def test_the_same_import_again_changes_nothing_and_more_rows_are_added(session, load):
    first = "external_id,text\na,1\nb,2\n"
    load(first)
    again = load(first)
    more = load(first + "c,3\n")
    assert (again.new, again.already_there) == (0, 2)
    assert (more.new, more.already_there) == (1, 2)
    assert session.scalar(select(func.count()).select_from(Task)) == 3


def test_what_differs_from_what_is_there_is_refused_or_left(session, make, batch, load):
    other = make.batch(batch.project, name="other")
    load("external_id,text\nz,0\n", into=other)
    load("external_id,text\na,1\n")
    changed = "external_id,text\na,CHANGED\nz,0\nnew,9\n"
    assert refused(load, changed) == [(2, "external_id"), (3, "external_id")]
    assert session.scalar(select(func.count()).select_from(Asset)) == 2
    report = load(changed, keep_existing=True)
    assert (report.new, report.already_there, report.kept) == (1, 0, 2)
    assert set(session.scalars(select(Asset.text))) == {"0", "1", "9"}


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("", [(None, "file")]),
        ("external_id,text\n", [(None, "file")]),
        ("id,text\n1,a\n", [(1, "header")]),
        ("external_id,note\n1,a\n", [(1, "header")]),
        ("external_id;text\n1;a\n", [(1, "header")]),
        ("external_id,text,text\n1,a,b\n", [(1, "header")]),
        ("external_id,text\n,a\n", [(2, "external_id")]),
        ("external_id,text\na,\n", [(2, "text")]),
        ("external_id,text\na,  \n", [(2, "text")]),
        ("external_id,text\na,1\nb,2\na,1\n", [(4, "external_id")]),
        ("external_id,text\na,1,2\nb\n", [(2, "line"), (3, "line")]),
        ('external_id,text\na,"1\n2\n', [(2, "line")]),
        ("external_id,text,uri\na,1,s3://x/y.png\n", [(2, "uri")]),
        ("external_id,uri\na,s3://x/y.png\n", [(2, "uri")]),
        (f"external_id,text\n{'x' * 501},1\n", [(2, "external_id")]),
        (b"external_id,text\na,\xff\xfe\n", [(2, "line")]),
        (b"\xff\xfee\x00", [(1, "file")]),
        ('{"external_id": "a"\n', [(1, "line")]),
        ('{"external_id": 5, "text": "x"}', [(1, "external_id")]),
        ('{"external_id": "a", "text": "x", "size": 1}', [(1, "size")]),
        ('{"external_id": "a", "text": "x", "metadata": []}', [(1, "metadata")]),
        ('{"external_id": "a", "text": "x", "metadata": {"n": NaN}}', [(1, "line")]),
        ('{"external_id": "a", "text": "x", "metadata": {"n": 1e999}}', [(1, "metadata")]),
        ('{"external_id": "a", "text": "x\\u0000"}', [(1, "text")]),
        ('{"external_id": "a", "text": "x\\ud800"}', [(1, "text")]),
        ('{"external_id": "a", "text": "x", "metadata": {"k": "\\u0000"}}', [(1, "metadata")]),
        ('{"external_id": "a", "text": "x"}\n[1]\n' + "[" * 100_000, [(2, "line"), (3, "line")]),
    ],
)
def test_every_bad_row_is_named_and_nothing_is_imported(session, load, source, faults):
    assert refused(load, source) == faults
    assert session.scalar(select(func.count()).select_from(Asset)) == 0
    # The transaction of whoever called is still good.
    assert load("external_id,text\nfine,1\n").new == 1


def test_a_byte_order_mark_is_no_part_of_the_header(load):
    assert load(b"\xef\xbb\xbfexternal_id,text\na,1\n").new == 1


def test_a_hundred_faults_are_enough(load):
    rows = "external_id,text\n" + "".join(f"x{n},\n" for n in range(5000))
    with pytest.raises(InvalidInput, match="100 faults or more") as caught:
        load(rows)
    assert len(caught.value.errors) == 100


def test_known_answers_become_gold_by_key_or_name_and_get_no_label_task(session, load):
    rows = "external_id,text,label\na,1,cat\nb,2,DOG\nc,3,\n"
    report = load(rows, gold_column="label")
    ids = dict(session.execute(select(Asset.external_id, Asset.id)).all())
    assert report.gold == {ids["a"]: {"class": "cat"}, ids["b"]: {"class": "dog"}}
    assert list(session.scalars(select(Task.asset_id))) == [ids["c"]]
    assert session.scalars(select(Asset.meta).where(Asset.id == ids["a"])).one() == {}
    assert refused(load, "external_id,text,label\nd,1,cow\n", gold_column="label") == [(2, "gold")]
    assert refused(load, "external_id,text\nd,1\n", gold_column="label") == [(1, "header")]


def test_a_folder_is_read_in_depth_and_ids_are_paths_within_it(session, make, load, tmp_path):
    batch = make.batch(make.project(medium="image"))
    root = tmp_path / "pictures"
    picture(root / "b" / "two.PNG")
    picture(root / "one.jpg")
    (root / "notes.txt").write_text("not a picture")
    picture(root / ".hidden" / "three.png")
    rows = list(folder.read(root, "image", Faults()))
    assert load(rows, into=batch).new == 2
    found = session.execute(select(Asset.external_id, Asset.uri).order_by(Asset.id)).all()
    assert [tuple(f) for f in found] == [
        ("one.jpg", str(root / "one.jpg")),
        ("b/two.PNG", str(root / "b" / "two.PNG")),
    ]


def test_a_folder_of_texts_brings_the_texts(session, load, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_text("Grüße", encoding="utf-8-sig")
    (tmp_path / "t" / "b.txt").write_bytes(b"\xff")
    faults = Faults()
    rows = list(folder.read(tmp_path / "t", "text", faults))
    assert [(e["line"], e["external_id"]) for e in faults.found] == [(2, "b.txt")]
    load(rows)
    assert session.scalars(select(Asset.text)).one() == "Grüße"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("/etc/passwd", "lies outside"),
        ("{root}/../secret.png", "lies outside"),
        ("{root}/link.png", "lies outside"),
        ("file://{root}/%2e%2e/secret.png", "lies outside"),
        ("{root}/missing.png", "no such file"),
        ("{root}/fake.png", "is not a PNG"),
        ("{root}/drawing.svg", "is not a PNG"),
        ("one.png", "full path"),
        ("http://127.0.0.1/x.png", "protocol http is not allowed"),
        ("local:///etc/passwd", "protocol local is not allowed"),
        ("s3://a/b::file:///etc/passwd", "'::' is not allowed"),
        ("upload:" + "0" * 64 + ".png", "no such file"),
        ("upload:../../secret.png", "full path"),
    ],
)
def test_a_uri_that_may_not_be_read_is_refused(make, load, tmp_path, uri, message):
    batch = make.batch(make.project(medium="image"))
    root = tmp_path / "pictures"
    picture(tmp_path / "secret.png")
    picture(root / "one.png")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "fake.png").write_text("hello")
    (root / "drawing.svg").write_text("<svg/>")
    with pytest.raises(InvalidInput, match=message):
        load([Row(line=1, external_id="x", uri=uri.format(root=root))], into=batch)
    beside = load([Row(line=1, external_id="x", uri="one.png")], into=batch, beside=root)
    assert beside.new == 1


def test_remote_uris_of_an_allowed_protocol_are_taken_as_they_are(session, make, load):
    batch = make.batch(make.project(medium="image"))
    load([Row(line=1, external_id="x", uri="s3://bucket/a.png")], into=batch)
    assert session.scalars(select(Asset.uri)).one() == "s3://bucket/a.png"


def test_new_assets_open_a_complete_batch_and_a_delivered_one_takes_none(session, batch, load):
    batch.state = "complete"
    load("external_id,text\na,1\n")
    assert session.scalars(select(Batch.state)).one() == "open"
    batch.state = "delivered"
    session.flush()
    with pytest.raises(Frozen):
        load("external_id,text\nb,1\n")


def test_the_answers_wanted_come_from_the_project(session, batch, load, lead):
    projects.save_settings(session, batch.project, {"wanted_answers": 5}, lead)
    load(json.dumps({"external_id": "a", "text": "1"}))
    task = session.scalars(select(Task)).one()
    assert task.wanted == 5
