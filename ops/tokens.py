"""Secrets handed out once and kept as hashes: API tokens and one-time links."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, joinedload

from ops import clock_time
from ops.errors import InvalidInput, NotFound
from ops.models import ApiToken, OneTimeLink, User

SCOPES = ("read", "write")


def fingerprint(secret: str) -> str:
    """SHA-256 in hex. The secrets are random and long, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create(
    session: Session,
    user: User,
    name: str,
    scopes: list[str],
    *,
    expires_at: datetime | None = None,
) -> str:
    """A new API token for `user`; the secret is returned once and never again."""
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise InvalidInput(f"scopes must be among {', '.join(SCOPES)}", field="scopes")
    secret = f"ts_{secrets.token_urlsafe(32)}"
    session.add(
        ApiToken(
            token_hash=fingerprint(secret),
            user_id=user.id,
            name=name,
            scopes=scopes,
            created_at=clock_time.now(),
            expires_at=expires_at,
        )
    )
    session.flush()
    return secret


# Made once: every request of a machine asks it.
_LIVE = (
    select(ApiToken)
    .options(joinedload(ApiToken.user))
    .where(ApiToken.token_hash == bindparam("hash"), ApiToken.revoked_at.is_(None))
)


def find(session: Session, secret: str) -> ApiToken | None:
    """The live token with this secret, of an active user."""
    token = session.scalar(_LIVE, {"hash": fingerprint(secret)})
    if token is None or not token.user.active:
        return None
    return None if token.expires_at and token.expires_at <= clock_time.now() else token


def revoke(session: Session, token_id: int) -> None:
    """End a token. Raises NotFound."""
    statement = (
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock_time.now())
        .returning(ApiToken.id)
    )
    if session.execute(statement).first() is None:
        raise NotFound("There is no such live token.")


def make_link(session: Session, purpose: str, user: User | None = None, *, valid: timedelta) -> str:
    """The secret of a link that works once, until it expires."""
    secret = secrets.token_urlsafe(32)
    moment = clock_time.now()
    session.add(
        OneTimeLink(
            token_hash=fingerprint(secret),
            purpose=purpose,
            user_id=user.id if user else None,
            created_at=moment,
            expires_at=moment + valid,
        )
    )
    session.flush()
    return secret


def check_link(session: Session, secret: str, *purposes: str) -> OneTimeLink:
    """The usable link with this secret. Raises NotFound."""
    link = session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == fingerprint(secret),
            OneTimeLink.purpose.in_(purposes),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > clock_time.now(),
        )
    )
    if link is None:
        raise NotFound("This link was used already or has run out. Ask for a new one.")
    return link


def use_link(session: Session, secret: str, *purposes: str) -> OneTimeLink:
    """Use a link up; two uses at once cannot both succeed. Raises NotFound."""
    link = check_link(session, secret, *purposes)
    used = session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
        .values(used_at=clock_time.now())
        .returning(OneTimeLink.id)
    ).first()
    if used is None:
        raise NotFound("This link was used already.")
    return link
