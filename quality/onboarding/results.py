"""What came of assessments: for the labeller who took one, and for whoever set it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import clock_time, labels, ontologies
from ops.errors import Conflict
from ops.models import Asset, Project, User
from quality.gold_answers import label_of
from quality.measures.classes import Rate, rate
from quality.models import Assessment, Attempt, AttemptQuestion, Gold, GoldVersion
from quality.onboarding import assessments, attempts


class Offer(NamedTuple):
    """An assessment as a labeller sees it; `closed_to_me` says why no attempt may begin, if so."""

    assessment: Assessment
    attempts: Sequence[Attempt]
    running: Attempt | None
    passed: bool
    closed_to_me: str | None

    @property
    def left(self) -> int:
        """Attempts that may still begin."""
        return max(self.assessment.attempts - len(self.attempts), 0)


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
            attempts.refuse(session, assessment, labeller, mine)
        except Conflict as reason:
            why = reason.message
    return Offer(assessment, mine, running, any(a.passed for a in mine), why)


def score(attempt: Attempt, questions: int) -> Rate:
    """Right answers ÷ questions, with Wilson's 95 % interval."""
    return rate(attempt.correct or 0.0, questions)


class Tally(NamedTuple):
    """Finished attempts at an assessment, the labellers behind them, and how many passed."""

    attempts: int = 0
    labellers: int = 0
    passed: int = 0


def tallies(session: Session, rows: Sequence[Assessment]) -> dict[int, Tally]:
    """Assessment id → its tally, for each of `rows`."""
    counts = session.execute(
        select(
            Attempt.assessment_id,
            func.count(),
            func.count(Attempt.labeller_id.distinct()),
            func.count(Attempt.labeller_id.distinct()).filter(Attempt.passed.is_(True)),
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
            score(attempt, assessment.questions) if attempt.finished_at else None,
            _spent(attempt),
        )
        for user, attempt in rows
    ]


def _spent(attempt: Attempt) -> timedelta | None:
    end: datetime | None = attempt.finished_at
    return min(end, attempt.ends_at) - attempt.started_at if end else None


class Asked(NamedTuple):
    """How one gold fared as a question: `right` among those who answered it."""

    gold_id: int
    external_id: str
    accepted: str
    right: Rate
    asked: int
    given: dict[str, int]


def asked(session: Session, assessment: Assessment) -> list[Asked]:
    """Every question asked in finished attempts, the most often wrong first."""
    said = func.label_key(AttemptQuestion.payload)
    first = func.array_agg(AttemptQuestion.payload)[1]
    rows = session.execute(
        select(
            Gold.id,
            Asset.external_id,
            GoldVersion.answers,
            said.label("key"),
            func.count().label("n"),
            func.coalesce(func.sum(AttemptQuestion.correct), 0.0).label("correct"),
            first.label("payload"),
        )
        .join(Attempt, Attempt.id == AttemptQuestion.attempt_id)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .join(Gold, Gold.id == GoldVersion.gold_id)
        .join(Asset, Asset.id == Gold.asset_id)
        .where(Attempt.assessment_id == assessment.id, Attempt.finished_at.is_not(None))
        .group_by(Gold.id, Asset.external_id, GoldVersion.answers, "key")
        .order_by(Gold.id)
    )
    by_gold: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_gold[row.id].append(row)
    project = session.get_one(Project, assessment.project_id)
    ontology = ontologies.current(session, project.id)
    say = partial(labels.in_words, project.label_type, ontology=ontology)
    found = [_asked(some, say) for some in by_gold.values()]
    return sorted(found, key=lambda a: (a.right.value if a.right.n else 2.0, -a.right.n, a.gold_id))


def _asked(rows: Sequence[Any], say: Callable[[dict[str, Any]], str]) -> Asked:
    """One gold's rows: one for each label that was answered, one for no answer."""
    given = Counter[str]()
    for row in rows:
        if row.payload is not None:
            given[say(row.payload)] += row.n
    return Asked(
        gold_id=rows[0].id,
        external_id=rows[0].external_id,
        accepted=", ".join(say(label_of(answer)) for answer in rows[0].answers),
        right=rate(sum(row.correct for row in rows), given.total()),
        asked=sum(row.n for row in rows),
        given=dict(given.most_common()),
    )
