"""`touchstone rescore`, as somebody at a terminal sees it."""

import json

import pytest

import wsgi
from ops import references
from ops.references import Said
from quality.models import RescoreRun


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path / "home"))

    def run(*arguments):
        try:
            wsgi.cli([str(a) for a in arguments])
            status = 0
        except SystemExit as done:
            status = done.code
        out, err = capsys.readouterr()
        return int(status or 0), out, err

    return run


@pytest.fixture
def labelled(make, session):
    """30 texts of two classes, one of them labelled wrongly, and a model that knows."""
    floor = make.floor(assets=30, labellers=0)
    said = []
    for n, asset in enumerate(floor.assets):
        right = "ab"[n % 2]
        make.decided(asset, "b" if n == 8 else right)
        said.append(Said(asset.external_id, {"class": right}, 0.9))
    references.give_predictions(session, floor.project, "Reader", said, by=None)
    floor.lead = make.user(role="admin")
    session.commit()
    return floor


def test_re_score_here_and_compare(labelled, run, session):
    asked = ("rescore", labelled.batch.id, "--model", "Reader", "--here")
    status, out, err = run(*asked, "--name", "First", "--as", labelled.lead.email)
    assert status == 0, err
    assert "30 labels scored" in out
    assert "1 suspects sent to review: 1 wrong class" in out
    first = session.query(RescoreRun).one()
    assert (first.name, first.requested_by) == ("First", labelled.lead.id)
    status, out, _ = run(*asked, "--json")
    assert status == 0
    told = json.loads(out)
    assert told["suspects"] == 1
    status, out, _ = run("rescore", "--compare", first.id, told["run"])
    assert status == 0
    assert "30 labels in both, 0 of them changed" in out
    assert "Suspects: 1 of both" in out


def test_an_order_of_cleaning(labelled, run, session):
    asked = ("rescore", labelled.batch.id, "--model", "Reader", "--here")
    status, out, err = run(*asked, "--order", "kfold", "--most-suspects", "50")
    assert status == 0, err
    assert "1 suspects sent to review: 1 wrong class" in out
    made = session.query(RescoreRun).one()
    assert (made.settings["order"], made.settings["most_suspects"]) == ("kfold", 50)


def test_what_is_not_there_is_said_in_one_line(labelled, run):
    for asked, words in (
        (("rescore", 999), "there is no batch 999"),
        (("rescore",), "name a batch"),
        (("rescore", labelled.batch.id, "--model", "Nobody"), "no reference model Nobody"),
        (("rescore", "--compare", 1, 2), "there is no run 1"),
        (("rescore", labelled.batch.id, "--below", "2"), "not in the range"),
        (("rescore", labelled.batch.id, "--order", "precision"), "of_class"),
        (("rescore", labelled.batch.id, "--of-class", "a"), "of_class"),
    ):
        status, out, err = run(*asked)
        assert status == 2, asked
        assert words in err
        assert not out
