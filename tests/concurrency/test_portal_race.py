"""What clients say, at once: one answer, one proposal, one decision, a word on what is in force."""

import pytest
from sqlalchemy import func, select

from ops import client_questions, guideline_words, guidelines, talk
from ops.models import Asset, Comment, GuidelineWord, Issue, Project, User
from quality import proposals
from quality.models import Gold, GoldProposal
from tests.concurrency.test_talk_race import at_once

pytestmark = pytest.mark.serial
TIMES = 8


@pytest.fixture
def floor(make, session):
    floor = make.floor(assets=1)
    floor.lead = make.member(floor.project, make.user("ops_lead"))
    organisation = floor.project.organisation_id
    floor.clients = [make.user("client", organisation_id=organisation) for _ in range(2)]
    session.commit()
    return floor


def _count(session, model, *where):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(model).where(*where))


def test_of_two_who_answer_at_once_one_has_answered(floor, session, sessions):
    issue = talk.open_issue(
        session, floor.project, floor.labellers[0], {"at": "asset"}, "Which?", key="0123456789",
        asset=floor.assets[0],
    )  # fmt: skip
    client_questions.pass_on(session, issue, floor.lead, "Which of the two?")
    session.commit()
    number, ids = issue.id, [person.id for person in floor.clients]

    def answer(i):
        def act(own):
            who = own.get(User, ids[i % 2])
            client_questions.answer(own, own.get(Issue, number), who, f"{i}", key=f"key-{i:06}")
            return i

        return act

    done = [one for one in at_once(sessions, *map(answer, range(TIMES))) if isinstance(one, int)]
    assert len(done) == 1
    assert _count(session, Comment, Comment.issue_id == number) == 2  # the question and the answer
    assert session.get(Issue, number).client_answer == str(done[0])


def test_one_proposal_waits_and_is_decided_once(floor, session, sessions):
    project, asset, lead = floor.project.id, floor.assets[0].id, floor.lead.id
    ids = [person.id for person in floor.clients]

    def propose(i):
        def act(own):
            found = own.get(Project, project), own.get(Asset, asset)
            return proposals.propose(own, *found, {"class": "ab"[i % 2]}, own.get(User, ids[i % 2]))

        return act

    def decide(i):
        def act(own):
            one, by = own.scalars(select(GoldProposal)).one(), own.get(User, lead)
            if i % 2:
                return proposals.take(own, own.get(Project, project), one, by)
            return proposals.decline(own, own.get(Project, project), one, by, "No.")

        return act

    made = at_once(sessions, *map(propose, range(TIMES)))
    assert sum(isinstance(one, GoldProposal) for one in made) == 1
    ended = at_once(sessions, *map(decide, range(TIMES)))
    assert sum(not isinstance(one, Exception) for one in ended) == 1
    session.expire_all()
    one = session.scalars(select(GoldProposal)).one()
    assert _count(session, Gold) == (one.state == "taken")


def test_no_word_stands_on_a_version_that_was_replaced_before_it(floor, session, sessions):
    guidelines.publish(session, floor.project, "Look.", floor.lead)
    session.commit()
    project, client, lead = floor.project.id, floor.clients[0].id, floor.lead.id

    def approve(own):
        guideline_words.say(own, own.get(Project, project), 1, "approved", own.get(User, client))

    def publish(own):
        guidelines.publish(own, own.get(Project, project), "Look twice.", own.get(User, lead))

    at_once(sessions, *[approve, publish] * (TIMES // 2))
    words = session.scalars(select(GuidelineWord)).all()
    current = guidelines.current(session, project)
    assert current.version == 2
    assert len(words) <= 1
    assert all(word.at <= current.created_at for word in words)
