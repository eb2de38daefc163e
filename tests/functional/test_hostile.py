"""Hostile input over HTTP: forged requests, ways off the site, markup wherever text goes in."""

import io
import struct
import zlib

import pytest
from PIL import Image

from ops import guidelines, storage, teams, tokens
from ops.errors import StorageError
from ops.web.media import thumbnail
from quality.onboarding import course_steps, courses
from tests.factories import PASSWORD
from tests.functional.test_role_matrix import address
from tests.hostile import ALL, HOSTILE, infest, raw


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_unsafe_request_without_the_token_of_the_form(app, client_for, method):
    client = client_for("admin")
    for rule in app.url_map.iter_rules():
        if method in rule.methods and rule.endpoint != "static":
            answer = client.http.open(address(rule), method=method)
            allowed = app.extensions["access"][rule.endpoint]
            assert answer.status_code == 400, (rule.rule, answer.status_code)
            assert "Form expired" in answer.text, (rule.rule, allowed)


def test_a_made_up_key_beside_a_session_opens_nothing(client_for, make, session):
    client = client_for("admin")
    headers = {"Authorization": "Bearer ts_made_up"}
    forged = client.http.post("/people/skills", data={"name": "S"}, headers=headers)
    assert forged.status_code == 400
    assert client.get("/api/v1/people", headers=headers).status_code == 200


def test_a_key_needs_no_form_and_only_does_what_it_may(app, make, session):
    project = make.project()
    lead = make.member(project, make.user(role="ops_lead"))
    reading = tokens.create(session, lead, "r", ["read"])
    writing = tokens.create(session, lead, "w", ["write"])
    session.commit()

    def make_batch(secret):
        headers = {"Authorization": f"Bearer {secret}"}
        path = f"/api/v1/projects/{project.id}/batches"
        return app.test_client().post(path, json={"name": "B"}, headers=headers).status_code

    assert [make_batch(s) for s in (reading, writing, "ts_wrong")] == [403, 201, 401]


def test_json_that_nests_too_deep_is_the_fault_of_who_sends_it(client_for, make, session):
    floor = make.floor(assets=1)
    deep = "[" * 200_000 + "]" * 200_000
    client = client_for(floor.labellers[0])
    body = f'{{"tab": {deep}}}'
    answer = client.post("/api/v1/desk/next", data=body, content_type="application/json")
    assert answer.status_code == 400
    lead = client_for(make.member(floor.project, make.user(role="ops_lead")))
    session.commit()
    at = f"/projects/{floor.project.id}/import"
    sent = {"uploaded": (io.BytesIO(deep.encode()), "rows.json"), "batch": str(floor.batch.id)}
    assert lead.post(at, data=sent).status_code == 422


def test_an_answer_longer_than_any_is_not_read(client_for, make):
    floor = make.floor(assets=1)
    client = client_for(floor.labellers[0])
    token = client.post("/api/v1/desk/next", json={"tab": "t"}).json["work"]["token"]
    said = {"label": {"class": "a" * (33 * 2**20)}, "key": "k" * 8, "revision": 0}
    answer = client.post(f"/api/v1/desk/{token}/submit", json=said | {"tab": "t", "active_ms": 0})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "away",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example",
     "\\\\evil.example", "javascript:alert(1)", "evil.example", "/\n/evil.example"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(client_for, make, session, away):
    person = make.user()
    client = client_for()
    page = client.get("/signin")
    client._remember(page)
    form = {"email": person.email, "password": PASSWORD, "next": away}
    session.commit()
    answer = client.post("/signin", data=form)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/desk"


@pytest.fixture
def infested(make, session):
    """A project, all but delivered, with markup in every text that somebody else typed."""
    return infest(make, session)


PAGES = ["", "/batches", "/assets", "/classes", "/guideline", "/people", "/gold", "/gold/mark",
         "/gold/contention", "/gold/reviewed",
         "/settings", "/issues", "/rules", "/rules/new", "/import"]  # fmt: skip


def test_markup_comes_out_as_text_for_staff(infested, client_for):
    client = client_for(infested.lead)
    paths = ["/projects", "/people", "/people/new", "/batches", "/onboarding",
             "/onboarding/assessments/new", f"/batches/{infested.batch.id}",
             f"/people/{infested.labellers[0].id}"]  # fmt: skip
    paths += [f"/projects/{infested.project.id}{tail}" for tail in PAGES]
    seen = 0
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200, path
        assert not raw(page.text), (path, raw(page.text))
        assert 'href="javascript:' not in page.text, path
        seen += "x0()" in page.text
    assert seen > 12  # the payloads are there, as text


def test_markup_comes_out_as_text_for_a_client(infested, client_for):
    client = client_for("client", organisation_id=infested.project.organisation_id)
    page = client.get("/portal").text
    assert "x0()" in page
    assert not raw(page)


