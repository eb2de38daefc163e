"""The accounts of the demonstration: the simulated floor, and one login for each role."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops import people, tokens
from ops.demo.people import Reader
from ops.models import Organisation, User

PASSWORD = "touchstone-demo"  # noqa: S105 - printed for everyone; the demonstration serves loopback only
CLIENT = "Musée du Trait"
# role → (e-mail, name, what to look at first)
LOGINS = {
    "admin": ("admin@demo.example", "Ada Admin", "/projects"),
    "ops_lead": ("lead@demo.example", "Lea Lead", "/dashboards/"),
    "onboarding_manager": ("onboarding@demo.example", "Omar Onboarding", "/onboarding"),
    "labeller": ("labeller@demo.example", "Lin Labeller", "/desk"),
    "reviewer": ("reviewer@demo.example", "Rita Reviewer", "/desk"),
    "expert": ("expert@demo.example", "Emil Expert", "/desk"),
    "client": ("client@demo.example", "Clara Client", "/portal"),
}


@dataclass(frozen=True)
class Account:
    """An account and the bearer token with which the demonstration acts for it."""

    id: int
    email: str
    token: str


def create(session: Session, client: Organisation, readers: list[Reader]) -> dict[str, Account]:
    """Every account, by role for the logins and by e-mail for the simulated floor."""
    made = {}
    for role, (email, name, _) in LOGINS.items():
        of_client = client if role == "client" else None
        user = people.create(
            session, email=email, name=name, role=role, password=PASSWORD, organisation=of_client
        )
        made[role] = _account(session, user)
    for reader in readers:
        user = people.create(
            session, email=reader.email, name=reader.name, role=reader.role, simulated=True
        )
        made[reader.email] = _account(session, user)
    return made


def _account(session: Session, user: User) -> Account:
    token = tokens.create(session, user, "demonstration", ["read", "write"])
    return Account(user.id, user.email or "", token)
