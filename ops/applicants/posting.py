"""Letters written: mailed by a durable task that knows them by number, or shown to be copied."""

import smtplib
from collections.abc import Sequence
from urllib.parse import quote

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ops import audit_log, clock_time, config, mail, people, queue
from ops.applicants import letters
from ops.db import transaction
from ops.errors import Conflict
from ops.models import Applicant, ApplicantMail, MailTemplate, User

log = structlog.get_logger()
TASK = "mail applicant"


def configured() -> bool:
    """Whether letters go out by themselves."""
    return bool(config.load().smtp_url)


def from_template(
    session: Session, applicant: Applicant, template: MailTemplate, *, key: str, by: User | None
) -> int | None:
    """Write what the template says; None when it was written already."""
    subject = letters.filled(template.subject, applicant)
    body = letters.filled(template.body, applicant)
    return write(session, applicant, subject, body, key=key, by=by)


def write(
    session: Session, applicant: Applicant, subject: str, body: str, *, key: str, by: User | None
) -> int | None:
    """Keep a letter, and mail it once the caller's transaction commits where mail is configured.

    The caller holds the applicant locked. Two with one `key` are one. Raises Conflict when they
    were erased, and when it invites somebody who has no account.
    """
    if applicant.email is None or applicant.erased_at is not None:
        raise Conflict("This applicant's data was erased: there is nobody to write to.")
    if letters.LAST in body and applicant.user_id is None:
        raise Conflict(f"{applicant.name} has no account yet to be invited to. Take them on first.")
    values = {"subject": " ".join(subject.split()), "body": body, "key": key}
    row = insert(ApplicantMail).values(
        applicant_id=applicant.id, by=by.id if by else None, at=clock_time.now(), **values
    )
    number = session.scalar(row.on_conflict_do_nothing().returning(ApplicantMail.id))
    if number is not None:
        subject_of = f"applicant:{applicant.pseudonym}"
        audit_log.record(session, by, "applicant.written_to", subject_of, letter=number)
        if configured():
            queue.defer(session, TASK, letter=number)
    return number


def of(session: Session, applicant: Applicant) -> Sequence[ApplicantMail]:
    """Every letter to an applicant, newest first."""
    mine = select(ApplicantMail).where(ApplicantMail.applicant_id == applicant.id)
    return session.scalars(mine.order_by(ApplicantMail.at.desc(), ApplicantMail.id.desc())).all()


def mark_sent(session: Session, applicant: Applicant, letter_id: int, *, by: User) -> None:
    """A manager copied it and sent it themselves."""
    letter = session.get(ApplicantMail, letter_id, with_for_update=True)
    if letter is None or letter.applicant_id != applicant.id or letter.sent_at is not None:
        return
    letter.sent_at = clock_time.now()
    session.flush()
    subject = f"applicant:{applicant.pseudonym}"
    audit_log.record(session, by, "applicant.letter_sent", subject, letter=letter.id)


def mailto(applicant: Applicant, letter: ApplicantMail) -> str:
    """An address that opens the letter in the manager's own mail program."""
    to, subject, body = (quote(t) for t in (applicant.email or "", letter.subject, letter.body))
    return f"mailto:{to}?subject={subject}&body={body}"


def send(sessions: sessionmaker[Session], letter: int, failed: int = 0) -> None:
    """Mail one letter; put it back in the queue when the server does not take it."""
    settings = config.load()
    with transaction(sessions) as session:
        found = session.get(ApplicantMail, letter)
        applicant = session.get(Applicant, found.applicant_id) if found else None
        if found is None or found.sent_at or applicant is None or applicant.email is None:
            return
        to, subject, text = applicant.email, found.subject, _invited(session, applicant, found)
    try:
        mail.send(settings, to, subject, text)
    except (OSError, smtplib.SMTPException) as error:
        _later(sessions, letter, failed, type(error).__name__)
        return
    with transaction(sessions) as session:
        sent = session.get(ApplicantMail, letter, with_for_update=True)
        if sent is not None:  # erased meanwhile
            sent.sent_at = clock_time.now()


def _invited(session: Session, applicant: Applicant, letter: ApplicantMail) -> str:
    """The text as it leaves: the link that opens the account is made now and kept as a hash."""
    user = session.get(User, applicant.user_id) if applicant.user_id else None
    if letters.LAST not in letter.body or user is None or not user.active:
        return letter.body
    base = config.load().base_url.rstrip("/")
    known = user.password_hash is not None
    link = f"{base}/signin" if known else f"{base}/link/{people.invite(session, user, by=None)}"
    return letter.body.replace(letters.LAST, link)


def _later(sessions: sessionmaker[Session], letter: int, failed: int, error: str) -> None:
    if failed >= len(mail.TRY_AGAIN):
        log.error("letter not sent, given up", letter=letter, error=error)
        return
    log.warning("letter not sent, tried again later", letter=letter, error=error)
    with transaction(sessions) as session:
        after = mail.TRY_AGAIN[failed]
        queue.defer(session, TASK, after=after, letter=letter, failed=failed + 1)
