"""Users and their way in: accounts, passwords, the throttle, invitations."""

import hashlib
from datetime import timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from ops import audit_log, clock_time, tokens
from ops.db import transaction
from ops.errors import Conflict, InvalidInput, NotFound, NotSignedIn, TooMany
from ops.models import ROLES, LoginFailure, OneTimeLink, Organisation, User
from ops.uniqueness import unique

LEAST_PASSWORD = 10
THROTTLE_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50
INVITATION_VALID = timedelta(days=14)
RESET_VALID = timedelta(hours=2)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody_hash() -> str:
    # Verified when the account does not exist, so that both refusals take the same time.
    return _hasher().hash("nobody has this password")


def create(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    password: str | None = None,
    organisation: Organisation | None = None,
    by: User | None = None,
    **more: Any,
) -> User:
    """A new account. `more` are further columns of `User`.

    Raises InvalidInput naming the field, Conflict when the e-mail address is taken.
    """
    address = clean_email(email)
    if role not in ROLES:
        raise InvalidInput(f"role must be one of {', '.join(ROLES)}", field="role")
    if not name.strip():
        raise InvalidInput("name must not be empty", field="name")
    if role == "client" and organisation is None:
        raise InvalidInput("a client belongs to an organisation", field="organisation")
    _refuse_if_taken(session, address)
    user = User(
        email=address,
        name=name.strip(),
        role=role,
        organisation_id=organisation.id if organisation else None,
        created_at=clock_time.now(),
        **more,
    )
    if password is not None:
        user.password_hash = hash_password(password)
    with unique(session, _taken(address), field="email"):
        session.add(user)
    audit_log.record(session, by, "user.created", f"user:{user.pseudonym}", role=role)
    return user


def rename(session: Session, user: User, *, name: str, email: str) -> None:
    """Another name or address. Raises InvalidInput naming the field, Conflict when taken."""
    address = clean_email(email)
    if not name.strip():
        raise InvalidInput("name must not be empty", field="name")
    if address != (user.email or "").lower():
        _refuse_if_taken(session, address)
    with unique(session, _taken(address), field="email"):
        user.name, user.email = name.strip(), address


def _refuse_if_taken(session: Session, address: str) -> None:
    if session.scalar(select(User.id).where(func.lower(User.email) == address)):
        raise Conflict(_taken(address), field="email")


def _taken(address: str) -> str:
    return f"There is an account for {address} already."


def clean_email(email: str) -> str:
    """The address in lower case. Raises InvalidInput."""
    try:
        found = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInput(f"not an e-mail address: {error}", field="email") from None
    return found.normalized.lower()


def hash_password(password: str) -> str:
    """argon2id. Raises InvalidInput when it is too short."""
    if len(password) < LEAST_PASSWORD:
        raise InvalidInput(
            f"the password must have at least {LEAST_PASSWORD} characters", field="password"
        )
    return _hasher().hash(password)


def set_password(session: Session, user: User, password: str, *, by: User | None = None) -> None:
    """Give `user` a new password and end every open session of theirs."""
    user.password_hash = hash_password(password)
    user.session_epoch += 1
    session.flush()
    audit_log.record(session, by or user, "user.password_set", f"user:{user.pseudonym}")


def session_user(session: Session, value: str) -> User | None:
    """The active user behind a session cookie's `id.epoch`."""
    number, _, epoch = value.partition(".")
    if not (number.isdigit() and epoch.isdigit()):
        return None
    user = session.get(User, int(number))
    fresh = user is not None and user.active and user.session_epoch == int(epoch)
    return user if fresh else None


def authenticate(sessions: sessionmaker[Session], email: str, password: str, address: str) -> int:
    """The id of the active user with these credentials.

    Works in transactions of its own, so that a failure is remembered although it raises.
    Raises TooMany after repeated failures and NotSignedIn otherwise.
    """
    account, where = _fingerprints(email, address)
    with transaction(sessions) as session:
        _throttle(session, account, where)
        user = session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
        known = user.password_hash if user and user.active and user.password_hash else None
    try:
        _hasher().verify(known or _nobody_hash(), password)
        if known and user:
            return user.id
    except VerificationError:
        pass
    with transaction(sessions) as session:
        session.add(LoginFailure(account_hash=account, address_hash=where, at=clock_time.now()))
    raise NotSignedIn("The e-mail address or the password is wrong.")


def _fingerprints(email: str, address: str) -> tuple[str, str]:
    return (
        hashlib.sha256(email.strip().lower().encode()).hexdigest(),
        hashlib.sha256(address.encode()).hexdigest(),
    )


def _throttle(session: Session, account: str, address: str) -> None:
    since = clock_time.now() - THROTTLE_WINDOW
    counts = session.execute(
        select(
            func.count().filter(LoginFailure.account_hash == account),
            func.count().filter(LoginFailure.address_hash == address),
        ).where(
            LoginFailure.at > since,
            or_(LoginFailure.account_hash == account, LoginFailure.address_hash == address),
        )
    ).one()
    if counts[0] >= FAILURES_PER_ACCOUNT or counts[1] >= FAILURES_PER_ADDRESS:
        raise TooMany("Too many failed attempts. Wait 15 minutes or reset the password.")


def forget_failures(sessions: sessionmaker[Session]) -> int:
    """Delete failures that no longer count; returns how many."""
    with transaction(sessions) as session:
        old = delete(LoginFailure).where(LoginFailure.at < clock_time.now() - THROTTLE_WINDOW)
        return len(session.execute(old.returning(LoginFailure.id)).all())


def invite(session: Session, user: User, *, by: User | None) -> str:
    """The secret of an invitation link for an account without a password."""
    audit_log.record(session, by, "user.invited", f"user:{user.pseudonym}")
    return tokens.make_link(session, "invitation", user, valid=INVITATION_VALID)


def start_reset(session: Session, user: User, *, by: User | None = None) -> str:
    """The secret of a password-reset link."""
    audit_log.record(session, by or user, "user.reset_started", f"user:{user.pseudonym}")
    return tokens.make_link(session, "reset", user, valid=RESET_VALID)


def link_holder(session: Session, secret: str) -> tuple[OneTimeLink, User]:
    """A usable invitation or reset link and whose it is. Raises NotFound."""
    link = tokens.check_link(session, secret, "invitation", "reset")
    user = session.get_one(User, link.user_id)
    if not user.active:
        raise NotFound("This account is closed. Ask whoever invited you.")
    return link, user


def accept_link(session: Session, secret: str, password: str) -> User:
    """Set the password through an invitation or reset link; every open link of theirs is used up.

    Raises NotFound or InvalidInput; in both cases the link stays as it was.
    """
    _, user = link_holder(session, secret)
    tokens.use_link(session, secret, "invitation", "reset")
    set_password(session, user, password)
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == user.id, OneTimeLink.used_at.is_(None))
        .values(used_at=clock_time.now())
    )
    return user


def deactivate(session: Session, user: User, *, by: User | None) -> None:
    """Close an account: its sessions end, its history stays."""
    user.active = False
    user.session_epoch += 1
    session.flush()
    audit_log.record(session, by, "user.deactivated", f"user:{user.pseudonym}")


def reopen(session: Session, user: User, *, by: User) -> None:
    """Open a closed account again; its password is the old one. Raises Conflict when erased."""
    if user.email is None:
        raise Conflict("This person's data was erased; invite them anew.")
    user.active = True
    session.flush()
    audit_log.record(session, by, "user.reopened", f"user:{user.pseudonym}")
