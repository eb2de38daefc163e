"""Questions and their threads: whose turn it is, who sees and hears of what, what names people."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from dashboards import phrases
from metrics import reads, views
from metrics.models import SavedView
from ops import (
    clock_time,
    erasure,
    guidelines,
    notices,
    people,
    talk,
    talk_entry,
    talk_limits,
    talk_reads,
)
from ops.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from ops.models import AuditEntry, Comment, GuidelineVersion, Issue, Notice, ProjectMember
from tests.db.answering import answer

WHOLE = {"at": "asset"}


@pytest.fixture
def floor(make):
    """Two labellers, a reviewer, an expert and a lead around one text."""
    floor = make.floor(labellers=2, assets=1, wanted=2)
    member = lambda role: make.member(floor.project, make.user(role, name=f"Nomen {role}"))  # noqa: E731
    floor.lead, floor.expert, floor.reviewer = map(member, ("ops_lead", "expert", "reviewer"))
    floor.asker, floor.other = floor.labellers
    return floor


@pytest.fixture
def ask(session, floor):
    def ask(by=None, body="What is this?", pin=None, key="the-first-key", **more):
        values = {"asset": floor.assets[0], **more}
        return talk.open_issue(
            session, floor.project, by or floor.asker, pin or WHOLE, body, key=key, **values
        )

    return ask


def told(session, user):
    return [notice.key for notice in notices.of(session, user)]


def sees(session, user, issue):
    try:
        return talk_reads.find(session, user, Issue.id == issue.id).id == issue.id
    except NotFound:
        return False


def test_a_question_goes_from_hand_to_hand(session, floor, ask):
    issue = ask()
    assert (issue.state, issue.batch_id) == ("open", floor.batch.id)
    assert told(session, floor.lead) == [f"issue:{issue.id}:opened"]
    assert told(session, floor.expert) == []
    assert ask().id == issue.id  # sent twice
    assert session.scalar(select(func.count()).select_from(Comment)) == 1

    said = talk.comment(session, issue, floor.lead, "It is a cat.", key="answer-one")
    assert (issue.state, issue.answered_at) == ("answered", said.at)
    assert talk.comment(session, issue, floor.lead, "It is a cat.", key="answer-one").id == said.id
    assert told(session, floor.asker) == [f"issue:{issue.id}:comment:{said.id}"]
    assert notices.unread_issues(session, floor.asker) == {issue.id: 1}
    notices.read_issue(session, floor.asker, issue.id)
    assert notices.unread_issues(session, floor.asker) == {}

    talk.comment(session, issue, floor.asker, "And this?", key="answer-two")
    assert issue.state == "open"
    assert talk.escalate(session, issue, floor.lead) == talk.escalate(session, issue, floor.lead)
    assert told(session, floor.expert) == [f"issue:{issue.id}:escalated"]
    talk.comment(session, issue, floor.expert, "Both.", key="answer-three")
    talk.resolve(session, issue, floor.asker)
    talk.resolve(session, issue, floor.lead)
    assert (issue.state, issue.resolved_by) == ("resolved", floor.asker.id)
    with pytest.raises(Conflict, match="open it again"):
        talk.escalate(session, issue, floor.lead)
    talk.reopen(session, issue, floor.lead)
    assert (issue.state, issue.resolved_at, issue.resolved_by) == ("answered", None, None)
    talk.resolve(session, issue, floor.lead)
    talk.comment(session, issue, floor.asker, "It came up again.", key="answer-four")
    assert (issue.state, issue.resolved_at) == ("open", None)

    acts = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action.partition(".")[2] for entry in acts] == [
        "opened", "commented", "commented", "escalated", "commented", "resolved", "reopened",
        "resolved", "reopened", "commented",
    ]  # fmt: skip
    assert {entry.organisation_id for entry in acts} == {floor.project.organisation_id}
    assert "cat" not in str([entry.data for entry in acts])


def test_nobody_hears_what_could_sway_their_answer(session, floor, ask):
    issue = ask()
    shown = {"asker", "lead", "expert"}
    for name in ("asker", "other", "lead", "expert", "reviewer"):
        assert sees(session, getattr(floor, name), issue) is (name in shown), name
    assert [one.id for one in talk_reads.mine(session, floor.asker)] == [issue.id]
    assert talk_reads.mine(session, floor.other) == []

    # Another labeller may still be given the text: naming them would tell them of it.
    with pytest.raises(InvalidInput, match="independent"):
        talk.comment(session, issue, floor.lead, "Hm", key="naming-one", mentions=[floor.other.id])
    answer(session, floor.tasks[0], floor.other, "a")
    assert not sees(session, floor.other, issue)
    talk.comment(session, issue, floor.lead, "Hm", key="naming-one", mentions=[floor.other.id])
    assert sees(session, floor.other, issue)
    assert told(session, floor.other) == [f"issue:{issue.id}:comment:{_last(session)}"]
    talk.comment(session, issue, floor.other, "I saw a cat.", key="naming-two")
    with pytest.raises(Forbidden):
        talk.resolve(session, issue, floor.other)
    with pytest.raises(Forbidden):
        talk.comment(session, issue, floor.reviewer, "Me too.", key="naming-three")


@pytest.mark.parametrize("kept", ["suspended_at", "paused_until"])
def test_an_expert_who_may_not_work_answers_nobody(session, floor, ask, kept):
    issue = ask()
    own = ask(by=floor.expert, key="by-the-expert")
    member = session.get(ProjectMember, (floor.project.id, floor.expert.id))
    setattr(member, kept, clock_time.now() + timedelta(hours=1))
    session.flush()
    assert not sees(session, floor.expert, issue)
    assert [one.id for one in talk_reads.mine(session, floor.expert)] == [own.id]
    assert sees(session, floor.expert, own)
    # Nor are they called, as if the project had no expert.
    assert talk.escalate(session, issue, floor.lead) == 0
    assert told(session, floor.expert) == []
    setattr(member, kept, None)
    session.flush()
    assert sees(session, floor.expert, issue)


def test_whoever_is_barred_from_the_work_asks_nothing_new_about_it(session, floor, ask):
    issue = ask()
    member = session.get(ProjectMember, (floor.project.id, floor.asker.id))
    member.suspended_at = clock_time.now()
    session.flush()
    with pytest.raises(Forbidden, match="suspended"):
        ask(key="another-key")
    # What was asked before is heard to its end.
    assert sees(session, floor.asker, issue)
    talk.comment(session, issue, floor.asker, "And?", key="asked-before")


def _last(session):
    return session.scalar(select(func.max(Comment.id)))


def test_by_what_name_each_is_called_to_each(floor):
    called = talk_reads.called
    assert called(floor.other, floor.asker) == "A labeller"
    assert called(floor.expert, floor.asker) == "An expert"
    assert called(floor.lead, floor.asker) == "Nomen ops_lead"
    assert called(floor.lead, floor.reviewer, names=False) == "A lead"
    assert called(floor.asker, floor.expert) == "A labeller"
    assert called(floor.asker, floor.lead) == floor.asker.name
    assert called(floor.asker, floor.asker) == "You"


def test_mentions(session, floor, ask, make):
    issue = ask(body="@expert and @Leads: a.lead@expert.example is an address")
    assert issue.escalated_at is not None
    assert told(session, floor.expert) == [f"issue:{issue.id}:escalated"]
    assert len(told(session, floor.lead)) == 2
    quiet = ask(body="write to x@lead or @leadership", key="another-key")
    assert told(session, floor.lead)[0] == f"issue:{quiet.id}:opened"
    with pytest.raises(Forbidden):
        talk.comment(session, issue, floor.asker, "Hi", key="k" * 8, mentions=[floor.lead.id])
    with pytest.raises(InvalidInput, match="members"):
        talk.comment(
            session, issue, floor.lead, "Hi", key="k" * 8, mentions=[make.user("expert").id]
        )


def test_what_is_refused(session, floor, ask, make, monkeypatch):
    refused: list[tuple[dict[str, Any], str]] = [
        ({"body": " \n"}, "body"),
        ({"body": "\u200b\u2060\u202e\x07"}, "body"),  # nothing that anybody sees
        ({"body": "x" * 4001}, "body"),
        ({"body": "a\0b"}, "body"),
        ({"body": "\ud800"}, "body"),
        ({"key": "short"}, "key"),
        ({"pin": {"at": "point", "x": 1, "y": 1}}, "pin.at"),
        ({"pin": {"at": "passage", "start": 0, "end": 7}}, "pin"),
        ({"pin": {"at": "passage", "start": 3, "end": 3}}, "pin"),
        ({"pin": {"at": "passage", "start": 0, "end": 3, "x": 1}}, "pin.x"),
        ({"pin": {"at": "object", "object": "a\0"}}, "pin.object"),
        ({"pin": {"at": "nowhere"}}, "pin"),
        ({"pin": {"at": "guideline"}}, "pin"),
        ({"asset": None}, "pin"),
    ]
    for more, field in refused:
        with pytest.raises(InvalidInput) as caught:
            ask(**more)
        assert caught.value.field == field, (more, caught.value.errors)
    picture = make.assets(floor.batch, 1, uri="x", text=None, width=10, height=8)[0]
    for x, y in [(1e7, 1), (float("nan"), 1), (-1, 1)]:
        with pytest.raises(InvalidInput):
            ask(pin={"at": "point", "x": x, "y": y}, asset=picture)
    assert session.scalar(select(func.count()).select_from(Issue)) == 0
    at = {"at": "point", "x": 10, "y": 0.5}
    assert ask(pin=at, asset=picture, key="fits-well").pin == at
    assert ask(pin={"at": "passage", "start": 1, "end": 6}).pin["end"] == 6
    monkeypatch.setattr(talk_limits, "MOST_UNRESOLVED", 2)
    with pytest.raises(TooMany):
        ask(key="one-too-many")


def test_nobody_fills_the_desks_of_others(session, floor, ask, monkeypatch):
    """Every comment may call each lead by notice and mail, resolved and open questions alike."""
    monkeypatch.setattr(talk_limits, "MOST_AN_HOUR", 3)
    issue = ask(body="@lead")
    talk.resolve(session, issue, floor.asker)
    talk.comment(session, issue, floor.asker, "@lead", key="call-them-1")
    talk.comment(session, issue, floor.asker, "@lead", key="call-them-2")
    before = told(session, floor.lead)
    for flood in (
        lambda: talk.comment(session, issue, floor.asker, "@lead", key="call-them-3"),
        lambda: ask(key="another-question"),
    ):
        with pytest.raises(TooMany, match="hour"), session.begin_nested():
            flood()
    assert told(session, floor.lead) == before
    # What came through is one of them, however often it is sent; who answers is not held up.
    assert ask(body="@lead").id == issue.id
    talk.comment(session, issue, floor.asker, "@lead", key="call-them-2")
    for n in range(4):
        talk.comment(session, issue, floor.lead, "So.", key=f"an-answer-{n}")
    later = (clock_time.now() + timedelta(hours=1)).timestamp()
    clock_time.use(lambda: later)
    assert ask(key="another-question").state == "open"


def test_an_answered_question_becomes_an_entry_of_the_guideline(session, floor, ask):
    first = guidelines.publish(session, floor.project, "# How\n\nLook.", floor.lead)
    issue = ask(pin={"at": "guideline", "quote": "Look."}, guideline=first)
    assert (issue.asset_id, issue.batch_id, issue.guideline_version_id) == (None, None, first.id)
    made = talk.into_guideline(session, issue, floor.lead, "**Where?** There.")
    assert made.markdown == "# How\n\nLook.\n\n## Questions and answers\n\n**Where?** There."
    assert (issue.entry_version_id, issue.state, made.version) == (made.id, "answered", 2)
    assert told(session, floor.asker).count(f"issue:{issue.id}:entered") == 1
    with pytest.raises(Conflict):
        talk.into_guideline(session, issue, floor.lead, "again")
    other = ask(key="another-key")
    for by, text, error in [(floor.expert, "x", Forbidden), (floor.lead, " ", InvalidInput)]:
        with pytest.raises(error):
            talk.into_guideline(session, other, by, text)
    assert session.scalar(select(func.count()).select_from(GuidelineVersion)) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "## Questions and answers\n\nE"),
        ("# A\n\n## questions and answers\n\nQ", "# A\n\n## questions and answers\n\nQ\n\nE"),
        (
            "## Questions and answers\n\nQ\n\n### Deep\n\n## B\n\nend",
            "## Questions and answers\n\nQ\n\n### Deep\n\nE\n\n## B\n\nend",
        ),
    ],
)
def test_where_an_entry_stands(before, after):
    assert talk_entry.with_entry(before, "E") == after


def test_erasure_takes_names_out_of_what_people_wrote(session, floor, ask, make):
    admin = make.user("admin")
    floor.asker.name, floor.asker.email = "Ann (A) Lee", "ann@example.com"
    issue = ask(body="ann (a) lee <ANN@example.com> and Annabel; mann@example.com")
    notices.tell(session, floor.other, key="told", text="Birds, from Ann (A) Lee: well done.")
    views.save(session, floor.asker, name="Ann", path="/dashboards/", query="", shared=True)
    people.deactivate(session, floor.asker, by=admin)
    erasure.erase(session, floor.asker, by=admin)
    session.expire_all()
    (said,) = talk_reads.comments(session, [issue.id])[issue.id]
    assert said.body == "Erased person <Erased person> and Annabel; mann@example.com"
    assert talk_reads.called(said.author, floor.lead) == "Erased person"
    told = select(Notice.text).where(Notice.user_id == floor.other.id, Notice.key == "told")
    assert session.scalar(told) == "Birds, from Erased person: well done."
    assert session.scalar(select(func.count()).where(Notice.text.contains("Ann"))) == 0
    assert session.scalar(select(func.count()).select_from(SavedView)) == 0


def test_counts_and_times(session, floor, ask):
    ask()
    other = ask(by=floor.other, key="another-key", body="@expert?")
    project = [floor.project.id]
    talk.comment(session, other, floor.expert, "So.", key="answer-one")
    assert talk_reads.counts(session, floor.lead, project) == {
        "open": 1, "answered": 1, "resolved": 0, "escalated": 1,
    }  # fmt: skip
    assert talk_reads.unanswered(session, floor.project.id) == 1
    assert len(talk_reads.answer_seconds(session, project)) == 1
    asked = {
        "unresolved": talk_reads.Filter(state="unresolved"),
        "escalated": talk_reads.Filter(escalated=True),
        "point": talk_reads.Filter(pin="point"),
        "asset": talk_reads.Filter(asset_id=floor.assets[0].id, state="open"),
    }
    found = {
        name: len(talk_reads.page(session, floor.lead, project, one)) for name, one in asked.items()
    }
    assert found == {"unresolved": 2, "escalated": 1, "point": 0, "asset": 1}
    assert talk_reads.page(session, floor.reviewer, project, talk_reads.Filter()) == []


def test_the_figures_of_a_period(session, floor, ask):
    made = [ask(key=f"question-{n}") for n in range(7)]
    today = clock_time.now().date()
    for i, issue in enumerate(made[:6]):
        issue.answered_at = issue.opened_at + timedelta(seconds=60 * (i + 1))
        issue.state = "answered"
    session.flush()
    span = (today - timedelta(days=1), today + timedelta(days=1))
    found = reads.questions(session, [floor.project.id], *span)
    assert (found.asked, found.unresolved) == (7, 7)
    assert found.first_answer == pytest.approx((210, 6, 60, 360))
    said = phrases.questions(found)
    assert said.endswith("First answer after 4 min in the median (n = 6, 95 %: 1 min – 6 min).")
    before = reads.questions(session, [floor.project.id], today - timedelta(days=9), span[0])
    assert phrases.questions(before) == "Nobody asked anything."
