"""Who is asking, and whether they may: sessions for people, hashed tokens for machines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops import clock_time, people, tokens
from ops.access import ANYONE, EVERYONE
from ops.config import Settings
from ops.errors import Forbidden, NotSignedIn
from ops.models import ApiToken, User

csrf = CSRFProtect()
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page, in plain values: error pages need them after the rollback."""

    id: int
    name: str
    role: str

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def init_app(app: Flask) -> None:
    """Install sign-in by cookie and by bearer token, and CSRF protection for the former."""
    # Its context processor would load the user while an error page is rendered, without a session.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = "basic"
    manager.user_loader(_from_cookie)
    manager.request_loader(_from_token)
    csrf.init_app(app)


def recognise() -> None:
    """Note who is asking, signed in or not, before anything can go wrong."""
    g.viewer = None
    if not current_user.is_authenticated:
        return
    person = user()
    g.viewer = Viewer(person.id, person.name, person.role)
    _note_seen(person, clock_time.now())


def _note_seen(person: User, moment: datetime) -> None:
    if person.last_seen_at is not None and moment - person.last_seen_at <= SEEN_EVERY:
        return
    # At once and without waiting: a row lock taken later, or waited for, could cross with the
    # locks of the request's own work.
    free = (
        select(User.id)
        .where(User.id == person.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    seen = update(User).where(User.id.in_(free)).values(last_seen_at=moment)
    db().execute(seen, execution_options={"synchronize_session": False})


def viewer() -> Viewer | None:
    """Who is asking; None for anybody who is not signed in."""
    return cast("Viewer | None", g.get("viewer"))


def installation() -> Settings:
    """The settings of this installation."""
    found: Settings = current_app.extensions["settings"]
    return found


def db() -> Session:
    """The session of this request's one transaction."""
    return cast(Session, g.session)


def user() -> User:
    """The signed-in user. Raises NotSignedIn."""
    if not current_user.is_authenticated:
        raise NotSignedIn
    return cast(User, current_user._get_current_object())


def sign_in(person: User) -> None:
    """Begin a new session for `person`; nothing of an older one stays."""
    session.clear()
    login_user(person)
    session.permanent = True


def sign_out() -> None:
    """End this session."""
    logout_user()
    session.clear()


def check_access(app: Flask) -> None:
    """Refuse whatever the role matrix does not allow. Raises NotSignedIn or Forbidden."""
    allowed = app.extensions["access"].get(request.endpoint)
    if allowed is None:
        raise Forbidden("This address is not open to anyone.")
    bearer = request.authorization is not None and request.authorization.type == "bearer"
    # Beside the cookie of a session a token is not looked at: the session counts, with its CSRF.
    by_token = bearer and ("api_token" in g or not current_user.is_authenticated)
    if not by_token and request.method not in SAFE_METHODS:
        csrf.protect()
    if allowed is ANYONE or allowed == ANYONE:
        return
    person = user()
    if allowed != EVERYONE and person.role not in allowed:
        raise Forbidden
    if by_token:
        _check_scope(g.api_token)


def _check_scope(token: ApiToken) -> None:
    needed = "read" if request.method in SAFE_METHODS else "write"
    if needed not in token.scopes and not (needed == "read" and "write" in token.scopes):
        raise Forbidden(f"This token lacks the scope '{needed}'.")


def _from_cookie(value: str) -> User | None:
    return people.session_user(db(), value)


def _from_token(_request: Any) -> User | None:
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        return None
    g.api_token = tokens.find(db(), authorization.token or "")
    return g.api_token.user if g.api_token else None
