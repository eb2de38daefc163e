"""Mail by SMTP, when the installation has it; otherwise links are shown to the manager instead."""

import smtplib
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from flask import current_app, url_for
from flask.wrappers import Response

from ops.config import Settings
from ops.models import User

log = structlog.get_logger()
PATIENCE = 15  # seconds for the mail server


def configured() -> bool:
    """Whether this installation can send mail."""
    return bool(_settings().smtp_url)


def link_url(secret: str) -> str:
    """The absolute address of an invitation or reset link."""
    return _settings().base_url.rstrip("/") + url_for("signin.link", secret=secret)


def send_after(response: Response, user: User, subject: str, text: str) -> Response:
    """Send once `response` is out, so after the commit and without telling time apart.

    A mail that cannot be sent is logged, never an error of the request.
    """
    settings, to = _settings(), user.email
    if to and settings.smtp_url:
        response.call_on_close(lambda: _send_logged(settings, to, subject, text))
    return response


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _send_logged(settings: Settings, to: str, subject: str, text: str) -> None:
    try:
        send(settings, to, subject, text)
    except (OSError, smtplib.SMTPException) as error:
        log.error("mail not sent", subject=subject, error=type(error).__name__)


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
