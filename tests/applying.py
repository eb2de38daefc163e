"""Openings and applicants for tests, through the verbs that people's forms call."""

import itertools
from typing import Any

from sqlalchemy.orm import Session

from ops.applicants import applying, openings, stages
from ops.models import Applicant, Opening, PipelineStage, User

_numbers = itertools.count(1)
FORM = {
    "name": "Zelda Quux",
    "email": "zelda.quux@example.com",
    "country": "Kenya",
    "timezone": "Africa/Nairobi",
    "languages": ["English", "Swahili"],
    "equipment": ["Drawing tablet"],
    "hours_per_week": "20",
    "days": ["Monday", "Friday"],
    "about": "I have labelled birds before.",
    "consent": True,
}


def opened(session: Session, by: User, **more: Any) -> Opening:
    """An opening that takes applications."""
    return openings.create(session, openings.Terms(**{"title": "Bird labeller", **more}), by=by)


def applied(session: Session, opening: Opening, **more: Any) -> Applicant:
    """Somebody who applied for it; another person each time unless named."""
    n = next(_numbers)
    other = {"name": f"Person Number{n}", "email": f"person{n}@example.com"}
    return applying.apply(session, opening, {**FORM, **other, **more}, f"test-key-{n:012}")


def stage(session: Session, name: str) -> PipelineStage:
    """A stage by its name."""
    return next(s for s in stages.listed(session) if s.name == name)
