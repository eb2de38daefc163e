"""Applicants forgotten: what erasure leaves, and what is exported of them."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from ops import certificates, clock_time, erasure, notices, pay, people, teams
from ops.applicants import (
    duplicates,
    forgetting,
    letters,
    notes,
    own_data,
    posting,
)
from ops.errors import Conflict
from ops.models import Absence, Notice, Project
from quality import proposals
from quality.onboarding import course_steps, courses
from scheduling.rules import firings
from tests.applying import applied, moves, opened, taken_on, to

TEXTS = text(
    """SELECT c.relname AS relation, a.attname AS name FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND a.attnum > 0
         AND NOT a.attisdropped
         AND a.atttypid::regtype::text IN
             ('text', 'character varying', 'jsonb', 'json', 'text[]', 'character varying[]')"""
)


def traces(session, *said):
    """Where one of these words stands in any text column of any table."""
    found = []
    pattern = "|".join(said)
    for relation, name in [tuple(row) for row in session.execute(TEXTS)]:
        query = f'SELECT count(*) FROM "{relation}" WHERE "{name}"::text ~* :said'
        if session.execute(text(query), {"said": pattern}).scalar_one():
            found.append(f"{relation}.{name}")
    return sorted(found)


PRIVATE = ("zelda", "quux", "nairobi", "kenya", "swahili", "birds before", "tablet", "soft voice")


def written_of(session, opening, manager):
    """An applicant of whom things were written everywhere, and another of whom nothing was."""
    zelda = applied(
        session, opening, name="Zelda Quux", email="zelda.quux@example.com", languages=["Swahili"]
    )
    plain = {
        "country": "Chile",
        "timezone": "UTC",
        "equipment": [],
        "about": "",
        "days": ["Monday"],
    }
    other = applied(
        session, opening, name="Other One", email="o@example.com", languages=["Twi"], **plain
    )
    notes.add(session, zelda, "A soft voice.", by=manager)
    notes.add(session, other, "Friend of zelda quux (zelda.quux@example.com).", by=manager)
    posting.write(session, zelda, "For Zelda Quux", "Dear Zelda Quux", key="k", by=manager)
    to(session, zelda, "Screened", manager, reason="Zelda Quux has a soft voice")
    to(session, other, "Screened", manager, reason="Like Zelda Quux")
    notices.tell(session, manager, key="n", text="Zelda Quux called.")
    return zelda, other


def test_erasure_leaves_a_pseudonym_moves_and_dates_and_no_trace(session, opening, manager, make):
    zelda, other = written_of(session, opening, manager)
    repeat = applied(session, opening, name="Zelda Q. Quux", email="zq@example.com")
    duplicates.merge(session, zelda.id, repeat.id, by=manager)
    assert len(traces(session, *PRIVATE)) > 10
    before = [(m.to_stage_id, m.at) for m in moves(session, zelda)]
    forgetting.ask(session, zelda), forgetting.ask(session, zelda)
    asked = select(Notice).where(Notice.key == f"erasure-asked:{zelda.id}")
    assert [n.user_id for n in session.scalars(asked)] == [manager.id]
    forgetting.erase(session, zelda.id, by=manager)
    session.expire_all()
    assert traces(session, *PRIVATE) == []
    assert zelda.stage.meaning == repeat.stage.meaning == "left"
    assert [(m.to_stage_id, m.at) for m in moves(session, zelda)][:2] == before
    assert notes.of(session, other)[0].body == "Friend of Erased person (Erased person)."
    with pytest.raises(Conflict, match="erased meanwhile"):
        to(session, zelda, "Interview", manager)
    with pytest.raises(Conflict, match="data was erased"):
        notes.add(session, zelda, "Zelda again", by=manager)
    with pytest.raises(Conflict, match="data was erased"):
        posting.write(session, zelda, "Dear Zelda", "Hello", key="late", by=manager)


def test_what_many_read_names_them_no_more_and_frozen_records_are_all_that_is_left(
    session, make, manager
):
    """Courses, openings, letters, proposals, reasons: what is left is about pay, or a team."""
    floor = make.floor(assets=2)
    project, me, admin = floor.project, floor.labellers[0], make.user(role="admin")
    me.name, me.email = "Zelda Quux", "zelda.quux@example.com"
    said = "As Zelda Quux (zelda.quux@example.com) says."
    opened(session, manager, title="Ask Zelda Quux", markdown=said, consent=said)
    letters.save(session, None, name="L", subject=said, body=said, stage=None, by=manager)
    course = courses.create(session, project, {"title": said, "purpose": said}, admin)
    choices = [{"text": said, "right": True, "why": said}, {"text": "No", "right": False}]
    quiz = {"title": "Zelda Quux asks", "markdown": said}
    quiz["questions"] = [{"question": f'"{said}" \\ ü', "choices": choices}]
    step = course_steps.add(session, course, "quiz", quiz, admin)
    client = make.user("client", organisation_id=project.organisation_id)
    label = {"class": "a"}
    asked = proposals.propose(session, project, floor.assets[0], label, client, remark=said)
    proposals.decline(session, project, asked, admin, said)
    firing = make.firing(make.rule(project), me)
    firings.settle(session, firing, uphold=False, why=said, by=admin)
    teams.create(session, "Team of Zelda Quux", by=admin)
    day = clock_time.now().date() - timedelta(days=2)
    pay.adjust(
        session, me, day=day, amount=Decimal(1), currency="EUR", reason=said, by=admin
    )  # fmt: skip
    assert len(traces(session, "zelda")) > 12
    people.deactivate(session, me, by=admin)
    erasure.erase(session, me, by=admin)
    session.expire_all()
    assert traces(session, "zelda") == ["pay_adjustment.reason", "team.name"]
    assert step.content[0]["question"] == '"As Erased person (Erased person) says." \\ ü'
    assert step.content[0]["choices"][0]["right"] is True


def test_an_account_is_erased_with_its_application(session, make, manager):
    applicant, user = taken_on(session, make, manager)
    admin = make.user(role="admin")
    with pytest.raises(Conflict, match="has an account"):
        forgetting.erase(session, applicant.id, by=manager)
    user.name = "Renamed Quux"
    notes.add(session, applicant, f"{applicant.name} is Renamed Quux", by=manager)
    # Their time zone stays where their days were counted by it: it names nobody.
    said = (applicant.name, applicant.email, "renamed", "kenya", "broken leg")
    day = clock_time.now().date()
    asked = {"kind": "sick", "first_day": day, "last_day": day, "note": "A broken leg"}
    session.add(Absence(user_id=user.id, asked_at=clock_time.now(), state="asked", **asked))
    people.deactivate(session, user, by=manager)
    erasure.erase(session, user, by=admin)
    session.expire_all()
    assert traces(session, *said) == []
    assert applicant.erased_at is not None and applicant.user_id == user.id


def test_a_name_that_is_a_word_tears_no_holes_into_texts(session, opening, manager):
    odd = applied(session, opening, name="the")
    other = applied(session, opening)
    notes.add(session, other, "Reads the guideline.", by=manager)
    forgetting.erase(session, odd.id, by=manager)
    session.expire_all()
    assert notes.of(session, other)[0].body == "Reads the guideline."


def test_all_that_is_held_is_exported_and_nothing_of_others(session, make, manager, opening):
    zelda, other = written_of(session, opening, manager)
    whole = json.dumps(own_data.by_manager(session, zelda, by=manager)).lower()
    for private in PRIVATE:
        assert private in whole, private
    assert other.name.lower() not in whole and manager.name.lower() not in whole
    applicant, user = taken_on(session, make, manager)
    skill = make.skill(name="Warblers")
    until = clock_time.now() + timedelta(days=3)
    certificates.grant(
        session, user=user, skill=skill, level=2, source="hand", by=manager, valid_until=until
    )
    account = own_data.collected(session, applicant)["account"]
    assert account["certificates"][0]["skill"] == "Warblers"
    assert account["attempts"] == [] and account["tasks_handed_in"] == 0
    project = session.get_one(Project, applicant.opening.project_id)
    assert [one["name"] for one in account["projects"]] == [project.name]
    json.dumps(account)
    # By a link in a letter nobody reads what lies behind the sign-in.
    held = own_data.by_own_link(session, applicant)
    assert "account" not in held and held["application"]["email"] == applicant.email
    # Nor does who may see neither their pay nor their other projects.
    for role, told in (("ops_lead", False), ("onboarding_manager", False), ("admin", True)):
        given = own_data.by_manager(session, applicant, by=make.user(role=role))
        assert ("account" in given) == told, role


def test_what_was_merged_is_exported_as_far_as_one_may_see_it(session, make, manager, opening):
    zelda = applied(session, opening, name="Zelda Quux")
    project, admin = make.project(), make.user(role="admin")
    hidden = opened(session, admin, title="Elsewhere", project_id=project.id)
    again = applied(session, hidden, name="Zelda Quux", about="Seen by few")
    duplicates.merge(session, zelda.id, again.id, by=admin)
    seen = {
        who.role: [one["application"]["about"] for one in given["merged"]]
        for who in (manager, admin)
        if (given := own_data.by_manager(session, zelda, by=who))
    }
    assert seen == {"onboarding_manager": [], "admin": ["Seen by few"]}
    assert duplicates.merged_into(session, zelda, manager) == []
