"""Certificates run out: told ahead, earned anew, cut short by a fallen standing; work follows."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ops import certificates, certificates_ending, clock_time, projects, skills
from ops.errors import Conflict, InvalidInput
from ops.models import AuditEntry, Certificate, Notice
from quality import gold, requalifying, trust
from quality.models import Evidence, GoldVersion
from quality.onboarding import assessments, attempts, results
from scheduling import dispatch
from tests.db.answering import answer

DAY = timedelta(days=1)


@pytest.fixture
def floor(session, make, clock):
    """A project that asks for its skill, an assessment of it, and a labeller who holds it."""
    made = make.floor(assets=60)
    made.manager, made.who = make.user(role="onboarding_manager"), made.labellers[0]
    projects.require(session, made.project, "label", {made.project.skill_id: 1}, by=made.manager)
    for asset in make.assets(made.batch, 6):
        gold.make(session, made.project, asset, [{"class": "a"}], None)
    terms = {"title": "Entry", "questions": 3, "pass_mark": 0.6, "attempts": 1, "valid_days": 100}
    made.test = assessments.create(
        session, made.project, made.project.skill, terms, made.manager
    )  # fmt: skip
    session.commit()
    return made


def passed(session, floor):
    attempt = attempts.begin(session, floor.test, floor.who)
    while question := attempts.show(session, attempt):
        key = session.get(GoldVersion, question.gold_version_id).answers[0]["class"]
        attempts.answer(session, attempt, question.token, {"class": key})
    session.refresh(attempt)
    session.commit()
    return session.get(Certificate, attempt.certificate_id)


def may_work(session, floor):
    given = dispatch.claim(session, floor.who, project_id=floor.project.id)
    session.rollback()
    return given is not None


def notices(session, who):
    return session.scalar(select(func.count()).where(Notice.user_id == who.id))


def test_it_is_told_ahead_earned_anew_and_work_follows(session, sessions, clock, floor):
    assert not may_work(session, floor)
    first = passed(session, floor)
    assert may_work(session, floor)
    with pytest.raises(Conflict, match="hold this certificate"):
        attempts.begin(session, floor.test, floor.who)
    told = {}
    for day in range(100):
        certificates_ending.watch(sessions)
        certificates_ending.watch(sessions)
        told[day] = notices(session, floor.who), notices(session, floor.manager)
        offer = results.offers(session, floor.who)[0]
        assert offer.ends_at == (first.valid_until if day >= 70 else None)
        clock(days=1)
    changes = [day for day in range(1, 100) if told[day] != told[day - 1]]
    assert changes == [70, 93, 99] and told[99] == (3, 3)
    assert not may_work(session, floor)  # it ran out at this moment
    session.refresh(first)
    assert first.requalify_from == first.valid_until - 30 * DAY
    (offer,) = results.offers(session, floor.who)
    assert offer.left == 1 and offer.ends_at is None  # it ran out
    second = passed(session, floor)  # one attempt is allowed, and one since it was opened
    assert second.id != first.id and may_work(session, floor)
    certificates.revoke(session, second, by=floor.manager, reason="shared an account")
    session.commit()
    assert not may_work(session, floor)


def test_what_better_covers_is_not_told_and_short_ones_open_late(session, sessions, make, clock):
    who, manager, skill = make.user(), make.user(role="onboarding_manager"), make.skill()
    covered = make.certificate(who, skill, days=20)
    make.certificate(who, skill, level=2, days=200)
    week = make.certificate(make.user(), skill, days=8)
    session.commit()
    assert certificates_ending.watch(sessions) == 0
    clock(days=4)
    assert certificates_ending.watch(sessions) == 1 and notices(session, manager) == 1
    session.refresh(week)
    session.refresh(covered)
    assert week.requalify_from is not None and covered.requalify_from is None


def judged(session, floor, n, wrong, start=0):
    """Gold evidence of `n` of the holder's answers, every so many of them wrong."""
    at = clock_time.now()
    for i, task in enumerate(floor.tasks[start : start + n]):
        given = answer(session, task, floor.who, "a", at=at)
        session.add(
            Evidence(
                labeller_id=floor.who.id, skill_id=floor.project.skill_id, classes=3, kind="gold",
                project_id=floor.project.id, assignment_id=given.id, at=at,
                correct=float(i % n >= wrong),
            )
        )  # fmt: skip
    session.flush()
    trust.recompute(session, [(floor.who.id, floor.project.skill_id)])
    session.commit()


def test_a_standing_that_fell_cuts_it_short_until_it_is_earned_anew(
    session, sessions, clock, floor
):
    first, skill = passed(session, floor), floor.project.skill
    clock(hours=1)
    judged(session, floor, 30, 18)
    trust.publish_daily(sessions)
    assert requalifying.look(sessions) == 0  # the skill asks nothing
    skills.set_requalifying(session, skill, below=0.8, days=10, by=floor.manager)
    session.commit()
    assert (requalifying.look(sessions), requalifying.look(sessions)) == (1, 0)
    session.refresh(first)
    assert first.valid_until == clock_time.now() + 10 * DAY and "18 were wrong" in (
        first.requalify_reason
    )
    assert (notices(session, floor.who), notices(session, floor.manager)) == (1, 1)
    audited = session.scalar(select(AuditEntry).where(AuditEntry.action == "certificate.shortened"))
    assert audited.data["judged"] == 30 and audited.data["high"] < 0.8
    assert may_work(session, floor)
    clock(days=10)
    assert not may_work(session, floor)
    passed(session, floor)
    assert may_work(session, floor)
    trust.publish_daily(sessions)
    assert requalifying.look(sessions) == 0  # the old answers count no more
    clock(hours=1)
    judged(session, floor, 30, 3, start=30)
    clock(days=1)
    trust.publish_daily(sessions)
    assert requalifying.look(sessions) == 0


def test_bars_and_dates_are_checked(session, make, clock, floor):
    skill, manager = floor.project.skill, floor.manager
    for below, days, field in ((1.0, 3, "requalify_below"), (0.5, 0, "requalify_days")):
        with pytest.raises(InvalidInput) as refused:
            skills.set_requalifying(session, skill, below=below, days=days, by=manager)
        assert refused.value.field == field
    held = passed(session, floor)
    until = clock_time.now() + DAY
    with pytest.raises(InvalidInput):
        certificates.shorten(session, held, until=until, reason="", by=manager)
    certificates.shorten(session, held, until=until, reason="leaves for a while", by=manager)
    with pytest.raises(Conflict):
        certificates.shorten(session, held, until=until + DAY, reason="no", by=manager)
