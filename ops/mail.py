"""Mail by SMTP, where the installation has it: sent at once, or as a durable job of the queue."""

import smtplib
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from sqlalchemy.orm import Session, sessionmaker

from ops import config, queue
from ops.config import Settings
from ops.db import transaction
from ops.models import Notice, User

log = structlog.get_logger()
PATIENCE = 15  # seconds for the mail server
TASK = "mail notice"
SUBJECT = "A message from Touchstone"
# Seconds until the next try, after each that failed.
TRY_AGAIN = (60, 300, 1800, 7200)


def send(settings: Settings, to: str, subject: str, text: str) -> None:
    """One plain-text message. Raises OSError or smtplib.SMTPException.

    `smtp_url` is `smtp://` (STARTTLS when the server offers it) or `smtps://`, with
    `user:password@host:port`; `?from=address` names the sender.
    """
    url = urlsplit(settings.smtp_url)
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    message["From"] = parse_qs(url.query).get("from", [f"touchstone@{url.hostname}"])[0]
    message.set_content(text)
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with kind(url.hostname or "localhost", url.port or 0, timeout=PATIENCE) as server:
        if url.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


def post(session: Session, notice_id: int | None) -> None:
    """Mail a notice once the caller's transaction commits, where mail is configured.

    The job knows the notice by its number alone: queues and their logs hold no personal data.
    """
    if notice_id is not None and config.load().smtp_url:
        queue.defer(session, TASK, notice=notice_id)


def send_notice(sessions: sessionmaker[Session], notice: int, failed: int = 0) -> None:
    """Send one notice to its person; put it back in the queue when the server does not take it."""
    settings = config.load()
    with transaction(sessions) as session:
        found = session.get(Notice, notice)
        person = session.get(User, found.user_id) if found else None
        if found is None or person is None or not (person.active and person.email):
            return
        to, text = person.email, _text(settings, found)
    try:
        send(settings, to, SUBJECT, text)
    except (OSError, smtplib.SMTPException) as error:
        _later(sessions, notice, failed, type(error).__name__)


def _later(sessions: sessionmaker[Session], notice: int, failed: int, error: str) -> None:
    if failed >= len(TRY_AGAIN):
        log.error("mail not sent, given up", notice=notice, error=error)
        return
    log.warning("mail not sent, tried again later", notice=notice, error=error)
    with transaction(sessions) as session:
        queue.defer(session, TASK, after=TRY_AGAIN[failed], notice=notice, failed=failed + 1)


def _text(settings: Settings, notice: Notice) -> str:
    link = f"\n\n{settings.base_url.rstrip('/')}{notice.url}" if notice.url else ""
    return f"{notice.text}{link}\n"
