"""Signing in and out, the throttle, forgotten passwords, links, and what error pages say."""

import re
import smtplib
import socketserver
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from ops import clock_time, people, tokens
from ops.models import AuditEntry, Notice, OneTimeLink, User
from tests.factories import PASSWORD
from tests.http import Client

NEW = "four unrelated words here"


@pytest.fixture
def anonymous(app):
    client = Client(app)
    client._remember(client.get("/signin"))
    return client


def sign_in(client, email, password=PASSWORD, **more):
    return client.post("/signin", data={"email": email, "password": password, **more})


def test_signing_in_leads_back_to_the_page_that_was_asked_for(anonymous, make, session):
    user = make.user("admin")
    session.commit()
    refused = anonymous.get("/people?role=client")
    assert urlsplit(refused.location).path == "/signin"
    answer = sign_in(anonymous, user.email, next="/people?role=client")
    assert (answer.status_code, answer.location) == (303, "/people?role=client")
    assert anonymous.get(answer.location).status_code == 200


def test_another_site_is_never_where_sign_in_leads(anonymous, make, session):
    user = make.user("admin")
    session.commit()
    answer = sign_in(anonymous, user.email, next="//evil.example/")
    assert urlsplit(answer.location).netloc == ""


def test_a_wrong_password_and_a_stranger_read_the_same(anonymous, make, session):
    user = make.user("labeller")
    session.commit()
    wrong = sign_in(anonymous, user.email, "not the password")
    stranger = sign_in(anonymous, "nobody@example.com", "not the password")
    assert wrong.status_code == stranger.status_code == 422
    told = [re.findall(r"invalid-feedback[^>]*>([^<]+)", page.text) for page in (wrong, stranger)]
    assert told[0] == told[1] == ["The e-mail address or the password is wrong."]
    assert 'id="password-fault"' in wrong.text


def test_failures_are_throttled_even_for_the_right_password(anonymous, make, session):
    user = make.user("labeller")
    session.commit()
    for _ in range(people.FAILURES_PER_ACCOUNT):
        sign_in(anonymous, user.email, "not the password")
    assert sign_in(anonymous, user.email).status_code == 429
    later = clock_time.now() + people.THROTTLE_WINDOW + timedelta(seconds=1)
    clock_time.use(later.timestamp)
    assert sign_in(anonymous, user.email).status_code == 303


