"""What the public form takes: who applies, what they agree to, and the throttle before it."""

import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import affiliations, audit_log, clock_time, people
from ops.applicants import keys, letters, openings, posting, stages
from ops.errors import Conflict, InvalidInput, NotFound, TooMany
from ops.models import Applicant, ApplicantMove, LoginFailure, Opening
from ops.uniqueness import unique

EQUIPMENT = (
    "Computer with keyboard and mouse",
    "Large or second screen",
    "Drawing tablet",
    "Steady internet connection",
    "Quiet place to work",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WINDOW = timedelta(minutes=15)
# A school or an office applies from one address.
FORMS_PER_ADDRESS = 40
ONCE_MORE = "this form was sent before, or is none of ours; send it once more"
_CLIENT_KEY = re.compile(r"[0-9A-Za-z_-]{16,64}")


class Form(BaseModel):
    """An application as it was written. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=120)
    email: str = Field(min_length=1, max_length=200)
    country: str = Field(min_length=1, max_length=80)
    timezone: str = Field(min_length=1, max_length=60)
    languages: list[str] = Field(min_length=1, max_length=20)
    equipment: list[str] = Field(default=[], max_length=len(EQUIPMENT))
    hours_per_week: int = Field(ge=1, le=80)
    days: list[str] = Field(min_length=1, max_length=7)
    about: str = Field("", max_length=4000)
    consent: bool

    @field_validator("name", "country")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return " ".join(text.split())

    @field_validator("languages")
    @classmethod
    def _words(cls, given: list[str]) -> list[str]:
        words = [" ".join(word.split())[:60] for word in given]
        return list(dict.fromkeys(word for word in words if word))


_PLAIN = {
    "string_too_short": "must not be empty",
    "too_short": "choose or write at least one",
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
    "missing": "is missing",
    "bool_parsing": "is needed: without it we may keep nothing",
}


def apply(session: Session, opening: Opening, values: Mapping[str, Any], key: str) -> Applicant:
    """Take an application; sent twice from one form (`key`) it is one.

    Raises NotFound when the opening is closed, InvalidInput with one error for each field.
    """
    if _CLIENT_KEY.fullmatch(key) is None:
        raise InvalidInput(ONCE_MORE, field="client_key")
    known = _sent_before(session, opening, key, values)
    if known is not None:
        return known
    if not openings.takes(opening):
        raise NotFound("This opening is closed: applications are no longer taken.")
    form = clean(values)
    try:
        with unique(session, "This form was sent already.", field="client_key"):
            applicant = _row(session, opening, form, key)
            session.add(applicant)
    except Conflict:
        # The other half of a double click was a moment earlier.
        known = _sent_before(session, opening, key, values)
        if known is None:
            raise
        return known
    _begin(session, applicant)
    return applicant


def clean(values: Mapping[str, Any]) -> Form:
    """The form, checked. Raises InvalidInput with one error for each field."""
    faults: list[dict[str, Any]] = []
    form = None
    try:
        form = Form.model_validate(dict(values))
    except ValidationError as error:
        faults = [{"field": str(e["loc"][0]), "message": _plain(e)} for e in error.errors()]
    for name, check in (("email", people.clean_email), ("timezone", affiliations.clean_timezone)):
        if str(values.get(name, "")).strip() and not any(f["field"] == name for f in faults):
            faults += _faults_of(check, str(values[name]))
    faults += _beyond(values)
    if values.get("consent") is not True:
        faults.append({"field": "consent", "message": _PLAIN["bool_parsing"]})
    if faults or form is None:
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults)
    return form


def _plain(fault: Any) -> str:
    message: str = _PLAIN.get(fault["type"], fault["msg"])
    return message.removeprefix("Input should be ").removeprefix("Value error, ")


def _faults_of(check: Any, text: str) -> Sequence[dict[str, Any]]:
    try:
        check(text)
    except InvalidInput as error:
        return error.errors
    return ()


def _beyond(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What no form of ours sends."""
    faults = []
    for name, allowed in (("equipment", EQUIPMENT), ("days", DAYS)):
        if set(values.get(name, ())) - set(allowed):
            faults.append({"field": name, "message": "choose among those that are listed"})
    for name, value in values.items():
        texts = value if isinstance(value, list) else [value]
        if any("\0" in str(text) for text in texts):
            faults.append({"field": name, "message": "holds a character that cannot be kept"})
    return faults


def _row(session: Session, opening: Opening, form: Form, key: str) -> Applicant:
    now = clock_time.now()
    email = people.clean_email(form.email)
    return Applicant(
        token=secrets.token_urlsafe(24),
        opening=opening,
        client_key=key,
        stage=stages.first_of(session, "begin"),
        stage_since=now,
        name=form.name,
        name_key=keys.name_key(form.name),
        email=email,
        email_key=keys.email_key(email),
        country=form.country,
        timezone=form.timezone,
        languages=form.languages,
        equipment=[one for one in EQUIPMENT if one in form.equipment],
        availability={
            "hours_per_week": form.hours_per_week,
            "days": [day for day in DAYS if day in form.days],
        },
        about=form.about.replace("\r\n", "\n"),
        consent=opening.consent,
        consent_at=now,
        applied_at=now,
    )


def _begin(session: Session, applicant: Applicant) -> None:
    session.add(
        ApplicantMove(
            applicant_id=applicant.id, to_stage_id=applicant.stage_id, at=applicant.applied_at
        )
    )
    session.flush()
    subject = f"applicant:{applicant.pseudonym}"
    audit_log.record(
        session, applicant.pseudonym, "applicant.applied", subject, opening=applicant.opening_id
    )
    letter = letters.of_stage(session, applicant.stage_id)
    if letter is not None and letters.LAST not in letter.body:
        posting.from_template(session, applicant, letter, key="applied", by=None)


def _sent_before(
    session: Session, opening: Opening, key: str, values: Mapping[str, Any]
) -> Applicant | None:
    """The application that this form is the second half of a double click of.

    Raises InvalidInput where somebody else sends the form of another once more, as from a page that
    a shared computer kept: whoever has the key alone is not led to what is held of its owner.
    """
    mine = (Applicant.client_key == key) & (Applicant.opening_id == opening.id)
    found = session.scalar(select(Applicant).where(mine))
    email = str(values.get("email", ""))
    if found is not None and (
        _faults_of(people.clean_email, email) or people.clean_email(email) != found.email
    ):
        raise InvalidInput(ONCE_MORE, field="client_key")
    return found


def new_key() -> str:
    """What makes one form one application."""
    return str(uuid.uuid4())


def by_own_link(session: Session, token: str) -> Applicant:
    """The applicant of a private link. Raises NotFound."""
    found = session.scalar(select(Applicant).where(Applicant.token == token))
    if found is None:
        raise NotFound("There is nothing at this link. Check that you have all of it.")
    return found


def throttle(session: Session, address: str) -> None:
    """Count one more form from `address`. Raises TooMany.

    It is counted beside failed sign-ins, under a hash that no sign-in has.
    """
    where = hashlib.sha256(f"application from {address}".encode()).hexdigest()
    now = clock_time.now()
    lately = (LoginFailure.address_hash == where) & (LoginFailure.at > now - WINDOW)
    if (session.scalar(select(func.count()).where(lately)) or 0) >= FORMS_PER_ADDRESS:
        raise TooMany("Too many applications from here. Wait 15 minutes and send it again.")
    session.add(LoginFailure(account_hash=where, address_hash=where, at=now))
    session.flush()
