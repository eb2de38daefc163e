"""Questions under races: sent twice is one, and whoever acts at once leaves one state."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from ops import guidelines, talk, talk_limits
from ops.db import transaction
from ops.errors import Conflict, TooMany
from ops.models import AuditEntry, Comment, GuidelineVersion, Issue, Notice, Project, User

pytestmark = pytest.mark.serial
TIMES = 8


@pytest.fixture
def floor(make):
    floor = make.floor(assets=1)
    floor.asker = floor.labellers[0].id
    floor.leads = [make.member(floor.project, make.user("ops_lead")).id for _ in range(2)]
    make.session.commit()
    return floor


def at_once(sessions, *acts):
    """Each act in a transaction of its own, all together; what they returned, or raised."""

    def one(act):
        try:
            with transaction(sessions) as session:
                return act(session)
        except (Conflict, TooMany) as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def ask(floor, key="the-same-key"):
    def act(session):
        project, asker = session.get(Project, floor.project.id), session.get(User, floor.asker)
        asset = session.merge(floor.assets[0], load=True)
        return talk.open_issue(
            session, project, asker, {"at": "asset"}, "What?", key=key, asset=asset
        ).id

    return act


def act_on(verb, issue_id, by, *more, **named):
    def act(session):
        return verb(session, session.get(Issue, issue_id), session.get(User, by), *more, **named)

    return act


def count(session, model, *where):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(model).where(*where))


def test_what_is_sent_twice_at_once_is_one(floor, session, sessions):
    ids = set(at_once(sessions, *[ask(floor)] * TIMES))
    assert len(ids) == 1
    (issue,) = ids
    lead, other = floor.leads
    said = {"key": "a-comment-key"}
    at_once(sessions, *[act_on(talk.comment, issue, lead, "This.", **said)] * TIMES)
    assert count(session, Issue) == 1
    assert count(session, Comment) == 2
    assert count(session, AuditEntry, AuditEntry.action == "issue.opened") == 1
    assert count(session, AuditEntry, AuditEntry.action == "issue.commented") == 1
    assert count(session, Notice, Notice.user_id == floor.asker) == 1

    settled = [act_on(talk.resolve, issue, by) for by in (floor.asker, lead, other)]
    at_once(sessions, *settled, *settled)
    assert count(session, AuditEntry, AuditEntry.action == "issue.resolved") == 1
    assert session.get(Issue, issue).state == "resolved"


@pytest.mark.parametrize("limit", ["MOST_UNRESOLVED", "MOST_AN_HOUR"])
def test_asked_all_at_once_they_are_no_more_than_one_may(
    floor, session, sessions, monkeypatch, limit
):
    monkeypatch.setattr(talk_limits, limit, 2)
    found = at_once(sessions, *[ask(floor, f"a-key-of-its-own-{n}") for n in range(TIMES)])
    assert count(session, Issue) == 2
    assert sum(isinstance(one, TooMany) for one in found) == TIMES - 2


def test_who_replies_while_another_resolves_leaves_a_state_that_is_whole(floor, session, sessions):
    (issue,) = at_once(sessions, ask(floor))
    lead = floor.leads[0]
    acts = [act_on(talk.resolve, issue, lead), act_on(talk.reopen, issue, lead)]
    for i in range(TIMES):
        acts.append(act_on(talk.comment, issue, lead, "So.", key=f"lead-says-{i}"))
        acts.append(act_on(talk.comment, issue, floor.asker, "But?", key=f"asker-says-{i}"))
    at_once(sessions, *acts, act_on(talk.escalate, issue, lead))
    found = session.get(Issue, issue)
    # The constraint of the table held throughout; what the comments left is what they left last.
    assert (found.state == "resolved") == (found.resolved_at is not None)
    assert count(session, Comment) == 1 + 2 * TIMES
    newest = session.scalars(select(Comment).order_by(Comment.id.desc())).first()
    if found.state != "resolved":
        assert found.state == ("open" if newest.by == floor.asker else "answered")


def test_of_two_who_enter_an_answer_one_does_and_no_version_is_lost(floor, session, sessions):
    first, second = at_once(sessions, ask(floor, "first-key"), ask(floor, "second-key"))
    one, other = floor.leads

    found = at_once(
        sessions,
        act_on(talk.into_guideline, first, one, "First."),
        act_on(talk.into_guideline, first, other, "First."),
        act_on(talk.into_guideline, second, one, "Second."),
    )
    assert sum(isinstance(each, Conflict) for each in found) == 1
    newest = guidelines.current(session, floor.project.id)
    assert newest is not None
    assert (newest.markdown.count("First."), newest.markdown.count("Second.")) == (1, 1)
    assert count(session, GuidelineVersion) == 2
