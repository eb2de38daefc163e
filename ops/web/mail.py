"""Links by mail, when the installation has it; otherwise they are shown to the manager instead."""

import smtplib

import structlog
from flask import current_app, url_for
from flask.wrappers import Response

from ops.config import Settings
from ops.mail import send
from ops.models import User

log = structlog.get_logger()


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
