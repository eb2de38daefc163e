"""`touchstone import` and `export`, run as an operator runs them."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import func, select

import wsgi
from ops.models import Asset, Batch
from quality.models import Gold


@pytest.fixture
def run(database_url, owner_url, tmp_path, monkeypatch, capsys):
    """Run a command; returns (exit status, stdout, stderr)."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TOUCHSTONE_OWNER_URL", owner_url)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOUCHSTONE_ASSET_ROOTS", "")

    def run(*arguments):
        status = 0
        try:
            wsgi.cli([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def project(make, session):
    make.user(role="admin")
    project = make.project(classes=["cat", "dog"], name="Tweets")
    session.commit()
    return project


def count(session, what=Asset):
    session.rollback()
    return session.scalar(select(func.count()).select_from(what))


def test_the_commands_are_there():
    listed = CliRunner().invoke(wsgi._group, ["--help"]).output
    assert "import" in listed
    assert "export" in listed


def test_a_csv_is_imported_into_a_new_batch_and_again_adds_nothing(run, project, session, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("external_id,text,label\na,1,cat\nb,2,\n")
    status, out, err = run("import", "Tweets", "First", path, "--gold-column", "label")
    assert (status, out) == (
        0,
        f"Tweets, batch First ({session.scalars(select(Batch.id)).one()}): "
        "2 new, 0 already there, 1 with a known answer.\n",
    ), err
    assert count(session, Gold) == 1
    status, out, _ = run("import", project.id, "First", path, "--gold-column", "label")
    assert (status, "0 new, 2 already there" in out) == (0, True)
    assert count(session, Gold) == 1


def test_faults_are_listed_and_nothing_is_made(run, project, session, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"external_id": "a"}\n{"text": "x"}\n')
    status, out, err = run("import", "Tweets", "First", path)
    assert (status, out) == (2, "")
    assert "line 2: external_id: is missing" in err
    assert err.splitlines()[-1].startswith("touchstone: Nothing was imported. 2 faults")
    assert (count(session), count(session, Batch)) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Nowhere", "B"], "There is no project Nowhere"),
        (["Tweets", "77"], "has no batch 77"),
        (["Tweets", "B", "--as", "x@example.com"], "no active account for x@example.com"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(run, project, tmp_path, arguments, message):
    path = tmp_path / "t.csv"
    path.write_text("external_id,text\na,1\n")
    status, _, err = run("import", *arguments[:2], path, *arguments[2:])
    assert status == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1


@pytest.fixture
def pictures(make, session, tmp_path):
    make.user(role="admin")
    make.project(name="Birds", medium="image")
    session.commit()
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (9, 9), "red").save(folder / "a.png")
    return folder


def test_a_folder_outside_the_roots_is_refused_copied_or_allowed(run, pictures, session):
    status, _, err = run("import", "Birds", "One", pictures)
    assert (status, "TOUCHSTONE_ASSET_ROOTS" in err) == (2, True)
    status, _, err = run("import", "Birds", "One", pictures, "--copy")
    assert status == 0, err
    assert session.scalars(select(Asset.uri)).one().startswith("upload:")
    Image.new("RGB", (9, 9), "blue").save(pictures / "a.png")
    status, _, err = run("import", "Birds", "Two", pictures, "--allow-root", pictures)
    assert (status, "is in batch One already" in err) == (2, True)
    (pictures / "a.png").rename(pictures / "b.png")
    status, _, err = run("import", "Birds", "Two", pictures, "--allow-root", pictures)
    assert status == 0, err
    assert f"runs with TOUCHSTONE_ASSET_ROOTS={pictures}" in err


def test_paths_in_a_table_are_taken_from_its_folder(run, pictures, session):
    (pictures / "t.csv").write_text("external_id,uri\nx,a.png\n")
    status, _, err = run("import", "Birds", "B", pictures / "t.csv", "--allow-root", pictures)
    assert status == 0, err
    assert session.scalars(select(Asset.uri)).one() == str(pictures / "a.png")


def test_labels_come_out_as_lines_and_as_a_table(run, project, make, session, tmp_path):
    batch = make.batch(project)
    (asset,) = make.assets(batch, 1)
    asset.external_id = 'ü, "x"'
    make.decided(asset, "cat", probability=None)
    session.commit()
    status, out, err = run("export", batch.id)
    assert status == 0, err
    assert json.loads(out)["external_id"] == 'ü, "x"'
    path = tmp_path / "out.csv"
    assert run("export", batch.id, "--format", "csv", "--out", path)[0] == 0
    row = next(csv.DictReader(io.StringIO(path.read_text())))
    assert (row["external_id"], row["class"], row["probability"]) == ('ü, "x"', "cat", "")
    assert run("export", 999)[0] == 2
    assert run("export")[0] == 2
    assert run("export", "--delivery", 5)[0] == 2


def test_real_labels_of_coco_come_in_and_what_goes_out_is_told(
    run, make, session, tmp_path, monkeypatch, shared_data
):
    monkeypatch.setenv("TOUCHSTONE_ASSET_PROTOCOLS", "http")
    make.user(role="admin")
    project = make.project(medium="image", label_type="boxes", name="Street")
    session.commit()
    known = shared_data / "coco_val2014_100" / "instances_val2014_100.json"
    place = ("--pictures", "http://images.example.com/val2014")
    status, _, err = run("import", "Street", "First", known, "--labels", "labels", *place)
    assert status == 2
    assert "is no class" in err
    assert count(session) == 0
    asked = ("--labels", "labels", "--add-classes", *place)
    status, out, err = run("import", "Street", "First", known, *asked)
    assert status == 0, err
    assert "100 new, 0 already there, 100 labelled" in out
    assert "segmentation: of objects: not taken, the project labels boxes (839)" in err
    batch = session.scalars(select(Batch)).one()
    assert batch.state == "complete"
    path = tmp_path / "back.json"
    status, out, err = run("export", batch.id, "--format", "coco", "--out", path)
    assert (status, out) == (0, "")
    assert "Not in the file: method" in err
    back, before = (json.loads(p.read_bytes()) for p in (path, known))
    names = {c["id"]: c["name"] for c in before["categories"]}
    names_back = {c["id"]: c["name"] for c in back["categories"]}
    assert {(a["id"], a["image_id"], names_back[a["category_id"]], tuple(a["bbox"]), a["iscrowd"])
            for a in back["annotations"]} == {
        (a["id"], a["image_id"], names[a["category_id"]], tuple(a["bbox"]), a["iscrowd"])
        for a in before["annotations"]
    }  # fmt: skip
    results = known.with_name("instances_val2014_fakebbox100_results.json")
    predicted = ("--labels", "predictions", "--model", "fake", "--known", known)
    status, out, err = run("import", "Street", "First", results, *predicted)
    assert status == 0, err
    assert "100 predictions (reference model 1)" in out
    status, _, err = run("export", batch.id, "--format", "labelstudio", "--out", tmp_path / "x")
    assert status == 0
    assert project.id
