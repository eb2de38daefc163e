"""The pages on which managers invite, certify and let go."""

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ops import certificates, clock_time, people, staff
from ops.models import AuditEntry, Certificate, Organisation, ProjectMember, User
from tests.http import Client

HEADER = "email,name,role,skills,projects\n"


def count(session, table):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(table))


def invitations(page):
    return re.findall(r'value="http[^"]*(/link/[^"]+)"', page.text)


def table(client, text):
    return client.post("/people/import", data={"csv": text})


def test_one_person_is_invited_with_certificates_and_projects(client_for, make, session, app):
    lead, skill, project = make.user("ops_lead"), make.skill(), make.project()
    make.member(project, lead)
    client = client_for(lead)
    form = {"name": "Bo", "email": "bo@example.com", "role": "labeller", "projects": project.id}
    form |= {f"level-{skill.id}": "3", "valid_until": "2999-01-31"}
    answer = client.post("/people/new", data=form)
    assert answer.status_code == 201
    (path,) = invitations(answer)

    bo = session.scalars(select(User).where(User.email == "bo@example.com")).one()
    assert certificates.valid(session, bo.id, clock_time.now()) == {skill.id: 3}
    assert session.get(ProjectMember, (project.id, bo.id))
    assert path not in client.get(f"/people/{bo.id}").text
    actions = set(
        session.scalars(select(AuditEntry.action).where(AuditEntry.actor == lead.pseudonym))
    )
    assert {
        "user.created",
        "user.invited",
        "certificate.granted",
        "project.member_added",
    } <= actions

    visitor = Client(app)
    visitor._remember(visitor.get(path))
    assert visitor.post(path, data={"password": "four unrelated words"}).status_code == 303
    assert visitor.get("/account").status_code == 200


def test_a_refused_form_keeps_what_was_typed_and_creates_nothing(client_for, make, session):
    skill = make.skill()
    client = client_for("admin")
    before = count(session, User)
    form = {"name": "Bo", "email": "nonsense", "role": "labeller", f"level-{skill.id}": "2"}
    answer = client.post("/people/new", data=form | {"valid_until": "2999-01-31"})
    assert answer.status_code == 422
    assert 'id="email-fault"' in answer.text
    assert 'value="nonsense"' in answer.text
    assert count(session, User) == before
    assert count(session, Certificate) == 0


def test_a_client_brings_their_organisation(client_for, session):
    client = client_for("admin")
    form = {"name": "Cy", "email": "cy@example.com", "role": "client"}
    alone = client.post("/people/new", data=form)
    assert alone.status_code == 422
    assert 'id="organisation-fault"' in alone.text
    assert client.post("/people/new", data=form | {"organisation": "Harbour"}).status_code == 201
    cy = session.scalars(select(User).where(User.email == "cy@example.com")).one()
    assert session.get(Organisation, cy.organisation_id).name == "Harbour"


@pytest.mark.parametrize("by", ["ops_lead", "onboarding_manager"])
@pytest.mark.parametrize("role", ["admin", "ops_lead"])
def test_only_an_admin_makes_admins_and_leads(client_for, session, by, role):
    client = client_for(by)
    form = {"name": "Eve", "email": "eve@example.com", "role": role}
    assert client.post("/people/new", data=form).status_code == 403
    refused = table(client, f"email,name,role\neve@example.com,Eve,{role}\n")
    assert refused.status_code == 422
    assert "may not make" in refused.text
    assert session.scalar(select(User.id).where(User.email == "eve@example.com")) is None


@pytest.mark.parametrize("action", ["link", "deactivate", "reopen"])
def test_a_manager_cannot_take_over_an_account_that_may_do_more(client_for, make, action):
    admin = make.user("admin")
    client = client_for("onboarding_manager")
    answer = client.post(f"/people/{admin.id}/{action}")
    assert answer.status_code == 403
    assert not invitations(answer)


def test_a_table_is_all_or_nothing_and_names_line_and_field(client_for, make, session):
    skill = make.skill(name="Animals")
    taken = make.user("labeller")
    client = client_for("admin")
    before = count(session, User)
    text = HEADER + (
        "good@example.com,Good,labeller,Animals:2,\n"
        "nonsense,Bad,labeller,,\n"
        f"{taken.email},Twice,labeller,,\n"
        "a@example.com,,pilot,,\n"
        "b@example.com,B,labeller,Animals:9;Ghosts:1,Nowhere\n"
        "GOOD@example.com,Again,labeller,,\n"
    )
    page = table(client, text)
    assert page.status_code == 422
    faults = set(re.findall(r"Line (\d+), (\w+):", page.text))
    assert faults == {
        ("3", "email"), ("4", "email"), ("5", "name"), ("5", "role"),
        ("6", "skills"), ("6", "projects"), ("7", "email"),
    }  # fmt: skip
    assert "stands on line 2 too" in page.text
    assert count(session, User) == before
    assert skill.name in page.text


