"""Two managers at once: one move, one account, one application, and a clear word to the other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from ops.applicants import applying, moving, stages, taking_on
from ops.db import transaction
from ops.errors import Conflict, TouchstoneError
from ops.models import Applicant, ApplicantMove, Opening, User
from tests.applying import FORM, applied, opened, stage

pytestmark = pytest.mark.serial
MANAGERS = 6


@pytest.fixture
def managers(make):
    return [make.user(role="onboarding_manager", name=f"Manager {n}") for n in range(MANAGERS)]


def at_once(sessions, act, arguments):
    """What came of `act(session, argument)` for each, all begun at the same moment."""
    together = Barrier(len(arguments))

    def one(argument):
        together.wait()
        try:
            with transaction(sessions) as session:
                return act(session, argument)
        except TouchstoneError as refused:
            return refused

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(one, arguments))


def test_one_of_many_managers_moves_an_applicant_and_the_others_are_told(
    session, sessions, managers
):
    applicant = applied(session, opened(session, managers[0]))
    first, goals = applicant.stage_id, stages.listed(session)[1:]
    wanted = [(m.id, goals[n % len(goals)].id) for n, m in enumerate(managers)]
    session.commit()

    def move(session, argument):
        by, to = session.get_one(User, argument[0]), stages.find(session, argument[1])
        return moving.move(session, applicant.id, to, expected=first, by=by).stage_id

    came = at_once(sessions, move, wanted)
    refused = [one for one in came if isinstance(one, Conflict)]
    assert len(refused) == MANAGERS - 1
    assert all("was moved to" in one.message and "by Manager" in one.message for one in refused)
    session.expire_all()
    assert [applicant.stage_id] == [one for one in came if not isinstance(one, Conflict)]
    assert session.scalar(select(func.count()).select_from(ApplicantMove)) == 2


def test_two_who_take_somebody_on_make_one_account(session, sessions, managers):
    applicant = applied(session, opened(session, managers[0]))
    moving.enter(session, applicant, stage(session, "Assessment"), by=managers[0])
    session.commit()

    def take_on(session, by):
        return taking_on.take_on(session, applicant.id, by=session.get_one(User, by))[1].id

    came = at_once(sessions, take_on, [m.id for m in managers])
    assert sum(not isinstance(one, Conflict) for one in came) == 1
    named = select(func.count()).where(User.email == applicant.email)
    assert session.scalar(named) == 1


def test_a_form_that_is_sent_many_times_at_once_is_one_application(session, sessions, managers):
    opening = opened(session, managers[0])
    session.commit()

    def send(session, _):
        own = session.get_one(Opening, opening.id)
        return applying.apply(session, own, FORM, "one-key-for-all-of-them").id

    came = at_once(sessions, send, range(MANAGERS))
    assert len(set(came)) == 1
    assert session.scalar(select(func.count()).select_from(Applicant)) == 1


def test_nobody_is_left_in_a_stage_that_is_taken_out_of_use(session, sessions, managers):
    opening = opened(session, managers[0])
    people = [applied(session, opening) for _ in range(MANAGERS - 1)]
    trial = stages.add(session, name="Trial", before=stage(session, "Left"), by=managers[0])
    begin, ids, gone = people[0].stage_id, [one.id for one in people], trial.id
    session.commit()

    def act(session, one):
        by = session.get_one(User, managers[0].id)
        to = stages.find(session, gone)
        if one is None:
            stages.remove(session, to, by=by)
            return None
        return moving.move(session, one, to, expected=begin, by=by).id

    came = at_once(sessions, act, [None, *ids])
    inside = session.scalar(select(func.count()).where(Applicant.stage_id == gone))
    moved = [one for one in came[1:] if not isinstance(one, TouchstoneError)]
    if isinstance(came[0], TouchstoneError):
        assert moved and inside == len(moved) == len(ids)
    else:
        assert not moved and inside == 0