def test_markup_in_the_guideline_comes_out_as_text_at_the_desk(make, session, client_for):
    floor = make.floor(name=ALL)
    text = f"# {ALL}\n\n[x](javascript:alert(1)) ![y](javascript:alert(1))"
    guidelines.publish(session, floor.project, text, None)
    client = client_for(floor.labellers[0])
    work = client.post("/api/v1/desk/next", json={"tab": "t"}).json["work"]
    html = client.get(f"/api/v1/desk/{work['token']}/brief").json["guideline"]["html"]
    assert "x0()" in html
    assert not [text for text in HOSTILE if text in html and text.startswith("<")]
    assert 'href="javascript:' not in html
    assert 'src="javascript:' not in html
    answer = client.get("/desk")
    assert not raw(answer.text)


def _bomb(side: int) -> bytes:
    """A PNG of `side`² pixels in a few kilobytes: black all over, at one bit a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * (side // 8)) * side, 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [12_000, 40_000])
def test_a_bomb_makes_no_thumbnail(settings, side):
    settings.media.mkdir(parents=True)
    path = settings.media / "bomb.png"
    path.write_bytes(_bomb(side))
    with pytest.raises(StorageError):
        thumbnail(str(path), 96, settings)


@pytest.mark.parametrize(
    "uri",
    ["http://169.254.169.254/x.png", "simplecache::http://localhost/x", "file:///etc/passwd",
     "local:///etc/passwd", "/etc/passwd", "../../etc/passwd", "FILE:///etc/passwd",
     "upload:../../etc/passwd", "zip://x::file:///etc/a.zip", "/etc/pass\0wd"],
)  # fmt: skip
def test_no_address_leads_out_of_the_allowed_folders(settings, uri):
    with pytest.raises(StorageError):
        storage.read(uri, settings)


def test_a_link_out_of_the_folder_is_followed_and_refused(settings, tmp_path):
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    (tmp_path / "secret.png").write_bytes(out.getvalue())
    settings.media.mkdir(parents=True)
    (settings.media / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(StorageError, match="outside"):
        storage.read(str(settings.media / "link.png"), settings)


def test_a_download_is_named_without_line_ends_or_paths(infested, client_for):
    answer = client_for(infested.lead).get(f"/batches/{infested.batch.id}/labels.csv")
    named = answer.headers["Content-Disposition"]
    assert answer.status_code == 200
    assert named.isprintable()
    assert not set(named.partition("filename=")[2]) & set("<>/\\'\";{}")


ENDLESS = "9" * 5000  # Python reads no number of so many digits


def test_numbers_and_days_beyond_reckoning_are_refused(make, session, client_for):
    floor = make.floor(assets=1)
    admin = make.user("admin")
    team = teams.create(session, "Dawn", by=admin)
    teams.join(session, floor.labellers[0], team, by=admin)
    course = courses.create(session, floor.project, {"title": "T"}, admin)
    asked = {"question": "Q", "choices": [{"text": t, "right": t == "a"} for t in "ab"]}
    quiz = {"title": "Quiz", "questions": [asked]}
    step = course_steps.add(session, course, "quiz", quiz, admin)
    courses.open_it(session, course, admin)
    people = client_for(admin), client_for(floor.labellers[0])
    project, home = f"/projects/{floor.project.id}", f"/teams/{team.id}"
    shift = {"action": "shift", "begins": "10:00", "ends": "11:00", "people": floor.labellers[0].id}
    tries = [
        *((0, f"{project}/people", {"user": text}) for text in ("²", ENDLESS)),
        *((0, f"{project}/import", {"batch": text, "lines": "x"}) for text in ("²", ENDLESS)),
        *((0, f"{home}/plan", {**shift, "day": day}) for day in ("0001-01-01", "9999-12-31")),
        *((0, f"/api/v1{home}/shifts", {"week": day}) for day in ("0001-01-01", "9999-12-31")),
        (1, f"/training/{course.id}/steps/{step.id}", {"q0": ENDLESS}),
        (1, f"/training/{course.id}/steps/{step.id}", {"q0": "²"}),
    ]
    for who, path, body in tries:
        more = {"json": body} if path.startswith("/api") else {"data": body}
        answer = people[who].post(path, **more)
        assert answer.status_code == 422, (path, body, answer.status_code)
    since = people[0].get(f"/api/v1{home}/shifts?since=9999-12-31")
    assert since.status_code == 422
    grown = {"do": f"choice:{ENDLESS}", "questions": 1, "title": "T"}
    edit = f"/onboarding/training/{course.id}/steps/{step.id}/edit"
    assert people[0].post(edit, data=grown).status_code == 200
