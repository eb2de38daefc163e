"""Notices by mail: a durable job that knows no address, and tries again when the server is away."""

import socket
import threading
from collections.abc import Iterator
from email import message_from_string

import pytest
from sqlalchemy import text

from ops import mail, notices


class Post:
    """A mail server that takes one message per connection, and keeps it."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.sent: list[tuple[list[str], str]] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rw", newline="\r\n") as talk:
                self._take(talk)

    def _take(self, talk) -> None:
        def say(line: str) -> None:
            talk.write(line + "\n")
            talk.flush()

        commands, body = [], ""
        say("220 here")
        for line in talk:
            commands.append(line.strip())
            if line.upper().startswith("DATA"):
                say("354 go on")
                while (part := talk.readline()).strip() != ".":
                    body += part
                self.sent.append((commands, body))
            elif line.upper().startswith("QUIT"):
                say("221 bye")
                return
            say("250 yes")

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(5)


@pytest.fixture
def post(monkeypatch) -> Iterator[Post]:
    server = Post()
    monkeypatch.setenv("TOUCHSTONE_SMTP_URL", f"smtp://127.0.0.1:{server.port}?from=t@here.example")
    monkeypatch.setenv("TOUCHSTONE_BASE_URL", "https://labels.example")
    yield server
    if server.thread.is_alive():
        server.close()


def jobs(session):
    found = session.execute(
        text(
            "SELECT task_name, args, scheduled_at IS NOT NULL AS later "
            "FROM procrastinate_jobs ORDER BY id"
        )
    )
    return [(row.task_name, row.args, row.later) for row in found]


def test_a_notice_is_mailed_by_a_job_that_names_nobody(session, sessions, make, post):
    person = make.user(name="Ada")
    number = notices.tell(session, person, key="k", text="You are paused.", url="/desk/decisions")
    mail.post(session, number)
    session.commit()
    assert jobs(session) == [("mail notice", {"notice": number}, False)]
    mail.send_notice(sessions, number)
    ((commands, body),) = post.sent
    assert any(person.email in line for line in commands)
    message = message_from_string(body)
    assert message["From"] == "t@here.example"
    said = message.get_payload()
    assert "You are paused." in said
    assert "https://labels.example/desk/decisions" in said


def test_what_was_told_before_is_not_mailed_again(session, make, post):
    person = make.user()
    for _ in range(2):
        mail.post(session, notices.tell(session, person, key="k", text="Once."))
    assert len(jobs(session)) == 1


def test_without_a_mail_server_there_is_nothing_to_do(session, make, monkeypatch):
    monkeypatch.delenv("TOUCHSTONE_SMTP_URL", raising=False)
    mail.post(session, notices.tell(session, make.user(), key="k", text="Here."))
    assert jobs(session) == []


def test_a_server_that_is_away_is_tried_again_and_then_given_up(session, sessions, make, post):
    number = notices.tell(session, make.user(), key="k", text="Once.")
    session.commit()
    post.close()
    mail.send_notice(sessions, number)
    assert jobs(session) == [("mail notice", {"notice": number, "failed": 1}, True)]
    mail.send_notice(sessions, number, failed=len(mail.TRY_AGAIN))
    assert len(jobs(session)) == 1


def test_whoever_left_gets_no_mail(session, sessions, make, post):
    gone = make.user(active=False)
    number = notices.tell(session, gone, key="k", text="Once.")
    session.commit()
    mail.send_notice(sessions, number)
    assert post.sent == []
