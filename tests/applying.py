"""Openings and applicants for tests, through the verbs that people's forms call."""

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.applicants import applying, moving, openings, stages, taking_on
from ops.models import Applicant, ApplicantMove, Opening, PipelineStage, User
from tests.factories import Make

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


def moves(session: Session, applicant: Applicant) -> Sequence[ApplicantMove]:
    """The moves of an applicant, the first first."""
    rows = select(ApplicantMove).where(ApplicantMove.applicant_id == applicant.id)
    return session.scalars(rows.order_by(ApplicantMove.id)).all()


def to(session: Session, applicant: Applicant, name: str, manager: User, **more: Any) -> Applicant:
    """The applicant, moved to the stage of this name."""
    expected = applicant.stage_id
    return moving.move(
        session, applicant.id, stage(session, name), expected=expected, by=manager, **more
    )


def taken_on(session: Session, make: Make, manager: User, **more: Any) -> tuple[Applicant, User]:
    """An applicant in the stage Assessment with an account, and their labeller."""
    project = make.floor(labellers=0).project
    make.member(project, manager)
    opening = opened(session, manager, project_id=project.id, **more)
    applicant = to(session, applied(session, opening), "Assessment", manager)
    return taking_on.take_on(session, applicant.id, by=manager)[:2]
