"""Applicants found twice, and counted: duplicates, the funnel."""

import math
import random
from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from ops import clock_time
from ops.applicants import (
    duplicates,
    keys,
    moving,
    stages,
    taking_on,
)
from ops.errors import Conflict
from ops.models import Applicant, ApplicantMove, PipelineStage
from quality.measures.classes import rate
from quality.onboarding import funnel
from tests.applying import applied, to


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


def test_a_crowd_under_one_name_does_not_keep_managers_waiting(session, opening, manager):
    one = applied(session, opening, name="Maria Lopez")
    own = ("id", "token", "client_key", "pseudonym", "email", "email_key")
    same = {c.name: getattr(one, c.name) for c in Applicant.__table__.columns if c.name not in own}
    n = duplicates.CROWD + 100
    for i in range(n - 1):
        email = f"maria{i}@example.com"
        keys_of = {"token": f"t{i}", "client_key": f"k{i}", "email": email, "email_key": email}
        session.add(Applicant(**same, **keys_of))
    session.flush()
    near = duplicates.NEIGHBOURS
    assert duplicates.count(session, manager) == near * n - near * (near + 1) // 2


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
    assert duplicates.merged_into(session, ann, manager) == [again]
    with pytest.raises(Conflict, match="meanwhile"):
        duplicates.merge(session, jon.id, again.id, by=manager)
    # Who erases the one erases the other: no account hangs on what nobody sees.
    with pytest.raises(Conflict, match="part of another one: move"):
        to(session, again, "Assessment", manager)
    with pytest.raises(Conflict, match="part of another one: take"):
        taking_on.take_on(session, again.id, by=manager)
    duplicates.unmerge(session, again.id, by=manager)
    assert list(why(session, manager)) == [("Ann Leeland", "A. L.")]
    again.user_id = make.user().id
    with pytest.raises(Conflict, match="keep this one"):
        duplicates.merge(session, ann.id, again.id, by=manager)


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
