"""`touchstone deliver` and `touchstone verify-report`, as somebody at a terminal sees them."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

import wsgi
from ops import sealer
from tests.factories import Make
from tests.finished import finished


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path / "home"))

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            wsgi.cli([str(a) for a in arguments])
            status: object = 0
        except SystemExit as done:
            status = done.code
        out, err = capsys.readouterr()
        return int(status or 0), out, err

    return run


def test_deliver_then_verify(
    make: Make, session: Session, sessions: sessionmaker[Session], run, tmp_path: Path
):
    done = finished(make, session)
    status, out, _ = run("deliver", done.batch.id, "--as", done.lead.email)
    assert status == 0
    number, digest = out.split()[1].rstrip(":"), out.split()[-1]
    status, out, _ = run("verify-report", number)
    assert status == 1
    assert "BROKEN  sealed" in out
    sealer.seal(sessions)
    status, out, _ = run("verify-report", number)
    assert (status, out.count("holds")) == (0, 4)
    file = tmp_path / "labels.jsonl"
    assert run("export", "--delivery", number, "--out", file)[0] == 0
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    status, out, _ = run("verify-report", file)
    assert status == 0
    assert f"labels of delivery {number}" in out
    file.write_text("something else")
    status, out, _ = run("verify-report", file)
    assert status == 1
    assert "no delivery has this digest" in out


def test_a_batch_held_back_says_what_is_missing(make: Make, session: Session, run):
    held = finished(make, session, reviewed=False)
    status, out, err = run("deliver", held.batch.id, "--as", held.lead.email)
    assert (status, out) == (2, "")
    assert "0 of 5 randomly drawn labels are reviewed." in err
    assert err.splitlines()[-1].startswith("touchstone: The gate holds this batch back")


@pytest.mark.parametrize("role", ["labeller", "client"])
def test_only_leads_deliver(make: Make, session: Session, run, role: str):
    done = finished(make, session)
    other = make.user(role=role)
    session.commit()
    status, _, err = run("deliver", done.batch.id, "--as", other.email)
    assert status == 2
    assert "Only a lead" in err


@pytest.mark.parametrize("what", ["999", "no/such/file.jsonl"])
def test_what_is_not_there_is_one_line(run, session: Session, what: str):
    status, out, err = run("verify-report", what)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
