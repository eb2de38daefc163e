"""Applicants as managers look for them: the columns of the board, the rows of the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ops.applicants import stages, visible
from ops.models import Applicant, Opening, PipelineStage, User

CARDS = 40  # in one column of the board; the table has the rest
PAGE = 50
SORTS = {
    "stage": (PipelineStage.position, Applicant.stage_since, Applicant.id),
    "oldest": (Applicant.stage_since, Applicant.id),
    "newest": (Applicant.applied_at.desc(), Applicant.id.desc()),
    "name": (func.lower(Applicant.name), Applicant.id),
}


@dataclass(frozen=True)
class Asked:
    """What the board or the table was asked for; None and empty are not asked.

    `days` is the least number of days in the stage.
    """

    text: str = ""
    stage_id: int | None = None
    opening_id: int | None = None
    language: str = ""
    days: int | None = None
    sort: str = "stage"
    erasure: bool = False


@dataclass(frozen=True)
class Column:
    """A stage, how many are in it, and the first of them, who has waited longest first."""

    stage: PipelineStage
    total: int
    cards: Sequence[Applicant]


def query(user: User, asked: Asked, now: datetime) -> Select[Applicant]:
    """Applicants that `user` may see, without the erased and those merged into another."""
    found = (
        select(Applicant)
        .join(Applicant.stage)
        .options(joinedload(Applicant.stage), joinedload(Applicant.opening))
        .where(
            Applicant.opening_id.in_(visible.openings(user)),
            Applicant.erased_at.is_(None),
            Applicant.same_as.is_(None),
        )
    )
    if asked.text.strip():
        like = asked.text.strip().lower()
        found = found.where(
            or_(
                func.lower(Applicant.name).contains(like, autoescape=True),
                func.lower(Applicant.email).contains(like, autoescape=True),
            )
        )
    if asked.stage_id is not None:
        found = found.where(Applicant.stage_id == asked.stage_id)
    if asked.opening_id is not None:
        found = found.where(Applicant.opening_id == asked.opening_id)
    if asked.language:
        found = found.where(Applicant.languages.contains([asked.language]))
    if asked.days is not None:
        found = found.where(Applicant.stage_since <= now - timedelta(days=asked.days))
    if asked.erasure:
        found = found.where(Applicant.erasure_asked_at.is_not(None))
    return found


def page(
    session: Session, user: User, asked: Asked, now: datetime, number: int
) -> tuple[Sequence[Applicant], int]:
    """One page of rows (`number` from 1), and how many there are in all."""
    found = query(user, asked, now)
    total = session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    rows = found.order_by(*SORTS[asked.sort]).limit(PAGE).offset((number - 1) * PAGE)
    return session.scalars(rows).all(), total


def every(session: Session, user: User, asked: Asked, now: datetime) -> Sequence[Applicant]:
    """All rows, for a file."""
    return session.scalars(query(user, asked, now).order_by(*SORTS[asked.sort])).all()


def board(session: Session, user: User, asked: Asked, now: datetime) -> list[Column]:
    """A column for every stage in use, in two queries."""
    found = query(user, asked, now)
    place = func.row_number().over(
        partition_by=Applicant.stage_id, order_by=(Applicant.stage_since, Applicant.id)
    )
    ranked = found.with_only_columns(Applicant.id, Applicant.stage_id, place.label("place"))
    ranked = ranked.options().order_by(None)
    inner = ranked.subquery()
    totals = dict(
        tuple(row)
        for row in session.execute(
            select(inner.c.stage_id, func.count()).group_by(inner.c.stage_id)
        )
    )
    shown = (
        select(Applicant)
        .join(inner, and_(inner.c.id == Applicant.id, inner.c.place <= CARDS))
        .options(joinedload(Applicant.stage), joinedload(Applicant.opening))
        .order_by(inner.c.place)
    )
    cards: dict[int, list[Applicant]] = {}
    for one in session.scalars(shown):
        cards.setdefault(one.stage_id, []).append(one)
    return [
        Column(stage, totals.get(stage.id, 0), cards.get(stage.id, []))
        for stage in stages.listed(session)
    ]


def languages(session: Session, user: User) -> list[str]:
    """Every language that somebody who is shown speaks."""
    mine = Applicant.opening_id.in_(visible.openings(user)) & Applicant.erased_at.is_(None)
    words = select(func.jsonb_array_elements_text(Applicant.languages).label("word")).where(mine)
    said = select(words.subquery().c.word).distinct().order_by("word")
    return list(session.scalars(said))


def asking_to_be_erased(session: Session, user: User, now: datetime) -> int:
    """How many asked to be forgotten and are not yet."""
    asked = query(user, Asked(erasure=True), now).subquery()
    return session.scalar(select(func.count()).select_from(asked)) or 0


def days_in_stage(applicant: Applicant, now: datetime) -> int:
    """Whole days since they entered their stage."""
    return max(0, (now - applicant.stage_since).days)


def opening_choices(session: Session, user: User) -> list[tuple[int, str]]:
    """(id, title) of every opening that `user` may see, newest first."""
    rows = (
        select(Opening.id, Opening.title)
        .where(Opening.id.in_(visible.openings(user)))
        .order_by(Opening.created_at.desc())
    )
    return [(row[0], row[1]) for row in session.execute(rows)]
