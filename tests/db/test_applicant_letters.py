"""Letters to applicants: what they say, when they leave, and once."""

import pytest
from sqlalchemy import func, select

from ops import people
from ops.applicants import (
    letters,
    posting,
)
from ops.errors import Conflict, InvalidInput
from ops.models import (
    ApplicantMail,
    OneTimeLink,
)
from tests.applying import applied, stage, taken_on, to
from tests.db.test_mail import jobs, post  # noqa: F401 - a mail server


def test_a_word_that_cannot_be_filled_in_is_refused_at_its_field(session, manager):
    with pytest.raises(InvalidInput) as refused:
        letters.save(
            session, None, name="Hi", subject="{invitation}", body="{nmae} {name.__class__}",
            stage=None, by=manager,
        )  # fmt: skip
    assert {fault["field"] for fault in refused.value.errors} == {"subject", "body"}
    assert "{nmae} is no word to fill in" in str(refused.value.errors)
    for name, subject, body in letters.OFFERED:
        letters.save(session, None, name=name, subject=subject, body=body, stage=None, by=manager)


def test_entering_a_stage_sends_its_letter_once_by_a_job_that_names_nobody(
    session,
    sessions,
    opening,
    manager,
    post,  # noqa: F811
):
    letters.save(
        session, None, name="Talk", subject="{opening}: {name}", body="Dear {name}\n{link}",
        stage=stage(session, "Interview"), by=manager,
    )  # fmt: skip
    applicant = applied(session, opening, name="Ann {invitation} Lee")
    to(session, applicant, "Interview", manager)
    (letter,) = posting.of(session, applicant)
    session.commit()
    assert jobs(session) == [("mail applicant", {"letter": letter.id}, False)]
    posting.send(sessions, letter.id)
    posting.send(sessions, letter.id)
    ((_, body),) = post.sent
    assert "Dear Ann (invitation) Lee" in body
    assert f"https://labels.example/application/{applicant.token}" in body.replace("=\n", "")
    session.expire_all()
    assert letter.sent_at is not None
    to(session, applicant, "Left", manager)
    assert len(posting.of(session, applicant)) == 1


def test_an_invitation_is_made_as_the_letter_leaves_and_is_kept_nowhere(
    session,
    sessions,
    make,
    manager,
    post,  # noqa: F811
):
    _, user = taken_on(session, make, manager)
    session.commit()
    letter = session.scalars(select(ApplicantMail)).one()
    assert "{invitation}" in letter.body
    posting.send(sessions, letter.id)
    secret = post.sent[0][1].replace("=\n", "").split("/link/")[1].split()[0]
    assert people.link_holder(session, secret)[1].id == user.id
    session.expire_all()
    assert secret not in letter.body
    assert session.scalar(select(func.count()).select_from(OneTimeLink)) == 2


def test_without_a_mail_server_letters_wait_to_be_copied(session, opening, manager, monkeypatch):
    monkeypatch.delenv("TOUCHSTONE_SMTP_URL", raising=False)
    applicant = applied(session, opening)
    number = posting.write(session, applicant, "Hello", "Text", key="k", by=manager)
    assert posting.write(session, applicant, "Hello", "Text", key="k", by=manager) is None
    assert jobs(session) == []
    posting.mark_sent(session, applicant, number, by=manager)
    assert posting.of(session, applicant)[0].sent_at is not None
    with pytest.raises(Conflict, match="no account"):
        posting.write(session, applicant, "Come", "{invitation}", key="i", by=manager)
