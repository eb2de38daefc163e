"""Making and ending API tokens, with the audit entry that every write leaves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, tokens
from ops.errors import InvalidInput, NotFound
from ops.models import ApiToken, User

LONGEST_NAME = 120


def make(
    session: Session,
    user: User,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
    by: User | None,
) -> str:
    """A token that acts as `user`; its secret is returned once. Raises InvalidInput."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput("give the token a name, such as where it is used", field="name")
    secret = tokens.create(session, user, name, scopes, expires_at=expires_at)
    audit_log.record(session, by, "token.created", f"user:{user.pseudonym}", scopes=scopes)
    return secret


def revoke(session: Session, token_id: int, *, by: User | None) -> ApiToken:
    """End a token. Raises NotFound."""
    tokens.revoke(session, token_id)
    token = session.get_one(ApiToken, token_id)
    subject = f"user:{token.user.pseudonym}"
    audit_log.record(session, by, "token.revoked", subject, token=token_id)
    return token


def own(session: Session, user: User, token_id: int) -> ApiToken:
    """A token of `user`. Raises NotFound."""
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != user.id:
        raise NotFound("There is no such token of yours.")
    return token


def live(session: Session, user: User) -> Sequence[ApiToken]:
    """The tokens of `user` that were not revoked, newest first."""
    mine = select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    return session.scalars(mine.order_by(ApiToken.created_at.desc(), ApiToken.id.desc())).all()
