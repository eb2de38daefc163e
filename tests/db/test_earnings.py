"""Earnings from the roll-ups, settled once, with what comes late in the next statement."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from metrics import rollup
from metrics.earnings import own, settling, statements, words
from metrics.earnings.lines import Accounts
from ops import affiliations, clock_time, pay, pay_book, work_events
from ops.errors import InvalidInput
from ops.models import Team
from ops.work_events import Event
from tests.paid import DAY, at, counted, rate, work

LATER = DAY + timedelta(days=1)
LAST = DAY + timedelta(days=6)


@pytest.fixture
def payer(make):
    return make.user(role="admin")


@pytest.fixture
def me(make):
    return make.user(name="Ana")


@pytest.fixture
def project(make, me):
    found = make.project(name="Street scenes")
    make.member(found, me)
    return found


@pytest.fixture
def early(session):
    """It is the morning of the first day."""
    at(DAY)


def later(session, day=LAST + timedelta(days=1)):
    at(day)
    counted(session)


def test_work_is_settled_once_and_what_comes_late_is_a_difference(
    session, payer, me, project, early
):
    rate(session, payer, "0.30", basis="accepted")
    row = work(session, me, project, surplus=2, review_n=4, review_accepted=Decimal("2.5"))
    later(session)
    first = settling.settle(session, [me], LAST, by=payer)
    assert [(one.first_day, one.last_day, one.total) for one in first] == [
        (DAY, LAST, (12 - Decimal("1.5")) * Decimal("0.30"))
    ]
    assert statements.digest(me, first[0]) == first[0].digest
    assert settling.settle(session, [me], LAST, by=payer) == []

    row.review_n, row.submitted = 5, 11  # a review refused one, and another came late
    work(session, me, project, LAST + timedelta(days=1))
    later(session, LAST + timedelta(days=8))
    (second,) = settling.settle(session, [me], LAST + timedelta(days=7), by=payer)
    assert (second.first_day, second.total) == (LAST + timedelta(days=1), Decimal("3.00"))
    kept = [(line["day"], line["quantity"], line["late"]) for line in second.lines]
    assert kept == [("2026-11-09", "10", False)]
    row.review_n = 7
    session.flush()
    later(session, LAST + timedelta(days=15))
    for back, seen in ((365, [True]), (9, [])):  # what a page looks at, and settling does not need
        shown = Accounts(session, [me.id], LAST + timedelta(days=14), back=timedelta(days=back))
        assert [line.late for line in shown.lines(me.id)] == seen
    (third,) = settling.settle(session, [me], LAST + timedelta(days=14), by=payer)
    assert (third.total, [line["late"] for line in third.lines]) == (Decimal("-0.60"), [True])
    assert first[0].total == Decimal("3.15")


def test_what_is_settled_stays_as_it_is(session, payer, me, project, early):
    rate(session, payer, "12", basis="hour")
    work(session, me, project)
    later(session)
    (made,) = settling.settle(session, [me], LAST, by=payer)
    session.commit()
    for change in (f"UPDATE earnings_statement SET total = 0 WHERE id = {made.id}",
                   "DELETE FROM earnings_statement", "UPDATE pay_rate SET amount = 0"):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"never|change"):
            session.execute(text(change))
        session.rollback()
    with pytest.raises(InvalidInput, match="is settled up to 2026-11-08") as refused:
        rate(session, payer, "99", since=DAY, reason="too low", project_id=project.id)
    assert refused.value.field == "valid_from"
    elsewhere = Team(name="Elsewhere", created_at=clock_time.now())
    session.add(elsewhere)
    session.flush()
    rate(session, payer, "99", since=DAY, reason="a team without work", team_id=elsewhere.id)


def test_a_past_day_takes_a_reason_and_a_day_that_is_not_over_cannot_be_settled(
    session, payer, me, project
):
    at(LAST)
    with pytest.raises(InvalidInput) as refused:
        rate(session, payer, since=DAY)
    assert refused.value.field == "reason"
    me.timezone = "Pacific/Kiritimati"  # where it is tomorrow already
    session.flush()
    with pytest.raises(InvalidInput, match="begin on 2026-11-09"):
        rate(session, payer, since=LAST, user_id=me.id)
    assert rate(session, payer, since=DAY, reason="agreed on Monday").reason
    work(session, me, project)
    counted(session)
    me.timezone = "Pacific/Niue"  # half a day behind
    at(LAST + timedelta(days=1), hour=5)
    counted(session)
    for last in (LAST, LAST + timedelta(days=1)):
        with pytest.raises(InvalidInput, match="is 2026-11-07") as refused:
            settling.settle(session, [me], last, by=payer)
        assert refused.value.field == "last"
    assert settling.settle(session, [me], LAST - timedelta(days=1), by=payer)


def test_affiliation_is_that_of_the_day_and_gold_is_paid_like_work(make, session, sessions):
    """Real events, counted by the real job: two labellers alike, but that one met gold."""
    at(DAY)
    payer, floor = make.user(role="admin"), make.floor(labellers=2, assets=1, wanted=9)
    north = Team(name="North", created_at=clock_time.now())
    session.add(north)
    session.flush()
    rate(session, payer, "0.10", project_id=floor.project.id)
    rate(session, payer, "0.50", team_id=north.id)
    for n, who in enumerate(floor.labellers):
        about = {
            "labeller_id": who.id, "project_id": floor.project.id, "batch_id": floor.batch.id,
            "stage": "label", "task_id": floor.tasks[0].id,
        }  # fmt: skip
        for i in range(4):
            moment = clock_time.now() + timedelta(days=i)
            seen = {**about, "assignment_id": 1000 * n + i, "at": moment}
            data = {"active_ms": 5000, "class": "a"}
            work_events.append(session, [Event(kind="submitted", data=data, **seen)])
            if n and i % 2:
                scored = Event(kind="gold_scored", data={"correct": 0.0}, **seen)
                work_events.append(session, [scored])
    clock_time.use((clock_time.now() + timedelta(days=1, hours=12)).timestamp)
    for who in floor.labellers:
        affiliations.move(
            session, who, team=north, organisation=None, timezone=who.timezone, by=payer
        )
    clock_time.use((clock_time.now() + timedelta(days=5)).timestamp)
    session.commit()
    rollup.roll_up(sessions)
    ids = [who.id for who in floor.labellers]
    accounts = Accounts(session, ids, LAST)
    told = [[(line.key, line.quantity, line.amount) for line in accounts.lines(i)] for i in ids]
    assert told[0] == told[1]
    assert [str(float(amount)) for *_, amount in told[0]] == ["0.1", "0.1", "0.5", "0.5"]


def test_adjustments_and_currencies_have_their_own_statements(session, payer, me, project, early):
    rate(session, payer, "0.10")
    rate(session, payer, "40", currency="JPY", project_id=project.id, stage="review")
    work(session, me, project)
    work(session, me, project, stage="review")
    pay.adjust(session, me, day=DAY, amount=Decimal("-0.25"), currency="EUR", reason="Twice paid",
               by=payer)  # fmt: skip
    later(session)
    made = settling.settle(session, [me], LAST, by=payer)
    assert [(one.currency, one.total) for one in made] == [
        ("EUR", Decimal("0.75")), ("JPY", Decimal(400)),
    ]  # fmt: skip
    table = [dict(zip(statements.COLUMNS, row, strict=True)) for row in statements.rows(made)]
    assert len(table) == 3
    assert (table[1]["reason"], table[1]["amount"]) == ("Twice paid", "-0.25")
    assert table[1]["currency"] == "EUR"
    assert settling.settle(session, [me], LAST, by=payer) == []
    with pytest.raises(InvalidInput) as refused:
        pay.adjust(session, me, day=DAY, amount=Decimal(1), currency="EUR", reason=" ", by=payer)
    assert refused.value.field == "reason"


def test_own_earnings_change_once_a_day(session, me, payer, project, early):
    rate(session, payer)
    row = work(session, me, project)
    work(session, me, project, LATER)
    at(LATER)
    assert [line.quantity for line in own.so_far(session, me)] == [10]  # not today's
    row.submitted = 11
    session.flush()
    assert [line.quantity for line in own.so_far(session, me)] == [10]
    at(LATER + timedelta(days=1))
    assert [line.quantity for line in own.so_far(session, me)] == [11, 10]
    at(LATER + timedelta(days=1), hour=13)
    counted(session)
    settling.settle(session, [me], LATER, by=payer)
    assert own.so_far(session, me) == []
    assert [(one.stage, words.rate(one.rate)) for one in own.offers(session, me)] == [
        ("label", "0.10 EUR per label handed in"), ("rework", "0.10 EUR per label handed in"),
    ]  # fmt: skip


def test_why_says_which_rate_holds_and_what_it_goes_before(
    session, make, payer, me, project, early
):
    rate(session, payer, "9", basis="hour")
    rate(session, payer, "0.125", user_id=me.id, project_id=project.id, stage="label")
    names = words.Names(session)
    (told,) = words.why(session, me, project, "label", DAY, names)
    assert told.sentence == (
        "Ana earns 0.125 EUR per label handed in for labelling in Street scenes on 2026-11-02"
    )
    assert "for Ana in Street scenes, labelling, from 2026-11-02, is the narrowest" in told.reason
    assert told.others == [
        "9.00 EUR per active hour for everybody in every project, at every stage, from 2026-11-02"
    ]
    rate(session, payer, None, user_id=me.id, project_id=project.id, stage="label", since=LATER)
    (then,) = words.why(session, me, project, "label", LATER, names)
    assert "9.00 EUR per active hour" in then.sentence
    with pytest.raises(InvalidInput, match="no such rate to end"):
        rate(session, payer, None, user_id=me.id)
    (before,) = words.why(session, me, project, "label", DAY - timedelta(days=1), names)
    assert "earns nothing" in before.sentence


SENSELESS = (
    ({"amount": Decimal("-1")}, "amount"),
    ({"amount": Decimal("0.12345")}, "amount"),
    ({"amount": Decimal("NaN")}, "amount"),
    ({"currency": "eur"}, "currency"),
    ({"basis": "day"}, "basis"),
    ({"scope": pay_book.Scope(user_id=99)}, "whom"),
    ({"scope": pay_book.Scope(team_id=99)}, "whom"),
    ({"scope": pay_book.Scope(vendor_id=99)}, "whom"),
    ({"scope": pay_book.Scope(team_id=1, vendor_id=1)}, "whom"),
    ({"scope": pay_book.Scope(project_id=99)}, "project"),
    ({"scope": pay_book.Scope(stage="lunch")}, "stage"),
    ({"reason": "x" * 501}, "reason"),
)


def test_a_rate_that_makes_no_sense_is_refused_at_its_field(session, payer, early):
    good = pay.Terms(pay_book.Scope(), "label", Decimal("0.1"), "EUR", DAY)
    for change, field in SENSELESS:
        with pytest.raises(InvalidInput) as refused:
            pay.set_rate(session, replace(good, **change), by=payer)
        assert refused.value.field == field, change
    assert pay.set_rate(session, good, by=payer).amount == Decimal("0.1")
