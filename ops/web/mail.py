"""Links by mail, when the installation has it; otherwise they are shown to the manager instead."""

import smtplib

import structlog
from flask import url_for
from flask.wrappers import Response

from ops.config import Settings
from ops.mail import send
from ops.models import User
from ops.web.identity import installation

log = structlog.get_logger()


def configured() -> bool:
    """Whether this installation can send mail."""
    return bool(installation().smtp_url)


def link_url(secret: str) -> str:
    """The absolute address of an invitation or reset link."""
    return installation().base_url.rstrip("/") + url_for("signin.link", secret=secret)


def send_after(response: Response, user: User, subject: str, text: str) -> Response:
    """Send once `response` is out, so after the commit and without telling time apart.

    A mail that cannot be sent is logged, never an error of the request.
    """
    settings, to = installation(), user.email
    if to and settings.smtp_url:
        response.call_on_close(lambda: _send_logged(settings, to, subject, text))
    return response


def _send_logged(settings: Settings, to: str, subject: str, text: str) -> None:
    try:
        send(settings, to, subject, text)
    except (OSError, smtplib.SMTPException) as error:
        log.error("mail not sent", subject=subject, error=type(error).__name__)