def test_without_the_form_token_nothing_is_done(app, make, session):
    user = make.user("labeller")
    session.commit()
    answer = app.test_client().post("/signin", data={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert "Form expired" in answer.text


def test_signing_out_ends_the_session(client_for):
    client = client_for("admin")
    assert client.get("/people").status_code == 200
    assert client.post("/signout").location == "/signin"
    assert client.get("/people").status_code == 302


def test_a_closed_account_is_out_at_once(client_for, make, session):
    client = client_for("labeller")
    people.deactivate(session, session.get(User, client.user.id), by=make.user("admin"))
    session.commit()
    assert client.get("/account").status_code == 302


def test_a_reset_link_sets_the_password_once_and_ends_other_sessions(
    client_for, anonymous, session
):
    client = client_for("labeller")
    secret = people.start_reset(session, client.user)
    session.commit()
    assert anonymous.get(f"/link/{secret}").status_code == 200
    short = anonymous.post(f"/link/{secret}", data={"password": "short"})
    assert short.status_code == 422
    assert "at least 10" in short.text
    assert anonymous.post(f"/link/{secret}", data={"password": NEW}).status_code == 303
    assert anonymous.get("/account").status_code == 200
    assert client.get("/account").status_code == 302
    assert anonymous.get(f"/link/{secret}").status_code == 404


def test_a_link_runs_out(anonymous, make, session):
    secret = people.start_reset(session, make.user("labeller"))
    session.commit()
    clock_time.use((clock_time.now() + people.RESET_VALID).timestamp)
    assert anonymous.get(f"/link/{secret}").status_code == 404


def test_choosing_a_password_ends_every_other_link(anonymous, make, session):
    user = make.user("labeller")
    old, new = people.invite(session, user, by=None), people.start_reset(session, user)
    session.commit()
    assert anonymous.post(f"/link/{new}", data={"password": NEW}).status_code == 303
    assert anonymous.get(f"/link/{old}").status_code == 404


def test_a_link_does_not_open_a_closed_account(anonymous, make, session):
    user = make.user("labeller")
    secret = people.start_reset(session, user)
    people.deactivate(session, user, by=None)
    session.commit()
    for answer in (anonymous.get(f"/link/{secret}"), anonymous.post(f"/link/{secret}")):
        assert answer.status_code == 404
        assert "closed" in answer.text


def test_asking_for_a_link_never_tells_whether_there_is_an_account(anonymous, make, session):
    admin, user = make.user("admin"), make.user("labeller")
    session.commit()
    known = anonymous.post("/signin/forgot", data={"email": user.email})
    unknown = anonymous.post("/signin/forgot", data={"email": "nobody@example.com"})

    def plain(page):
        return re.sub(r'content="[^"]+"|value="[^"]+"', "", page.text)

    assert plain(known) == plain(unknown)
    told = session.scalars(select(Notice)).all()
    assert [(n.user_id, n.url) for n in told] == [(admin.id, f"/people/{user.id}")]
    assert session.scalar(select(OneTimeLink.id)) is None


class Postbox(socketserver.StreamRequestHandler):
    """As much of an SMTP server as one message needs."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        text, inside = [], False
        for line in self.rfile:
            if inside:
                if line == b".\r\n":
                    inside = False
                    self.server.letters.append(b"".join(text).decode())
                    self.wfile.write(b"250 taken\r\n")
                else:
                    text.append(line)
            elif line.upper().startswith(b"DATA"):
                inside = True
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def postbox():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postbox) as server:
        server.letters = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_with_a_mail_server_the_link_is_mailed_and_works(
    postbox, settings, anonymous, make, session
):
    settings.smtp_url = f"smtp://127.0.0.1:{postbox.server_address[1]}?from=desk@example.com"
    user = make.user("labeller")
    session.commit()
    anonymous.post("/signin/forgot", data={"email": user.email}).close()
    anonymous.post("/signin/forgot", data={"email": user.email}).close()
    assert len(postbox.letters) == 1, "a second request within minutes sends nothing"
    letter = postbox.letters[0].replace("=\r\n", "").replace("=3D", "=")
    assert f"To: {user.email}" in letter
    path = urlsplit(re.search(r"http\S+/link/\S+", letter)[0]).path
    assert anonymous.post(path, data={"password": NEW}).status_code == 303


def test_with_a_mail_server_an_invitation_is_mailed_and_still_shown(postbox, settings, client_for):
    settings.smtp_url = f"smtp://127.0.0.1:{postbox.server_address[1]}"
    form = {"name": "Bo", "email": "bo@example.com", "role": "labeller"}
    page = client_for("admin").post("/people/new", data=form)
    shown = re.search(r'value="(http[^"]*/link/[^"]+)"', page.text)[1]
    page.close()
    (letter,) = postbox.letters
    assert "To: bo@example.com" in letter
    assert shown in letter.replace("=\r\n", "").replace("=3D", "=")


def test_a_mail_server_that_is_away_is_no_error_of_the_page(settings, anonymous, make, session):
    with socketserver.TCPServer(("127.0.0.1", 0), Postbox) as gone:
        settings.smtp_url = f"smtp://127.0.0.1:{gone.server_address[1]}"
    user = make.user("labeller")
    session.commit()
    with pytest.raises(OSError):
        smtplib.SMTP("127.0.0.1", gone.server_address[1])
    answer = anonymous.post("/signin/forgot", data={"email": user.email})
    answer.close()
    assert answer.status_code == 200


def test_the_password_changes_only_with_the_old_one(client_for, app):
    client = client_for("labeller")
    wrong = client.post("/account/password", data={"current": "no", "password": NEW})
    assert wrong.status_code == 422
    done = client.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert done.status_code == 303
    assert client.get("/account").status_code == 200, "this session goes on"
    other = Client(app)
    other._remember(other.get("/signin"))
    assert sign_in(other, client.user.email, NEW).status_code == 303


def test_an_api_token_is_shown_once_and_ends_when_revoked(client_for, session):
    client = client_for("labeller")
    bad = client.post("/account/tokens", data={"name": "", "scopes": "read", "days": "9"})
    assert bad.status_code == 422
    made = client.post("/account/tokens", data={"name": "script", "scopes": "read", "days": "9"})
    secret = re.search(r'value="(ts_[^"]+)"', made.text)[1]
    assert secret not in client.get("/account").text
    token = tokens.find(session, secret)
    assert token.user_id == client.user.id
    assert client.post(f"/account/tokens/{token.id}/revoke").status_code == 303
    session.expire_all()
    assert tokens.find(session, secret) is None
    actions = set(session.scalars(select(AuditEntry.action)))
    assert {"token.created", "token.revoked"} <= actions


def test_another_persons_token_cannot_be_revoked(client_for, make, session):
    other = make.user("labeller")
    secret = tokens.create(session, other, "theirs", ["read"])
    number = tokens.find(session, secret).id
    client = client_for("admin")
    assert client.post(f"/account/tokens/{number}/revoke").status_code == 404


def test_a_read_token_cannot_write(app, make, session):
    secret = tokens.create(session, make.user("admin"), "reader", ["read"])
    session.commit()
    http, headers = app.test_client(), {"Authorization": f"Bearer {secret}"}
    assert http.get("/api/v1/people", headers=headers).status_code == 200
    refused = http.post("/api/v1/people", headers=headers, json={})
    assert refused.status_code == 403
    assert "write" in refused.json["detail"]


def test_an_error_page_keeps_the_navigation_of_whoever_sees_it(client_for):
    missing = client_for("admin").get("/nothing-here")
    assert missing.status_code == 404
    assert 'href="/people"' in missing.text
    refused = client_for("labeller").get("/people")
    assert refused.status_code == 403
    assert 'href="/people"' not in refused.text
    assert "Sign out" in refused.text


def test_notices_are_counted_until_they_are_read(client_for, make, session):
    from ops import notices

    user = make.user("labeller")
    for _ in range(2):
        notices.tell(session, user, key="once", text="A batch is waiting for you.", url="/desk")
    client = client_for(user)
    assert "Notices (1)" in client.get("/notices").text
    client.post("/notices/read")
    page = client.get("/notices").text
    assert "A batch is waiting for you." in page
    assert "Notices (1)" not in page


def test_a_demonstration_says_so_on_every_page(settings, app, client_for):
    settings.demo = True
    client = client_for("admin")
    for page in ("/signin", "/people", "/nothing-here"):
        shown = client.get(page, follow_redirects=True).text
        assert "labellers here are simulated" in shown, page
