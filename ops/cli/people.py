"""`touchstone users` and `touchstone tokens`."""

from datetime import timedelta

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from ops import api_tokens, clock_time, config, first_admin, organisations, people
from ops.cli.database import unit_of_work
from ops.errors import InvalidInput, NotFound
from ops.models import ROLES, ApiToken, User

NOBODY = "There are no accounts yet: `touchstone users setup-link` makes the first."


@click.group()
def users() -> None:
    """People and their way in."""


@users.command("setup-link")
def setup_link() -> None:
    """Print the link that makes the first administrator; only while there are no accounts."""
    with unit_of_work() as session:
        secret = first_admin.start(session)
    click.echo(_address(f"/setup/{secret}"))
    click.echo("The link works once, for 24 hours.", err=True)


@users.command("list")
@click.option("--role", help="Only people of this role.")
def list_(role: str | None) -> None:
    """Print id, role, state, e-mail and name, separated by tabs."""
    query = select(User).order_by(User.id)
    if role:
        query = query.where(User.role == _known_role(role))
    with unit_of_work() as session:
        found = session.scalars(query).all()
        if not found:
            click.echo("Nobody of this role." if role else NOBODY, err=True)
        for user in found:
            state = "open" if user.active else "closed"
            click.echo(f"{user.id}\t{user.role}\t{state}\t{user.email or ''}\t{user.name}")


@users.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", required=True)
@click.option("--organisation", default="", help="For a client: the organisation, made if new.")
def add(email: str, name: str, role: str, organisation: str) -> None:
    """Make an account and print its invitation link."""
    with unit_of_work() as session:
        client = None
        if organisation.strip() and role == "client":
            client = organisations.named(session, organisation) or organisations.create(
                session, name=organisation, kind="client", by=None
            )
        user = people.create(session, email=email, name=name, role=role, organisation=client)
        secret = people.invite(session, user, by=None)
    click.echo(_address(f"/link/{secret}"))


@users.command("reset-link")
@click.argument("email")
def reset_link(email: str) -> None:
    """Print a link with which this person chooses a new password."""
    with unit_of_work() as session:
        secret = people.start_reset(session, _user(session, email))
    click.echo(_address(f"/link/{secret}"))


@users.command()
@click.argument("email")
def deactivate(email: str) -> None:
    """Close an account: sessions and tokens end at once, history stays."""
    with unit_of_work() as session:
        people.deactivate(session, _user(session, email), by=None)
    click.echo(f"The account of {email} is closed.")


@click.group()
def tokens() -> None:
    """API tokens: keys of programs."""


@tokens.command()
@click.argument("email")
@click.option("--name", required=True, help="Where it is used.")
@click.option("--scope", "scopes", multiple=True, default=("read",), show_default=True)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 730))
def create(email: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token that acts as this person, and print it once."""
    with unit_of_work() as session:
        user, ends = _user(session, email), clock_time.now() + timedelta(days=days)
        secret = api_tokens.make(
            session, user, name=name, scopes=list(scopes), expires_at=ends, by=None
        )
    click.echo(secret)


@tokens.command("list")
def list_tokens() -> None:
    """Print id, e-mail, scopes, last day and name of every live token, separated by tabs."""
    live = select(ApiToken).options(joinedload(ApiToken.user)).where(ApiToken.revoked_at.is_(None))
    with unit_of_work() as session:
        for token in session.scalars(live.order_by(ApiToken.id)):
            ends = token.expires_at.date().isoformat() if token.expires_at else "no end"
            scopes = ",".join(token.scopes)
            click.echo(f"{token.id}\t{token.user.email}\t{scopes}\t{ends}\t{token.name}")


@tokens.command()
@click.argument("token_id", type=int)
def revoke(token_id: int) -> None:
    """End a token."""
    with unit_of_work() as session:
        api_tokens.revoke(session, token_id, by=None)
    click.echo(f"Token {token_id} no longer works.")


def _address(path: str) -> str:
    return config.load().base_url.rstrip("/") + path


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise InvalidInput(f"one of {', '.join(ROLES)}", field="role")
    return role


def _user(session: Session, email: str) -> User:
    user = session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
    if user is None:
        raise NotFound(f"There is no account with the address {email}.", field="email")
    return user
