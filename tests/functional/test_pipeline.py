"""The pipeline over HTTP: the public form, the manager's pages, the API, and who may not."""

import re

import pytest
from sqlalchemy import func, select

from ops.applicants import applying, letters, listing, openings, posting, stages
from ops.models import Applicant, ApplicantMail, AuditEntry, Opening, PipelineStage, User
from tests.applying import FORM, applied, opened, stage

SENT = {**FORM, "consent": "1", "client_key": "0123456789abcdef"}


@pytest.fixture
def manager(make):
    return make.user(role="onboarding_manager", name="Mona Manager")


@pytest.fixture
def opening(session, manager):
    made = opened(session, manager, languages=["English", "Swahili"], markdown="**Birds.**")
    session.commit()
    return made


def count(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(Applicant))


def test_anybody_applies_without_an_account_and_sees_what_is_held(client_for, session, opening):
    public = client_for()
    page = public.get(f"/apply/{opening.token}")
    public._remember(page)
    assert page.status_code == 200 and "<strong>Birds.</strong>" in page.text
    key = re.search(r'name="client_key" value="([^"]+)"', page.text).group(1)
    form = {**SENT, "client_key": key, "more_languages": "Twi, Ga", "languages": ["English"]}
    sent = [public.post(f"/apply/{opening.token}", data=form) for _ in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    assert sent[0].location == sent[1].location and count(session) == 1
    own = public.get(sent[0].location)
    assert "What happens next" in own.text and "English, Twi, Ga" in own.text
    assert own.headers["X-Robots-Tag"] == "noindex"
    held = public.get(f"{sent[0].location}/data.json")
    assert held.json["application"]["email"] == "zelda.quux@example.com"
    assert "attachment" in held.headers["Content-Disposition"]
    asked = public.post(f"{sent[0].location}/erase")
    assert "You asked on" in public.get(asked.location).text
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [e.action for e in entries[-2:]] == ["applicant.applied", "applicant.erasure_asked"]
    assert "zelda" not in str([(e.subject, e.data) for e in entries]).lower()


def test_a_wrong_form_comes_back_with_its_faults_and_what_was_typed(client_for, session, opening):
    public = client_for()
    public._remember(public.get(f"/apply/{opening.token}"))
    wrong = {**SENT, "email": "nobody", "consent": "", "days": [], "hours_per_week": "999"}
    page = public.post(f"/apply/{opening.token}", data=wrong)
    assert page.status_code == 422 and 'value="Zelda Quux"' in page.text
    for name in ("email", "consent", "days", "hours_per_week"):
        assert f'id="{name}-fault"' in page.text, name
    assert count(session) == 0


def test_a_program_that_fills_in_everything_is_asked_to_send_it_again(client_for, opening):
    public = client_for()
    public._remember(public.get(f"/apply/{opening.token}"))
    page = public.post(f"/apply/{opening.token}", data={**SENT, "homepage": "http://spam"})
    assert page.status_code == 422 and "send the form once more" in page.text
    assert "http://spam" not in page.text
    assert public.post(f"/apply/{opening.token}", data=SENT).status_code == 303


def test_forms_need_a_token_and_have_a_limit(client_for, session, opening, monkeypatch):
    public = client_for()
    assert public.http.post(f"/apply/{opening.token}", data=SENT).status_code == 400
    public._remember(public.get(f"/apply/{opening.token}"))
    monkeypatch.setattr(applying, "FORMS_PER_ADDRESS", 1)
    assert public.post(f"/apply/{opening.token}", data=SENT).status_code == 303
    again = {**SENT, "client_key": "another-key-0123"}
    page = public.post(f"/apply/{opening.token}", data=again)
    assert page.status_code == 429 and "Wait 15 minutes" in page.text and count(session) == 1


def test_a_closed_opening_says_so_and_an_unknown_one_is_not_there(
    client_for, session, opening, manager
):
    openings.set_open(session, opening, False, by=manager)
    session.commit()
    public = client_for()
    page = public.get(f"/apply/{opening.token}")
    public._remember(page)
    assert page.status_code == 200 and "This opening is closed" in page.text
    assert "<form class" not in page.text
    assert public.post(f"/apply/{opening.token}", data=SENT).status_code == 404
    assert public.get("/apply/nothing").status_code == public.get("/application/x").status_code


def test_a_manager_makes_an_opening_and_wrong_fields_are_named(client_for, session, make, manager):
    client = client_for(manager)
    foreign = make.project()
    session.commit()
    form = {"title": "", "consent": "", "project": foreign.id, "skill": "99999"}
    page = client.post("/onboarding/openings/new", data=form)
    assert page.status_code == 422
    for name in ("title", "consent"):
        assert f'id="{name}-fault"' in page.text
    assert "no member of it" in page.text and "there is no such skill" in page.text.lower()
    form = {
        "title": "Birds",
        "consent": "Yes.",
        "languages": "Twi, Ga,, Twi",
        "closes": "2999-01-31",
    }
    made = client.post("/onboarding/openings/new", data=form)
    assert made.status_code == 303
    page = client.get(made.location)
    found = session.scalars(select(Opening)).one()
    assert found.languages == ["Twi", "Ga"] and f"/apply/{found.token}" in page.text
    assert 'value="2999-01-31"' in page.text
    client.post(f"{made.location}/open", data={"open": "0"})
    assert "Closed: the" in client.get(made.location).text


def test_many_are_moved_at_once_and_the_late_are_told(client_for, session, opening, make, manager):
    one, two, three = (applied(session, opening, name=f"Person {c}") for c in "ABC")
    interview, begin = stage(session, "Interview"), one.stage_id
    session.commit()
    client = client_for(manager)
    form = {
        "applicant": [f"{a.id}:{begin}" for a in (one, two)], "to": interview.id, "reason": "R",
        "view": "table", "q": "Person",
    }  # fmt: skip
    moved = client.post("/onboarding/pipeline/moves", data=form)
    assert moved.location == "/onboarding/pipeline/table?q=Person"
    assert "2 applicants are in Interview now" in client.get(moved.location).text
    other = client_for(make.user(role="ops_lead"))
    form |= {
        "applicant": [f"{a.id}:{begin}" for a in (one, three)],
        "to": stages.listed(session)[1].id,
    }
    late = other.get(other.post("/onboarding/pipeline/moves", data=form).location).text
    assert "Person A was not moved" in late and "Person C is in Screened now" in late
    refused = client.post(
        f"/onboarding/pipeline/{one.id}/move", data={"to": interview.id, "expected": begin}
    )
    assert refused.status_code == 303, "their own second click"
    late = other.post(
        f"/onboarding/pipeline/{one.id}/move",
        data={"to": stages.first_of(session, "left").id, "expected": begin},
    )
    assert late.status_code == 409 and "moved to Interview by Mona Manager meanwhile" in late.text


def test_the_pages_show_what_there_is(client_for, session, opening, manager, count_queries):
    client = client_for(manager)
    for path in ("", "/table", "/funnel", "/duplicates", "/stages", "/letters"):
        assert client.get(f"/onboarding/pipeline{path}").status_code == 200, path
    ann = applied(session, opening, name="Ann <b>Lee", email="ann@example.com")
    applied(session, opening, name="Lee Ann B", email="ann@example.com", about="=cmd|'x'!A1")
    session.commit()
    board = client.get("/onboarding/pipeline").text
    assert "Ann &lt;b&gt;Lee" in board and 'Duplicates <span class="count">1</span>' in board
    page = client.get(f"/onboarding/pipeline/{ann.id}").text
    assert "May be the same person as" in page and "same e-mail address" in page
    assert "same e-mail address" in client.get("/onboarding/pipeline/duplicates").text
    table = client.get("/onboarding/pipeline/table.csv?q=ann%40")
    assert table.mimetype == "text/csv" and len(table.text.splitlines()) == 3
    assert client.get("/onboarding/pipeline?opening=999999").status_code == 404
    asked = []
    for _ in range(2):
        count_queries.clear()
        for path in ("", "/table", "/duplicates"):
            client.get(f"/onboarding/pipeline{path}")
        asked.append(len(count_queries))
        for _ in range(8):
            applied(session, opening, email="ann@example.com")
        session.commit()
    assert asked[0] == asked[1], "more applicants take more queries"


def test_a_letter_is_checked_previewed_kept_and_written(client_for, session, opening, manager):
    client = client_for(manager)
    form = {"name": "Talk", "subject": "{opening}", "body": "Dear {nmae}"}
    page = client.post("/onboarding/pipeline/letters", data=form)
    assert page.status_code == 422 and "{nmae} is no word to fill in" in page.text
    form["body"] = "Dear {name}"
    shown = client.post("/onboarding/pipeline/letters", data={**form, "action": "preview"})
    assert "Dear Amina Example" in shown.text and letters.listed(session) == []
    client.post(
        "/onboarding/pipeline/letters", data={**form, "stage": stage(session, "Interview").id}
    )
    session.rollback()
    template = letters.listed(session)[0]
    one = applied(session, opening, name="Ann Lee")
    session.commit()
    page = client.get(f"/onboarding/pipeline/{one.id}?letter={template.id}").text
    assert "Dear Ann Lee" in page
    sent = {"subject": "S", "body": "Dear Ann {name}", "key": "one"}
    for _ in range(2):
        assert client.post(f"/onboarding/pipeline/{one.id}/letters", data=sent).status_code == 303
    assert session.scalar(select(func.count()).select_from(ApplicantMail)) == 1
    assert posting.of(session, one)[0].body == "Dear Ann Ann Lee"
    wrong = {**sent, "key": "two", "body": "{link} {x}"}
    refused = client.post(f"/onboarding/pipeline/{one.id}/letters", data=wrong)
    assert refused.status_code == 422 and "{x} is no word" in refused.text


def test_taking_on_shows_the_invitation_once(client_for, session, opening, manager):
    one = applied(session, opening, name="Ann Lee", email="ann@example.com")
    session.commit()
    client = client_for(manager)
    path = f"/onboarding/pipeline/{one.id}"
    early = client.post(f"{path}/take-on")
    assert early.status_code == 409 and "from Assessment on" in early.text
    to = stage(session, "Assessment").id
    client.post(f"{path}/move", data={"to": to, "expected": one.stage_id})
    assert "Take on" in client.get(path).text
    done = client.post(f"{path}/take-on")
    link = re.search(r'value="[^"]*(/link/[^"]+)"', done.text).group(1)
    assert done.status_code == 201 and "/link/" not in client.get(path).text
    assert "Ann Lee" in client_for().get(link).text
    session.rollback()
    assert (
        session.scalars(select(User).where(User.email == "ann@example.com")).one().role
        == "labeller"
    )


def test_stages_are_shaped_on_their_page(client_for, session, manager):
    client = client_for(manager)
    post = lambda **form: client.post("/onboarding/pipeline/stages", data=form)  # noqa: E731
    before = stage(session, "Training").id
    assert post(action="add", name="Trial", before=before).status_code == 303
    assert post(action="add", name="Trial", before=before).status_code == 422
    session.rollback()
    trial = stage(session, "Trial").id
    for action in ("earlier", "later", "accounts"):
        assert post(action=action, stage=trial).status_code == 303
    assert post(action="rename", stage=trial, name="").status_code == 422
    refused = post(action="remove", stage=trial)
    assert refused.status_code == 422 and "Accounts are given from" in refused.text
    post(action="accounts", stage=before)
    assert post(action="remove", stage=trial).status_code == 303
    session.rollback()
    assert session.get(PipelineStage, trial) is None


def test_the_api_lists_shows_and_moves(client_for, session, opening, manager):
    one = applied(session, opening, name="Ann Lee")
    session.commit()
    client = client_for(manager)
    listed = client.get(f"/api/v1/applicants?stage=applied&opening={opening.id}").json
    assert [a["name"] for a in listed["applicants"]] == ["Ann Lee"] and listed["total"] == 1
    assert client.get("/api/v1/applicants?stage=nowhere").json["errors"][0]["field"] == "stage"
    move = {"to": "Interview", "expected": "Applied", "reason": "R"}
    moved = client.post(f"/api/v1/applicants/{one.id}/move", json=move)
    assert moved.status_code == 200 and moved.json["stage"] == "Interview"
    assert [m["stage"] for m in moved.json["moves"]] == ["Applied", "Interview"]
    late = client_for("admin").post(
        f"/api/v1/applicants/{one.id}/move", json={**move, "to": "Left"}
    )
    assert late.status_code == 409 and "Mona Manager" in late.json["detail"]
    assert client_for("labeller").get("/api/v1/applicants").status_code == 403


def test_only_people_of_the_project_see_its_applicants(client_for, session, make, manager):
    project = make.project()
    make.member(project, manager)
    own = opened(session, manager, project_id=project.id)
    one = applied(session, own, name="Hidden Person")
    session.commit()
    stranger = client_for("onboarding_manager")
    for path in ("", "/table", "/table.csv"):
        assert "Hidden Person" not in stranger.get(f"/onboarding/pipeline{path}").text
    assert stranger.get(f"/onboarding/pipeline/{one.id}").status_code == 404
    form = {"applicant": f"{one.id}:{one.stage_id}", "to": stage(session, "Left").id}
    page = stranger.get(stranger.post("/onboarding/pipeline/moves", data=form).location)
    assert "Nobody was moved" in page.text
    assert listing.every(session, manager, listing.Asked(), one.applied_at) == [one]
