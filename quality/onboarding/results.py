"""What came of assessments: for the labeller who took one, and for whoever set it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import clock_time, ontologies
from ops.errors import Conflict
from ops.models import User
from quality.measures.classes import Rate
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import admission, anew, assessments, attempts, scoring


class Offer(NamedTuple):
    """An assessment as a labeller sees it; `left` attempts may still begin, and `closed_to_me` says
    why none may now, if so. `ends_at`: when a certificate runs out that passing again keeps."""

    assessment: Assessment
    attempts: Sequence[Attempt]
    running: Attempt | None
    passed: bool
    closed_to_me: str | None
    left: int
    ends_at: datetime | None


def offers(session: Session, labeller: User) -> list[Offer]:
    """The assessments of the labeller's projects: open ones, and those they have taken."""
    found = []
    for assessment in assessments.listed(session, labeller):
        mine = attempts.of_labeller(session, assessment, labeller)
        if assessment.open or mine:
            found.append(_offer(session, assessment, labeller, mine))
    return found


def _offer(
    session: Session, assessment: Assessment, labeller: User, mine: Sequence[Attempt]
) -> Offer:
    now = clock_time.now()
    running = next((a for a in mine if a.finished_at is None and now < a.ends_at), None)
    why = None
    if running is None:
        try:
            admission.refuse(session, assessment, labeller, mine)
        except Conflict as reason:
            why = reason.message
    passed = any(a.passed and a.voided_at is None for a in mine)
    left = anew.left(session, assessment, labeller, mine)
    ends_at = None if why else anew.ending(session, assessment, labeller)
    return Offer(assessment, mine, running, passed, why, left, ends_at)


def counted(assessment: Assessment, attempt: Attempt) -> int:
    """Of how many questions the score of a finished attempt is."""
    return attempt.counted if attempt.counted is not None else assessment.questions


def score(assessment: Assessment, attempt: Attempt) -> Rate:
    """Right ÷ questions of a finished attempt, with its 95 % interval."""
    return scoring.score(assessment, attempt.correct or 0.0, counted(assessment, attempt))


def ended_in_words(assessment: Assessment, attempt: Attempt, *, own: bool = False) -> str:
    """Why an attempt ended, where that says something."""
    if attempt.ended_by == "sure":
        n = counted(assessment, attempt)
        return f"After {n} questions the result was sure, so no more were asked."
    if attempt.ended_by == "time" and assessment.fail_mark is not None:
        return "Time ran out before the result was sure; that is not passed."
    if attempt.ended_by == "time":
        return "Time ran out; questions without an answer count as wrong."
    return "" if own or attempt.finished_at is None else "All questions were answered."


FEWEST_OF_CLASS = 3


class ByClass(NamedTuple):
    """Names of classes that went well and of those to look at again; without numbers, and only of
    classes asked three times or more, so that no single answer is told."""

    well: list[str]
    again: list[str]


def by_class(session: Session, assessment: Assessment, attempt: Attempt) -> ByClass:
    """What an attempt tells its labeller of the classes, without giving gold away."""
    rows = session.execute(
        select(Gold.class_key, func.coalesce(AttemptQuestion.correct, 0.0))
        .join(GoldVersion, GoldVersion.gold_id == Gold.id)
        .join(AttemptQuestion, AttemptQuestion.gold_version_id == GoldVersion.id)
        .where(AttemptQuestion.attempt_id == attempt.id, AttemptQuestion.answered_at.is_not(None))
    )
    worth: dict[str, list[float]] = defaultdict(list)
    for key, credit in rows:
        if key:
            worth[key].append(credit)
    ontology = ontologies.current(session, assessment.project_id)
    names = {c["key"]: c["name"] for c in (ontology.classes if ontology else [])}
    told = ByClass([], [])
    for key, some in sorted(worth.items()):
        if len(some) >= FEWEST_OF_CLASS:
            good = sum(some) / len(some) >= assessment.pass_mark
            (told.well if good else told.again).append(names.get(key, key))
    return told


class Next(NamedTuple):
    """What a labeller may do now: how many attempts are `left`, `why` none may begin, and `when`
    one may, where it is only a matter of time."""

    left: int
    why: str | None
    when: datetime | None


def next_for(session: Session, assessment: Assessment, labeller: User) -> Next:
    """What comes next for a labeller at this assessment."""
    mine = attempts.of_labeller(session, assessment, labeller)
    offer = _offer(session, assessment, labeller, mine)
    when = admission.opens_again(assessment, mine)
    late = when is not None and when > clock_time.now()
    return Next(offer.left, offer.closed_to_me, when if late else None)


class Spared(NamedTuple):
    """Questions that finished attempts at an adaptive assessment took, and how many attempts."""

    mean: float
    n: int


def spared(session: Session, assessment: Assessment) -> Spared | None:
    """What adaptive attempts took on average; None where nobody finished one."""
    if assessment.fail_mark is None:
        return None
    finished = (Attempt.assessment_id == assessment.id) & Attempt.finished_at.is_not(None)
    mean, n = session.execute(select(func.avg(Attempt.counted), func.count()).where(finished)).one()
    return Spared(float(mean), n) if n and mean is not None else None


class Tally(NamedTuple):
    """Finished attempts at an assessment, the labellers behind them, and how many passed."""

    attempts: int = 0
    labellers: int = 0
    passed: int = 0


def tallies(session: Session, rows: Sequence[Assessment]) -> dict[int, Tally]:
    """Assessment id → its tally, for each of `rows`."""
    good = Attempt.passed.is_(True) & Attempt.voided_at.is_(None)
    counts = session.execute(
        select(
            Attempt.assessment_id,
            func.count(),
            func.count(Attempt.labeller_id.distinct()),
            func.count(Attempt.labeller_id.distinct()).filter(good),
        )
        .where(
            Attempt.assessment_id.in_([row.id for row in rows]), Attempt.finished_at.is_not(None)
        )
        .group_by(Attempt.assessment_id)
    )
    known = {assessment_id: Tally(*numbers) for assessment_id, *numbers in counts}
    return {row.id: known.get(row.id, Tally()) for row in rows}


class Taken(NamedTuple):
    """One attempt in the manager's table."""

    labeller: User
    attempt: Attempt
    score: Rate | None
    took: timedelta | None


def taken(session: Session, assessment: Assessment) -> list[Taken]:
    """Every attempt, the newest first; the score is None while it runs."""
    rows = session.execute(
        select(User, Attempt)
        .join(Attempt, Attempt.labeller_id == User.id)
        .where(Attempt.assessment_id == assessment.id)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
    )
    return [
        Taken(
            user,
            attempt,
            score(assessment, attempt) if attempt.finished_at else None,
            _spent(attempt),
        )
        for user, attempt in rows
    ]


def _spent(attempt: Attempt) -> timedelta | None:
    end: datetime | None = attempt.finished_at
    return min(end, attempt.ends_at) - attempt.started_at if end else None
