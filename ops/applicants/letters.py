"""Letters to applicants: texts with words to fill in, checked when they are saved."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, config
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Applicant, MailTemplate, PipelineStage, User
from ops.uniqueness import unique

# {word} → what stands there in the letter.
WORDS = {
    "name": "the applicant's name",
    "opening": "the title of what they applied for",
    "stage": "the stage they are in",
    "link": "their own link: all that is held of them, and how to have it erased",
    "invitation": "a fresh link to choose a password, made when the letter goes out",
}
# Filled in as the letter leaves: it opens an account, and is kept nowhere.
LAST = "{invitation}"
LONGEST = {"name": 60, "subject": 200, "body": 10_000}
_WORD = re.compile(r"\{([^{}\n]{0,40})\}")

# Name, subject, body. What whoever is taken on is sent, unless there is a letter of one's own.
INVITATION = (
    "Your account",
    "{opening}: your account",
    "Hello {name},\n\nwelcome. Choose a password here to begin; the link works once, within "
    "14 days:\n\n{invitation}\n\nThe page Onboarding then says what comes first.\n",
)
# Offered to begin with.
OFFERED = (
    (
        "We have your application",
        "Your application: {opening}",
        "Hello {name},\n\nthank you for applying for {opening}. We read every application and "
        "write to you within two weeks.\n\nWhat we hold of you, and how to have it erased:\n"
        "{link}\n",
    ),
    (
        "Let us talk",
        "{opening}: let us talk",
        "Hello {name},\n\nwe would like to get to know you. Please answer with three times in the "
        "next days at which you could talk for twenty minutes.\n",
    ),
    INVITATION,
    (
        "You are certified",
        "{opening}: you are certified",
        "Hello {name},\n\nyou passed. Work is waiting for you on the page Desk.\n",
    ),
    (
        "Not this time",
        "Your application: {opening}",
        "Hello {name},\n\nthank you for your time. We have decided not to go on with your "
        "application for {opening}.\n\nTo have your data erased at once:\n{link}\n",
    ),
)  # fmt: skip


def listed(session: Session) -> Sequence[MailTemplate]:
    """Every template, by name."""
    return session.scalars(select(MailTemplate).order_by(MailTemplate.name)).all()


def find(session: Session, template_id: int | None) -> MailTemplate:
    """One template. Raises NotFound."""
    found = session.get(MailTemplate, template_id) if template_id is not None else None
    if found is None:
        raise NotFound("There is no such letter.")
    return found


def of_stage(session: Session, stage_id: int) -> MailTemplate | None:
    """What whoever enters the stage is sent."""
    return session.scalar(select(MailTemplate).where(MailTemplate.stage_id == stage_id))


def save(
    session: Session,
    template: MailTemplate | None,
    *,
    name: str,
    subject: str,
    body: str,
    stage: PipelineStage | None,
    by: User,
) -> MailTemplate:
    """A new template, or another text of one. Raises InvalidInput, Conflict, naming the field."""
    texts = check({"name": " ".join(name.split()), "subject": subject.strip(), "body": body})
    taken = of_stage(session, stage.id) if stage else None
    if stage and taken is not None and taken is not template:
        raise Conflict(f"Whoever enters {stage.name} is sent {taken.name} already.", field="stage")
    made = template or MailTemplate()
    with unique(session, "There is a letter of this name already.", field="name"):
        for field, text in texts.items():
            setattr(made, field, text)
        made.stage_id = stage.id if stage else None
        made.updated_at = clock_time.now()
        session.add(made)
    action = "letter.changed" if template else "letter.made"
    audit_log.record(session, by, action, f"letter:{made.id}")
    return made


def remove(session: Session, template: MailTemplate, *, by: User) -> None:
    """A template goes; letters that were written from it stay."""
    audit_log.record(session, by, "letter.removed", f"letter:{template.id}")
    session.delete(template)
    session.flush()


def check(texts: dict[str, str]) -> dict[str, str]:
    """The same texts. Raises InvalidInput with every fault: empty, too long, an unknown word."""
    texts = {field: text.replace("\r\n", "\n") for field, text in texts.items()}
    faults = [fault for field, text in texts.items() for fault in _faults(field, text)]
    if faults:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
    return texts


def _faults(field: str, text: str) -> list[dict[str, Any]]:
    if not text.strip():
        return [{"field": field, "message": "must not be empty"}]
    if len(text) > LONGEST[field] or "\0" in text:
        return [{"field": field, "message": f"at most {LONGEST[field]} characters"}]
    if field != "body" and "\n" in text:
        return [{"field": field, "message": "must be one line"}]
    if field == "name":
        return []
    unknown = [word for word in _WORD.findall(text) if word not in WORDS]
    if field == "subject" and LAST in text:
        unknown.append(LAST[1:-1])
    known = ", ".join("{" + word + "}" for word in WORDS if field == "body" or word != LAST[1:-1])
    return [
        {"field": field, "message": f"{{{word}}} is no word to fill in here; there are {known}"}
        for word in dict.fromkeys(unknown)
    ]


def filled(text: str, applicant: Applicant) -> str:
    """The text with every word but {invitation} filled in.

    What people wrote of themselves brings no words to fill in: its braces become parentheses.
    """
    values = {
        "name": applicant.name,
        "opening": applicant.opening.title,
        "stage": applicant.stage.name,
        "link": own_link(applicant),
    }
    return _put(text, values)


def sample(text: str) -> str:
    """The text as it might be read, for whoever writes it."""
    base = config.load().base_url.rstrip("/")
    values = {
        "name": "Amina Example",
        "opening": "Bird labeller",
        "stage": "Interview",
        "link": f"{base}/application/…",
        "invitation": f"{base}/link/…",
    }
    return _put(text, values)


def _put(text: str, values: dict[str, str]) -> str:
    plain = {word: value.replace("{", "(").replace("}", ")") for word, value in values.items()}
    return _WORD.sub(lambda found: plain.get(found[1], found[0]), text)


def own_link(applicant: Applicant) -> str:
    """Where an applicant sees what is held of them."""
    return f"{config.load().base_url.rstrip('/')}/application/{applicant.token}"
