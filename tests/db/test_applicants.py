"""Applying, moving, following facts; each verb as the pages call it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ops import certificates, clock_time, people
from ops.applicants import (
    applying,
    facts,
    listing,
    moving,
    notes,
    openings,
    stages,
    taking_on,
)
from ops.errors import Conflict, InvalidInput, NotFound, NotReady, TooMany
from ops.models import (
    Applicant,
    AuditEntry,
    PipelineStage,
    Project,
    ProjectMember,
    Skill,
)
from scheduling import dispatch, submit
from tests.applying import FORM, applied, moves, opened, stage, taken_on, to
from tests.db.test_mail import jobs, post  # noqa: F401 - a mail server


def test_one_form_sent_twice_is_one_application(session, opening):
    first = applying.apply(session, opening, FORM, "a-key-of-16-chars")
    again = applying.apply(session, opening, {**FORM, "name": "Other"}, "a-key-of-16-chars")
    assert again is first and first.name == "Zelda Quux"
    assert first.stage.meaning == "begin" and len(moves(session, first)) == 1
    assert first.availability == {"hours_per_week": 20, "days": ["Monday", "Friday"]}
    assert first.consent == opening.consent and first.consent_at == first.applied_at
    # The key alone leads nobody to what is held of another.
    for email in ("other@example.com", "nobody", ""):
        with pytest.raises(InvalidInput, match="once more"):
            applying.apply(session, opening, {**FORM, "email": email}, "a-key-of-16-chars")


WRONG = (
    ({"name": " "}, "name"),
    ({"email": "nobody"}, "email"),
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"languages": []}, "languages"),
    ({"hours_per_week": "many"}, "hours_per_week"),
    ({"days": ["Someday"]}, "days"),
    ({"consent": False}, "consent"),
    ({"about": "\0"}, "about"),
)


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(session, opening):
    for wrong, field in WRONG:
        with pytest.raises(InvalidInput) as refused:
            applying.apply(session, opening, {**FORM, **wrong}, "a-key-of-16-chars")
        assert [fault["field"] for fault in refused.value.errors] == [field]
    assert session.scalar(select(func.count()).select_from(Applicant)) == 0


def test_a_closed_or_past_opening_takes_nobody(session, opening, manager):
    openings.set_open(session, opening, False, by=manager)
    with pytest.raises(NotFound, match="closed"):
        applying.apply(session, opening, FORM, "a-key-of-16-chars")
    openings.set_open(session, opening, True, by=manager)
    opening.closes_at = clock_time.now() - timedelta(seconds=1)
    assert not openings.takes(opening)


def test_an_address_that_sends_many_forms_waits_and_sign_in_does_not(session, sessions):
    for _ in range(applying.FORMS_PER_ADDRESS):
        applying.throttle(session, "10.0.0.1")
    with pytest.raises(TooMany):
        applying.throttle(session, "10.0.0.1")
    applying.throttle(session, "10.0.0.2")
    session.commit()
    with pytest.raises(Exception, match="password is wrong"):
        people.authenticate(sessions, "a@example.com", "x" * 12, "10.0.0.1")


def test_the_second_of_two_who_move_an_applicant_is_told_who_was_first(
    session, opening, make, manager
):
    applicant, other = applied(session, opening), make.user(role="admin", name="Other Manager")
    first = applicant.stage_id
    moving.move(session, applicant.id, stage(session, "Interview"), expected=first, by=other)
    with pytest.raises(Conflict, match="moved to Interview by Other Manager"):
        moving.move(session, applicant.id, stage(session, "Left"), expected=first, by=manager)
    assert applicant.stage.name == "Interview" and len(moves(session, applicant)) == 2
    # A second click of the same person is no conflict, and no second move.
    moving.move(session, applicant.id, stage(session, "Interview"), expected=first, by=other)
    assert len(moves(session, applicant)) == 2


def test_many_are_moved_at_once_and_those_who_are_elsewhere_stay(session, opening, manager):
    three = [applied(session, opening) for _ in range(3)]
    begin = three[0].stage_id
    to(session, three[1], "Left", manager)
    done = moving.move_many(
        session,
        {a.id: begin for a in three},
        stage(session, "Screened"),
        by=manager,
        reason="Read by two",
    )
    assert [a.id for a in done.moved] == [three[0].id, three[2].id]
    assert done.elsewhere == [three[1]] and three[1].stage.name == "Left"
    assert moves(session, three[0])[-1].reason == "Read by two"


def test_stages_are_shaped_by_managers_and_facts_keep_theirs(session, opening, manager):
    applicant = applied(session, opening)
    names = lambda: [s.name for s in stages.listed(session)]  # noqa: E731
    added = stages.add(session, name="Trial day", before=stage(session, "Assessment"), by=manager)
    assert names().index("Trial day") == names().index("Assessment") - 1
    stages.shift(session, added, 1, by=manager)
    assert names().index("Trial day") == names().index("Assessment") + 1
    stages.shift(session, added, -99, by=manager)
    assert names()[:2] == ["Applied", "Trial day"]
    stages.rename(session, added, "Trial week", by=manager)
    to(session, applicant, "Trial week", manager)
    with pytest.raises(Conflict, match="Somebody is in"):
        stages.remove(session, added, by=manager)
    to(session, applicant, "Left", manager)
    stages.remove(session, added, by=manager)
    assert "Trial week" not in names() and session.get(PipelineStage, added.id).removed_at
    with pytest.raises(InvalidInput, match="no longer in use"):
        moving.move(session, applicant.id, added, expected=applicant.stage_id, by=manager)
    assert (
        stages.add(session, name="Trial week", before=stage(session, "Left"), by=manager) is added
    )
    for needed in ("Certified", "Active", "Paused"):
        with pytest.raises(Conflict, match="facts lead there"):
            stages.remove(session, stage(session, needed), by=manager)
    declined = stages.add(
        session, name="Declined", before=stage(session, "Left"), meaning="left", by=manager
    )
    assert stages.first_of(session, "left") is declined
    to(session, applicant, "Declined", manager)
    stages.remove(session, stage(session, "Left"), by=manager)
    with pytest.raises(Conflict, match="is a stage called"):
        stages.add(session, name="certified", before=declined, by=manager)


def test_whoever_is_taken_on_is_a_labeller_of_the_project_with_an_invitation(
    session, make, manager
):
    project = make.project()
    make.member(project, manager)
    opening = opened(session, manager, project_id=project.id)
    applicant = applied(session, opening, name="New Hand", email="new.hand@example.com")
    with pytest.raises(NotReady, match="from Assessment on"):
        taking_on.take_on(session, applicant.id, by=manager)
    to(session, applicant, "Assessment", manager)
    _, user, secret = taking_on.take_on(session, applicant.id, by=manager)
    assert (user.name, user.email, user.role) == ("New Hand", "new.hand@example.com", "labeller")
    assert user.timezone == "Africa/Nairobi"
    assert session.get(ProjectMember, (project.id, user.id)) is not None
    assert people.link_holder(session, secret)[1] is user
    with pytest.raises(Conflict, match="has an account already"):
        taking_on.take_on(session, applicant.id, by=manager)


def test_a_manager_of_another_project_sees_no_applicant_of_it(session, make, manager):
    applicant, _ = taken_on(session, make, manager)
    stranger = make.user(role="onboarding_manager")
    with pytest.raises(NotFound):
        taking_on.take_on(session, applicant.id, by=stranger)
    with pytest.raises(InvalidInput):
        to_left = {applicant.id: applicant.stage_id}
        moving.move_many(session, to_left, stage(session, "Left"), by=stranger)
    found = listing.query(stranger, listing.Asked(), clock_time.now())
    assert session.scalars(found).all() == []


def test_the_certificate_of_the_opening_certifies_and_the_first_task_makes_active(
    session, sessions, make, manager
):
    applicant, user = taken_on(session, make, manager)
    skill = make.skill()
    until = clock_time.now() + timedelta(days=9)
    held = {"level": 1, "source": "hand", "by": manager, "valid_until": until}
    certificates.grant(session, user=user, skill=skill, **held)
    assert applicant.stage.name == "Assessment", "a skill nobody asked for"
    own = session.get_one(Project, applicant.opening.project_id).skill_id
    certificates.grant(session, user=user, skill=session.get_one(Skill, own), **held)
    assert applicant.stage.name == "Certified"
    session.commit()
    assert facts.follow(sessions) == 0
    work = dispatch.claim(session, user)
    answer = {"label": {"class": "a"}, "key": "k" * 12, "revision": 0, "active_ms": 0, "tab": "t"}
    submit.submit(session, user, work.token, **answer)
    session.commit()
    assert facts.follow(sessions) == 1
    session.expire_all()
    assert applicant.stage.name == "Active"
    to(session, applicant, "Training", manager)
    session.commit()
    assert facts.follow(sessions) == 0, "whom a manager put back stays there"
    to(session, applicant, "Active", manager)
    people.deactivate(session, user, by=manager)
    session.commit()
    assert facts.follow(sessions) == 1
    session.expire_all()
    assert applicant.stage.name == "Left"
    people.reopen(session, user, by=manager)
    session.commit()
    assert facts.follow(sessions) == 1 and facts.follow(sessions) == 0
    session.expire_all()
    assert applicant.stage.name == "Active"


def test_paused_everywhere_is_paused_but_a_managers_word_stands(session, sessions, make, manager):
    applicant, user = taken_on(session, make, manager)
    to(session, applicant, "Active", manager)
    member = session.get(ProjectMember, (applicant.opening.project_id, user.id))
    member.suspended_at = clock_time.now()
    session.commit()
    assert facts.follow(sessions) == 1
    session.expire_all()
    assert applicant.stage.name == "Paused"
    member.suspended_at = None
    session.commit()
    assert facts.follow(sessions) == 1
    session.expire_all()
    to(session, applicant, "Paused", manager)
    session.commit()
    assert facts.follow(sessions) == 0


def test_the_table_is_narrowed_and_sorted_by_what_is_asked(session, opening, manager):
    now = clock_time.now()
    old = applied(session, opening, name="Old Hand", languages=["Twi"])
    applied(session, opening, name="100% Young", languages=["English"])
    old.stage_since = now - timedelta(days=10)
    session.flush()
    ask = lambda **asked: [  # noqa: E731
        a.name for a in listing.every(session, manager, listing.Asked(**asked), now)
    ]
    assert ask() == ["Old Hand", "100% Young"]
    assert ask(days=10) == ask(language="Twi") == ask(text="hand") == ["Old Hand"]
    assert ask(text="%") == ["100% Young"]
    assert ask(sort="name") == ["100% Young", "Old Hand"]
    assert ask(stage_id=stage(session, "Left").id) == []
    board = listing.board(session, manager, listing.Asked(), now)
    assert [(c.stage.name, c.total) for c in board][:2] == [("Applied", 2), ("Screened", 0)]
    assert [c.name for c in board[0].cards] == ["Old Hand", "100% Young"]
    assert listing.languages(session, manager) == ["English", "Twi"]


def test_what_is_done_is_recorded_under_pseudonyms(session, opening, manager):
    applicant = applied(session, opening, name="Zelda Quux", email="zelda@example.com")
    notes.add(session, applicant, "Zelda Quux sounds good.", by=manager)
    to(session, applicant, "Interview", manager, reason="Zelda Quux is good")
    found = session.scalars(select(AuditEntry)).all()
    said = [e.action for e in found if e.subject == f"applicant:{applicant.pseudonym}"]
    assert said == ["applicant.applied", "applicant.noted", "applicant.moved"]
    assert "zelda" not in " ".join(str(e.data) for e in found).lower()