def test_a_good_table_invites_everybody(client_for, make, session):
    make.skill(name="Animals")
    client = client_for("admin")
    lines = "".join(f'p{i}@example.com,"Person, {i}",labeller,animals:{i},\n' for i in range(1, 4))
    answer = table(client, "\ufeff" + HEADER + lines)
    assert answer.status_code == 201, answer.text
    assert len(set(invitations(answer))) == 3
    held = session.execute(
        select(User.name, Certificate.level).join(Certificate, Certificate.user_id == User.id)
    )
    assert sorted(map(tuple, held)) == [(f"Person, {i}", i) for i in range(1, 4)]


def test_a_file_is_as_good_as_a_paste_if_it_is_utf_8(client_for, session):
    client = client_for("admin")
    line = "email,name,role\nzoe@example.com,Zoë,labeller\n"

    def send(content):
        data = {"csv": "", "file": (io.BytesIO(content), "people.csv")}
        return client.post("/people/import", data=data)

    refused = send(line.encode("latin-1"))
    assert refused.status_code == 422
    assert "not UTF-8" in refused.text
    assert send(line.encode()).status_code == 201
    assert session.scalar(select(User.name).where(User.email == "zoe@example.com")) == "Zoë"


@pytest.mark.parametrize(
    "text",
    ["", "email,name\na@example.com,A\n", "email,name,role,shoe\na,b,c,d\n", HEADER, '"'],
    ids=["nothing", "column missing", "column unknown", "no lines", "broken"],
)
def test_what_is_no_such_table_is_refused_with_a_reason(client_for, text):
    page = table(client_for("admin"), text)
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_people_are_found_by_text_role_and_valid_skill(client_for, make, session):
    skill, other = make.skill(), make.skill()
    kay = make.user("labeller", name="Kay 100%")
    make.user("reviewer", name="Lou 1000")
    make.certificate(kay, skill)
    client = client_for("onboarding_manager")

    def found(**asked):
        page = client.get("/people", query_string=asked).text
        return {name for name in ("Kay 100%", "Lou 1000") if f">{name}</a>" in page}

    assert found() == {"Kay 100%", "Lou 1000"}
    assert found(q="100%") == {"Kay 100%"}, "% is a letter like any other"
    assert found(role="reviewer") == {"Lou 1000"}
    assert found(skill=skill.id) == {"Kay 100%"}
    assert found(skill=other.id) == set()
    assert found(closed="1") == set()
    clock_time.use((clock_time.now() + certificates.USUAL_VALIDITY / 2).timestamp)
    client = client_for("onboarding_manager")
    assert found(skill=skill.id) == set(), "ran out"


def test_the_list_costs_the_same_for_two_people_and_for_forty(client_for, make, count_queries):
    skill = make.skill()
    client = client_for("admin")

    def cost():
        count_queries.clear()
        assert client.get("/people").status_code == 200
        return len(count_queries)

    first = cost()
    for _ in range(40):
        make.certificate(make.user("labeller"), skill)
    make.session.commit()
    assert cost() == first


def test_a_certificate_is_granted_with_a_reason_and_revoked_with_one(client_for, make, session):
    skill, labeller = make.skill(), make.user("labeller")
    client = client_for("onboarding_manager")
    form = {"skill": skill.id, "level": "2", "valid_until": "2999-12-31"}
    address = f"/people/{labeller.id}/certificates"
    assert client.post(address, data=form).status_code == 422, "no reason"
    assert client.post(address, data=form | {"reason": "Exam"}).status_code == 303
    assert certificates.valid(session, labeller.id, clock_time.now()) == {skill.id: 2}
    number = session.scalar(select(Certificate.id))
    assert client.post(f"{address}/{number}/revoke", data={"reason": " "}).status_code == 422
    assert client.post(f"{address}/{number}/revoke", data={"reason": "Left"}).status_code == 303
    assert client.post(f"{address}/{number}/revoke", data={"reason": "Left"}).status_code == 409
    session.expire_all()
    assert certificates.valid(session, labeller.id, clock_time.now()) == {}
    assert session.get(Certificate, number).reason == "Exam; revoked: Left"


