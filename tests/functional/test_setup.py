"""An empty database, the first administrator, and the commands that begin it."""

import re

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from ops import clock_time, first_admin
from ops.cli import people as commands
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import User
from tests.http import Client

ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "password": "a long enough password"}


@pytest.fixture
def run(monkeypatch, database_url, owner_url, tmp_path):
    """Runs a command on this test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TOUCHSTONE_OWNER_URL", owner_url)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOUCHSTONE_BASE_URL", "http://touchstone.example")

    def run(group, *arguments, fails=None):
        done = CliRunner().invoke(group, arguments, standalone_mode=False)
        if fails is None:
            assert done.exception is None, done.exception
        else:
            assert isinstance(done.exception, fails), (done.exception, done.output)
        return done.stdout

    return run


@pytest.fixture
def client(app):
    return Client(app)


def open_page(client, path):
    page = client.get(path)
    client._remember(page)
    return page


def test_an_empty_database_says_what_to_run_and_never_shows_the_link(client, session):
    secret = first_admin.start(session)
    session.commit()
    page = open_page(client, "/")
    assert "touchstone users setup-link" in page.text
    assert secret not in page.text


def test_the_printed_link_makes_the_administrator_once(client, run, session):
    printed = run(commands.users, "setup-link").strip()
    path = printed.removeprefix("http://touchstone.example")
    assert open_page(client, path).status_code == 200

    bad = client.post(path, data={**ADA, "password": "short"})
    assert bad.status_code == 422
    assert 'id="password-fault"' in bad.text
    assert 'value="Ada Lovelace"' in bad.text, "what was typed stays"
    assert session.scalar(select(User.id)) is None

    assert client.post(path, data=ADA).status_code == 302
    assert open_page(client, "/people").status_code == 200, "signed in"
    ada = session.scalars(select(User)).one()
    assert (ada.role, ada.email) == ("admin", "ada@example.com")
    assert Client(client.http.application).get(path).status_code == 404
    assert client.post(path, data=ADA | {"email": "b@example.com"}).status_code == 409


def test_only_the_newest_link_works_and_not_for_ever(session):
    old, new = first_admin.start(session), first_admin.start(session)
    with pytest.raises(NotFound):
        first_admin.finish(session, old, **ADA)
    clock_time.use((clock_time.now() + first_admin.SETUP_VALID).timestamp)
    with pytest.raises(NotFound):
        first_admin.finish(session, new, **ADA)


def test_once_somebody_exists_no_link_is_made(session, make):
    make.user("labeller")
    with pytest.raises(Conflict):
        first_admin.start(session)


def test_users_are_added_listed_and_closed_from_the_command_line(run, session, client):
    link = run(commands.users, "add", "Bo@Example.com", "--name", "Bo", "--role", "labeller")
    assert (
        open_page(client, link.strip().removeprefix("http://touchstone.example")).status_code == 200
    )
    assert re.search(r"labeller\topen\tbo@example.com\tBo", run(commands.users, "list"))
    run(commands.users, "deactivate", "bo@example.com")
    assert "closed" in run(commands.users, "list", "--role", "labeller")
    run(commands.users, "add", "bo", "--name", "Bo", "--role", "labeller", fails=InvalidInput)
    run(commands.users, "reset-link", "nobody@example.com", fails=NotFound)


def test_a_token_from_the_command_line_opens_the_api_until_revoked(run, app, session, make):
    admin = make.user("admin")
    session.commit()
    secret = run(commands.tokens, "create", admin.email, "--name", "nightly").strip()
    headers = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().get("/api/v1/people", headers=headers).status_code == 200
    number = run(commands.tokens, "list").split("\t")[0]
    run(commands.tokens, "revoke", number)
    assert app.test_client().get("/api/v1/people", headers=headers).status_code == 401
