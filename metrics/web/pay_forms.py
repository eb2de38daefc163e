"""What the forms about pay say, read and checked at the boundary."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics.earnings.words import STAGE_WORDS, UNIT
from ops import pay, pay_book
from ops.access import WORKERS
from ops.errors import InvalidInput
from ops.models import STAGES, Organisation, PayRate, Project, Team, User
from ops.web.fields import day, identity

Form = Mapping[str, str]
KINDS = {"person": "user_id", "team": "team_id", "vendor": "vendor_id"}


def terms(form: Form) -> pay.Terms:
    """A rate as the form says it. Raises InvalidInput naming the field."""
    kind, _, whose = form.get("whom", "").partition(":")
    whom = {KINDS[kind]: chosen(whose, "whom")} if kind in KINDS else {}
    if kind and kind not in KINDS:
        raise InvalidInput("choose who it is for", field="whom")
    project = form.get("project", "")
    ends = form.get("ends") == "1"
    return pay.Terms(
        scope=pay_book.Scope(
            **whom,
            project_id=chosen(project, "project") if project else None,
            stage=form.get("stage") or None,
        ),
        basis=form.get("basis", ""),
        amount=None if ends else pay.decimal(form.get("amount", "")),
        currency=form.get("currency", "").strip().upper(),
        valid_from=day(form.get("valid_from", ""), "valid_from"),
        reason=form.get("reason", ""),
    )


def like(rate: PayRate) -> dict[str, str]:
    """What a form for the next rate of the same scope begins with."""
    scope = pay_book.scope_of(rate)
    kind = next((k for k, name in KINDS.items() if getattr(scope, name) is not None), None)
    return {
        "whom": f"{kind}:{getattr(scope, KINDS[kind])}" if kind else "",
        "project": str(scope.project_id or ""),
        "stage": scope.stage or "",
        "basis": rate.basis,
        "amount": "" if rate.amount is None else f"{rate.amount.normalize():f}",
        "currency": rate.currency,
    }


def chosen(text: str, field: str) -> int:
    """What is chosen from a list, by its number. Raises InvalidInput naming the field."""
    found = identity(text)
    if found is None:
        raise InvalidInput("choose one of the list", field=field)
    return found


def labeller(session: Session, text: str, field: str) -> User:
    """The person that a form names. Raises InvalidInput naming the field."""
    found = session.get(User, chosen(text, field))
    if found is None or found.role not in WORKERS:
        raise InvalidInput("there is no such labeller", field=field)
    return found


def choices(session: Session) -> dict[str, Any]:
    """The lists of the forms: everybody and everything that a rate can be for."""
    people = select(User.id, User.name).where(User.role.in_(WORKERS)).order_by(User.name, User.id)
    teams = select(Team.id, Team.name).order_by(Team.name)
    vendors = select(Organisation.id, Organisation.name).where(Organisation.kind == "vendor")
    projects = select(Project.id, Project.name).order_by(Project.name, Project.id)
    workers = _pairs(session, people)
    whom = [("", "Everybody")]
    whom += [(f"team:{i}", f"Team {name}") for i, name in _pairs(session, teams)]
    whom += [
        (f"vendor:{i}", f"Vendor {name}")
        for i, name in _pairs(session, vendors.order_by(Organisation.name))
    ]
    return {
        "workers": workers,
        "whom": whom + [(f"person:{i}", name) for i, name in workers],
        "teams": _pairs(session, teams),
        "projects": _pairs(session, projects),
        "stages": [(stage, STAGE_WORDS[stage].capitalize()) for stage in STAGES],
        "bases": [(basis, f"per {unit}") for basis, unit in UNIT.items()],
    }


def _pairs(session: Session, asked: Any) -> Sequence[tuple[int, str]]:
    return [(row[0], row[1]) for row in session.execute(asked)]
