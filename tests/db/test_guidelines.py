"""Guidelines: announced, read, and required before the next task; what is held is finished."""

from typing import Any

import pytest
from sqlalchemy import select

from ops import clock_time, guideline_readers, guidelines
from ops.errors import InvalidInput, NotFound
from ops.models import Assignment, AuditEntry, Notice, ProjectMember
from scheduling import dispatch, eligibility, emptiness, explain, leases, submit


@pytest.fixture
def floor(make: Any, session: Any) -> Any:
    floor = make.floor(labellers=2, assets=4, wanted=2)
    floor.lead = make.member(floor.project, make.user("ops_lead"))
    guidelines.publish(session, floor.project, "Look closely.", floor.lead)
    return floor


def told(session: Any, user: Any) -> list[str]:
    mine = select(Notice.text).where(Notice.user_id == user.id).order_by(Notice.id)
    return list(session.scalars(mine))


def test_every_member_but_the_author_is_told_once(session: Any, make: Any, floor: Any) -> None:
    other = make.member(floor.project, make.user("ops_lead"))
    closed = make.member(floor.project, make.user(active=False))
    stranger = make.user()
    for _ in range(2):
        guidelines.publish(session, floor.project, "Look twice.", floor.lead, must_read=True)
    name = floor.project.name
    news = f"{name}: version 2 of the guideline is in force."
    assert told(session, floor.labellers[0])[-1] == f"{news} Read it before your next task."
    assert len(told(session, floor.labellers[0])) == 2
    assert told(session, other) == [news]
    assert told(session, floor.lead) == told(session, closed) == told(session, stranger) == []


def test_reading_never_goes_back_nor_beyond_the_newest(session: Any, floor: Any) -> None:
    me = floor.labellers[0]
    guidelines.publish(session, floor.project, "Look twice.", floor.lead)
    assert guideline_readers.read(session, me, floor.project, 2) == 2
    assert guideline_readers.read(session, me, floor.project, 1) == 2
    assert session.get_one(ProjectMember, (floor.project.id, me.id)).guideline_read == 2
    for version in (0, 3):
        with pytest.raises(InvalidInput, match="the newest is 2"):
            guideline_readers.read(session, me, floor.project, version)
    said = select(AuditEntry.data).where(AuditEntry.action == "guideline.read")
    assert session.scalars(said).all() == [{"version": 2}]


def test_a_stranger_has_read_nothing(session: Any, make: Any, floor: Any) -> None:
    with pytest.raises(NotFound):
        guideline_readers.read(session, make.user(), floor.project, 1)


def test_without_must_read_work_goes_on(session: Any, floor: Any) -> None:
    guidelines.publish(session, floor.project, "Look twice.", floor.lead)
    assert floor.project.guideline_due == 0
    assert dispatch.claim(session, floor.labellers[0]) is not None


def test_what_must_be_read_bars_new_work_only(session: Any, floor: Any) -> None:
    me, other = floor.labellers
    held = dispatch.claim(session, me)
    guidelines.publish(session, floor.project, "Look twice.", floor.lead, must_read=True)
    task = floor.tasks[-1]

    # Nothing new, and every way of asking says why.
    assert dispatch.claim(session, me) is None
    assert eligibility.may(session, me, task.id) == "The guideline changed: read it to go on."
    empty = emptiness.why_empty(session, me)
    assert empty.reason == f"{floor.project.name} has a guideline: read version 2 to go on."
    assert empty.guideline == emptiness.ToRead(floor.project.id, 2)
    [said] = explain.of_asset(session, me, floor.assets[-1], clock_time.now())
    assert "has not read the guideline" in said.verdict
    assert [one.name for one in said.failing] == ["guideline_read"]

    # What is held is shown again, looked at and handed in, and counts.
    again = dispatch.next_work(session, me)
    assert again.id == held.id
    eligibility.refuse_looking(session, me.id, floor.lane.id)
    done = submit.submit(
        session, me, again.token, label={"class": "a"}, key="k" * 16, revision=0, tab="t",
        active_ms=1,
    )  # fmt: skip
    assert done.revision == 1
    assert session.get_one(Assignment, held.id).counts

    guideline_readers.read(session, me, floor.project, 2)
    assert dispatch.claim(session, me) is not None
    assert dispatch.claim(session, other) is None
    assert guideline_readers.published(session, floor.project)[0].read_by == 1


def test_an_older_version_is_not_enough(session: Any, floor: Any) -> None:
    me = floor.labellers[0]
    guideline_readers.read(session, me, floor.project, 1)
    guidelines.publish(session, floor.project, "Look twice.", floor.lead, must_read=True)
    guidelines.publish(session, floor.project, "Look thrice.", floor.lead)
    assert floor.project.guideline_due == 2
    guideline_readers.read(session, me, floor.project, 1)
    words = emptiness.why_empty(session, me).reason
    assert words == f"The guideline of {floor.project.name} changed: read version 3 to go on."
    guideline_readers.read(session, me, floor.project, 3)
    assert dispatch.claim(session, me) is not None


def test_what_is_in_force_can_be_required_afterwards(session: Any, floor: Any) -> None:
    made = guidelines.publish(session, floor.project, "Look closely.", floor.lead, must_read=True)
    assert (made.version, floor.project.guideline_due) == (1, 1)
    assert dispatch.claim(session, floor.labellers[0]) is None
    [one] = guideline_readers.published(session, floor.project)
    assert (one.version, one.must_read, one.read_by, one.labellers) == (1, True, 0, 2)


def test_another_project_goes_on_meanwhile(session: Any, make: Any, floor: Any) -> None:
    me = floor.labellers[0]
    other = make.floor(labellers=0, assets=1)
    make.member(other.project, me)
    guidelines.publish(session, floor.project, "Look twice.", floor.lead, must_read=True)
    claimed = dispatch.claim(session, me)
    assert claimed.project_id == other.project.id
    leases.release(session, me, claimed.token)
    # Of the two reasons to have nothing it is the one that reading ends.
    assert emptiness.why_empty(session, me, project_id=other.project.id).guideline is None
    assert emptiness.why_empty(session, me).guideline.project == floor.project.id


def test_what_is_new_is_told_from_what_was_worked_by(session: Any, floor: Any) -> None:
    me, other = floor.labellers
    assert guideline_readers.knows(session, me, floor.project.id) == 0
    assert dispatch.claim(session, me) is not None
    guidelines.publish(session, floor.project, "Look twice.", floor.lead)
    assert guideline_readers.knows(session, me, floor.project.id) == 1
    assert guideline_readers.knows(session, other, floor.project.id) == 0
    guidelines.publish(session, floor.project, "Look thrice.", floor.lead)
    guideline_readers.read(session, me, floor.project, 2)
    assert guideline_readers.knows(session, me, floor.project.id) == 2
