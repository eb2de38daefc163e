"""What people may apply for: made by a manager, open under a public link until it is closed."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, scope
from ops.applicants import visible
from ops.errors import InvalidInput, NotFound
from ops.models import Applicant, Opening, Project, Skill, User

CONSENT = (
    "I agree that what I write here is kept and used to decide about my application, by the people "
    "who decide about it and nobody else. Through my own link I can see all that is held of me, "
    "and have it erased, at any time."
)
LONGEST = {"title": 120, "markdown": 20_000, "consent": 4_000}


@dataclass(frozen=True)
class Terms:
    """What an opening says. `languages` are asked for by name; `closes_at` None is until closed."""

    title: str
    markdown: str = ""
    consent: str = CONSENT
    languages: Sequence[str] = field(default_factory=tuple)
    skill_id: int | None = None
    project_id: int | None = None
    closes_at: datetime | None = None


def create(session: Session, terms: Terms, *, by: User) -> Opening:
    """A new opening with a link of its own. Raises InvalidInput with one error for each field."""
    values = _clean(session, terms, by)
    opening = Opening(token=secrets.token_urlsafe(18), created_at=clock_time.now(), **values)
    session.add(opening)
    session.flush()
    audit_log.record(session, by, "opening.made", f"opening:{opening.id}")
    return opening


def change(session: Session, opening: Opening, terms: Terms, *, by: User) -> None:
    """Other words or another closing date; who applied before agreed to what stood there then."""
    for name, value in _clean(session, terms, by).items():
        setattr(opening, name, value)
    session.flush()
    audit_log.record(session, by, "opening.changed", f"opening:{opening.id}")


def set_open(session: Session, opening: Opening, is_open: bool, *, by: User) -> None:
    """Close the link to new applications, or open it again (and forget a date that is past)."""
    now = clock_time.now()
    if is_open == takes(opening):
        return
    opening.closed_at = None if is_open else now
    if is_open and opening.closes_at is not None and opening.closes_at <= now:
        opening.closes_at = None
    session.flush()
    action = "opening.opened" if is_open else "opening.closed"
    audit_log.record(session, by, action, f"opening:{opening.id}")


def takes(opening: Opening) -> bool:
    """Whether one may apply now."""
    past = opening.closes_at is not None and opening.closes_at <= clock_time.now()
    return opening.closed_at is None and not past


def by_link(session: Session, token: str) -> Opening:
    """The opening of a public link, open or not. Raises NotFound."""
    found = session.scalar(select(Opening).where(Opening.token == token))
    if found is None:
        raise NotFound("There is no such opening. Check the link you were given.")
    return found


def listed(session: Session, user: User) -> Sequence[tuple[Opening, int]]:
    """Every opening that `user` may see, newest first, with how many applied."""
    counted = (
        select(Opening, func.count(Applicant.id))
        .outerjoin(Applicant, (Applicant.opening_id == Opening.id) & Applicant.same_as.is_(None))
        .where(Opening.id.in_(visible.openings(user)))
        .group_by(Opening.id)
        .order_by(Opening.created_at.desc(), Opening.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(counted)]


def _clean(session: Session, terms: Terms, by: User) -> dict[str, Any]:
    texts = {name: getattr(terms, name).strip() for name in LONGEST}
    faults = [_fault(name, text) for name, text in texts.items()]
    if terms.skill_id is not None and session.get(Skill, terms.skill_id) is None:
        faults.append({"field": "skill", "message": "there is no such skill"})
    mine = select(Project.id).where(
        Project.id == terms.project_id, Project.id.in_(scope.projects(by))
    )
    if terms.project_id is not None and session.scalar(mine) is None:
        message = "there is no such project, or you are no member of it"
        faults.append({"field": "project", "message": message})
    found = [fault for fault in faults if fault]
    if found:
        raise InvalidInput(str(found[0]["message"]), field=found[0]["field"], errors=found)
    languages = list(dict.fromkeys(" ".join(word.split())[:60] for word in terms.languages))
    return {
        **texts,
        "languages": [word for word in languages if word],
        "skill_id": terms.skill_id,
        "project_id": terms.project_id,
        "closes_at": terms.closes_at,
    }


def _fault(name: str, text: str) -> dict[str, Any] | None:
    if not text and name != "markdown":
        return {"field": name, "message": "must not be empty"}
    if len(text) > LONGEST[name] or "\0" in text:
        return {"field": name, "message": f"at most {LONGEST[name]} characters"}
    return None