def test_the_highest_valid_certificate_counts(make, session):
    skill, labeller = make.skill(), make.user("labeller")
    for level, days in ((2, 30), (4, 10), (3, 60)):
        make.certificate(labeller, skill, level, days)
    now = clock_time.now()

    def level_after(days):
        at = now + certificates.USUAL_VALIDITY * days / 365
        return certificates.valid(session, labeller.id, at)

    assert level_after(1) == {skill.id: 4}
    assert level_after(11) == {skill.id: 3}
    assert level_after(61) == {}


def test_nobody_closes_their_own_account(client_for):
    client = client_for("admin")
    assert client.post(f"/people/{client.user.id}/deactivate").status_code == 409
    assert client.get("/account").status_code == 200


def test_every_role_is_managed_by_those_the_rules_name(make):
    may = {
        by: set(staff.roles_for(make.user(by)))
        for by in ("admin", "ops_lead", "onboarding_manager", "labeller")
    }
    assert may["admin"] > may["ops_lead"] > may["onboarding_manager"] > may["labeller"] == set()
    assert not {"admin", "ops_lead"} & may["ops_lead"]


def test_a_person_page_hides_projects_the_manager_does_not_see(client_for, make, session):
    labeller = make.user("labeller")
    mine, other = make.project(name="Mine"), make.project(name="Elsewhere")
    for project in (mine, other):
        make.member(project, labeller)
    lead = make.user("ops_lead")
    make.member(mine, lead)
    page = client_for(lead).get(f"/people/{labeller.id}").text
    assert "Mine" in page
    assert "Elsewhere" not in page


def test_an_invitation_can_be_made_again(client_for, session, make):
    invited = people.create(session, email="x@example.com", name="X", role="labeller")
    client = client_for("onboarding_manager")
    answer = client.post(f"/people/{invited.id}/link")
    assert answer.status_code == 201
    assert len(invitations(answer)) == 1


def test_a_labeller_becomes_a_reviewer_and_a_name_is_corrected(client_for, make, session):
    labeller, taken = make.user("labeller"), make.user("labeller")
    client = client_for("onboarding_manager")
    address = f"/people/{labeller.id}/change"
    form = {"name": "Bo Berg", "email": "BO@example.com", "role": "reviewer"}
    assert client.post(address, data=form).status_code == 303
    session.expire_all()
    assert (labeller.name, labeller.email, labeller.role) == (
        "Bo Berg",
        "bo@example.com",
        "reviewer",
    )
    assert client.post(address, data=form | {"role": "admin"}).status_code == 403
    twice = client.post(address, data=form | {"email": taken.email.upper()})
    assert twice.status_code == 422
    assert 'id="email-fault"' in twice.text
    assert client.post(address, data=form | {"role": "client"}).status_code == 403
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.changed")).one()
    assert set(entry.data["fields"]) == {"name", "email", "role"}
    assert "bo@example.com" not in str(entry.data), "the trail holds no personal data"


def test_erasing_leaves_the_work_and_not_the_name(client_for, make, session):
    labeller = make.user("labeller", name="Bo Berg", email="bo@example.com")
    make.certificate(labeller, make.skill())
    client = client_for("admin")
    assert client.post(f"/people/{labeller.id}/erase").status_code == 409, "still open"
    assert client.post(f"/people/{labeller.id}/deactivate").status_code == 303
    assert "Bo Berg is closed" in client.get(f"/people/{labeller.id}").text
    assert client_for("ops_lead").post(f"/people/{labeller.id}/erase").status_code == 403
    assert client.post(f"/people/{labeller.id}/erase").status_code == 303
    page = client.get(f"/people/{labeller.id}").text
    assert "Erased person" in page
    assert "Bo Berg" not in page
    assert client.post(f"/people/{labeller.id}/reopen").status_code == 409
    session.expire_all()
    assert labeller.email is None
    assert count(session, Certificate) == 1


def test_last_seen_is_noted_now_and_then_and_waits_for_nobody(client_for, session, sessions):
    client = client_for("admin")
    client.get("/account")
    session.expire_all()
    first = session.get(User, client.user.id).last_seen_at
    assert first is not None
    session.rollback()
    later = clock_time.now() + timedelta(minutes=6)
    clock_time.use(later.timestamp)
    with sessions() as other:
        other.execute(select(User.id).where(User.id == client.user.id).with_for_update())
        assert client.get("/account").status_code == 200, "the row is locked: not noted, no wait"
    assert client.get("/account").status_code == 200
    session.expire_all()
    assert session.get(User, client.user.id).last_seen_at == later
