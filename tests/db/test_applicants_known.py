"""Applicants found twice, forgotten, and counted: duplicates, erasure, the funnel."""

import json
import math
import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import select, text

from ops import certificates, clock_time, erasure, notices, pay, people, teams
from ops.applicants import (
    duplicates,
    forgetting,
    keys,
    letters,
    moving,
    notes,
    own_data,
    posting,
    stages,
)
from ops.errors import Conflict
from ops.models import Absence, Applicant, ApplicantMove, Notice, PipelineStage, Project
from quality import proposals
from quality.measures.classes import rate
from quality.onboarding import course_steps, courses, funnel
from scheduling.rules import firings
from tests.applying import applied, opened
from tests.db.test_applicants import taken_on, to


@pytest.fixture
def manager(make):
    return make.user(role="onboarding_manager")


@pytest.fixture
def opening(session, manager):
    return opened(session, manager)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann.Lee+work@GoogleMail.com", "annlee@gmail.com"),
        ("ann+1@outlook.com", "ANN@outlook.com"),
    ],
)
def test_two_ways_to_write_one_mailbox(one, other):
    assert keys.email_key(one) == keys.email_key(other)


def test_unknown_providers_may_tell_dots_and_plus_apart():
    assert keys.email_key("a.b+c@example.com") == "a.b+c@example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Văn An", "an van nguyen"),
        ("Łukasz Żółć", "ZOLC, Lukasz"),
        ("Weiß Jörg", "joerg weiss".replace("oe", "o")),
        ("Ａｎｎ Lee", "Lee Ann"),
    ],
)
def test_two_ways_to_write_one_name(one, other):
    assert keys.name_key(one) == keys.name_key(other)


def why(session, manager):
    return {(p.one.name, p.other.name): p.why for p in duplicates.pairs(session, manager)}


def test_duplicates_are_found_and_said_why_and_decided_on(session, opening, manager, make):
    apply = lambda name, **more: applied(session, opening, name=name, **more)  # noqa: E731
    ann = apply("Ann Leeland", email="ann.leeland@gmail.com", country="Ghana", timezone="UTC")
    again = apply("A. L.", email="annleeland+2@gmail.com", country="Peru", timezone="Asia/Tokyo")
    jon, john = apply("Jonathan Smith"), apply("Jonathon Smith", timezone="Africa/Lagos")
    far = apply("Jonathan Smith", country="Chile", timezone="America/Santiago")
    apply("王小明"), apply("李小红")
    found = why(session, manager)
    assert found == {
        ("Ann Leeland", "A. L."): ["addresses of the same mailbox"],
        ("Jonathan Smith", "Jonathon Smith"): ["names 93 % alike", "same country"],
    }
    assert [p.other for p in duplicates.of(session, manager, jon)] == [john]
    assert duplicates.of(session, manager, far) == []
    # Every pair that a plain loop finds, and no other.
    rows = session.scalars(select(Applicant).order_by(Applicant.id)).all()
    loop = {(a.id, b.id) for a in rows for b in rows if a.id < b.id and duplicates.shared(a, b)}
    assert loop == {(p.one.id, p.other.id) for p in duplicates.pairs(session, manager)}

    duplicates.keep_apart(session, john.id, jon.id, by=manager)
    duplicates.merge(session, ann.id, again.id, by=manager)
    assert why(session, manager) == {}
    assert duplicates.merged_into(session, ann) == [again]
    with pytest.raises(Conflict, match="meanwhile"):
        duplicates.merge(session, jon.id, again.id, by=manager)
    duplicates.unmerge(session, again.id, by=manager)
    assert list(why(session, manager)) == [("Ann Leeland", "A. L.")]
    again.user_id = make.user().id
    with pytest.raises(Conflict, match="keep this one"):
        duplicates.merge(session, ann.id, again.id, by=manager)


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
    before = [(m.to_stage_id, m.at) for m in moves_of(session, zelda)]
    forgetting.ask(session, zelda), forgetting.ask(session, zelda)
    asked = select(Notice).where(Notice.key == f"erasure-asked:{zelda.id}")
    assert [n.user_id for n in session.scalars(asked)] == [manager.id]
    forgetting.erase(session, zelda.id, by=manager)
    session.expire_all()
    assert traces(session, *PRIVATE) == []
    assert zelda.stage.meaning == repeat.stage.meaning == "left"
    assert [(m.to_stage_id, m.at) for m in moves_of(session, zelda)][:2] == before
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


def moves_of(session, applicant):
    rows = select(ApplicantMove).where(ApplicantMove.applicant_id == applicant.id)
    return session.scalars(rows.order_by(ApplicantMove.id)).all()


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


def _random_moves(session, opening, manager):
    """Sixty applicants wander about over ninety days, some back, some out."""
    draw, all_stages = random.Random(7), list(stages.listed(session))
    start = clock_time.now() - timedelta(days=90)
    for _ in range(60):
        hours = draw.randrange(24 * 60)
        clock_time.use((start + timedelta(hours=hours)).timestamp)
        applicant = applied(session, opening)
        for _ in range(draw.randrange(6)):
            hours += draw.randrange(1, 200)
            clock_time.use((start + timedelta(hours=hours)).timestamp)
            going = draw.choice([s for s in all_stages if s.id != applicant.stage_id])
            moving.enter(session, applicant, going, by=manager)
    clock_time.use(None)


def test_the_funnel_is_what_a_plain_loop_over_moves_counts(session, opening, manager, make):
    _random_moves(session, opening, manager)
    merged = applied(session, opening)
    merged.same_as = session.scalars(select(Applicant.id)).first()
    session.flush()
    at = clock_time.now() - timedelta(days=30)
    mine = defaultdict(list)
    for move in session.scalars(
        select(ApplicantMove)
        .where(ApplicantMove.at <= at, ApplicantMove.applicant_id != merged.id)
        .order_by(ApplicantMove.at, ApplicantMove.id)
    ):
        mine[move.applicant_id].append(move)
    stage_of = {s.id: s for s in session.scalars(select(PipelineStage))}
    got = funnel.steps(session, manager, at)
    assert [s.stage for s in got] == list(stages.listed(session))
    for step in got:
        own, reached, here, on, back, dropped, days = step.stage, set(), 0, 0, 0, 0, []
        for who, path in mine.items():
            for move, after in zip(path, [*path[1:], None], strict=True):
                if move.to_stage_id != own.id:
                    continue
                reached.add(who)
                if after is None:
                    here += 1
                    continue
                days.append((after.at - move.at).total_seconds() / 86400)
                to = stage_of[after.to_stage_id]
                if to.meaning == "left":
                    dropped += 1
                elif to.position > own.position:
                    on += 1
                else:
                    back += 1
        assert (step.reached, step.here, step.ended) == (len(reached), here, len(days))
        assert (step.on, step.back) == (on, back)
        wanted = np.quantile(days, [0.25, 0.5, 0.75]) if days else [None] * 3
        for value, want in zip(
            (step.low_days, step.median_days, step.high_days), wanted, strict=True
        ):
            assert value is None if want is None else math.isclose(value, want)
        np.testing.assert_equal(step.dropped, rate(dropped, len(days)))
    assert sum(s.here for s in got) == len(mine)
    stranger_sees = funnel.steps(session, make.user(role="ops_lead"), at, opening.id + 1)
    assert all(s.reached == 0 and math.isnan(s.dropped.value) for s in stranger_sees)
