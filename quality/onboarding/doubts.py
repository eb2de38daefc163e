"""Attempts that may not be the labeller's own work: found by a job, looked at by a manager.

Three things are looked for in the finished attempts at an assessment, each with its own guard
against crying wolf: attempts answered far faster than others answered the same questions
(`measures.attempt_pace`); people whose unusual answers are the same (`measures.copying`); and
attempts that are right on questions that were often seen before and wrong on the others
(`measures.foreknowledge`). A doubt proves nothing. The labeller does not see it; a manager looks at
the evidence and says that all is fine, or voids the attempt.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, labels
from ops.db import transaction
from ops.errors import Conflict, NotFound
from ops.models import Project, User
from quality.models import Assessment, Attempt, AttemptDoubt
from quality.onboarding import answered
from quality.onboarding.answered import Row
from quality.onboarding.assessments import record
from quality.onboarding.pool import WORN

Evidence = dict[str, Any]
LEAST_MEAN = 0.02
RIGHT = 0.5  # credit from which on an answer is right rather than wrong


def look(sessions: sessionmaker[Session]) -> int:
    """Look through the assessments that somebody finished an attempt at; returns how many doubts
    are new."""
    with transaction(sessions) as session:
        ids = session.scalars(
            select(Attempt.assessment_id)
            .join(Assessment, Assessment.id == Attempt.assessment_id)
            .where(
                Attempt.finished_at.is_not(None),
                or_(
                    Assessment.doubted_until.is_(None),
                    Attempt.finished_at > Assessment.doubted_until,
                ),
            )
            .distinct()
        ).all()
    new = 0
    for assessment_id in ids:
        with transaction(sessions) as session:
            new += look_at(session, session.get_one(Assessment, assessment_id))
    return new


def look_at(session: Session, assessment: Assessment) -> int:
    """Note what is doubtful about its attempts, once for each attempt and kind."""
    finished = func.max(Attempt.finished_at)
    until: datetime | None = session.scalar(
        select(finished).where(Attempt.assessment_id == assessment.id)
    )
    rows = answered.rows(session, assessment)
    found = [*_too_fast(rows), *_too_alike(session, assessment, rows), *_exposed(rows)]
    new = 0
    for attempt_id, kind, evidence in found:
        values = {"attempt_id": attempt_id, "kind": kind, "evidence": evidence}
        note = insert(AttemptDoubt).values(**values, at=clock_time.now())
        noted = note.on_conflict_do_nothing().returning(AttemptDoubt.id)
        new += session.execute(noted).scalar_one_or_none() is not None
    assessment.doubted_until = until
    session.flush()
    return new


def _too_fast(rows: Sequence[Row]) -> Iterable[tuple[int, str, Evidence]]:
    from quality.measures.attempt_pace import paces

    timed = [row for row in rows if row.seconds is not None]
    item, _ = answered.codes([row.gold_id for row in timed])
    attempt, known = answered.codes([row.attempt_id for row in timed])
    found = paces(item, attempt, [row.seconds or 0.0 for row in timed], len(known))
    for attempt_id, code in known.items():
        if found.flagged[code]:
            yield attempt_id, "too_fast", {
                "ratio": round(float(found.ratio[code]), 3),
                "distance": round(float(found.distance[code]), 2),
                "questions": int(found.n[code]),
            }  # fmt: skip


def _too_alike(
    session: Session, assessment: Assessment, rows: Sequence[Row]
) -> Iterable[tuple[int, str, Evidence]]:
    """People are compared, over all their attempts: nobody is asked the same twice."""
    from quality.measures.copying import too_alike

    if not rows:
        return
    project = session.get_one(Project, assessment.project_id)
    rows = sorted(rows, key=lambda row: (row.labeller_id, row.gold_id))
    item, _ = answered.codes([row.gold_id for row in rows])
    who, people = answered.codes([row.labeller_id for row in rows])
    label, n_labels = _labels(project.label_type, rows)
    right, n = Counter[int](), Counter(who)
    for code, row in zip(who, rows, strict=True):
        right[code] += row.credit  # type: ignore[assignment]
    accuracy = [min(max(right[c] / n[c], LEAST_MEAN), 1 - LEAST_MEAN) for c in range(len(people))]
    found = too_alike(item, who, label, accuracy, max(n_labels, 2))
    ids = list(people)
    attempts = _attempts_by_item(rows)
    for i in range(found.one.size):
        if not found.flagged[i]:
            continue
        one, other = ids[int(found.one[i])], ids[int(found.other[i])]
        told = {
            "shared": int(found.shared[i]),
            "unusual": int(found.unusual[i]),
            "echoed": int(found.echoed[i]),
            "expected": round(float(found.expected[i]), 2),
            "evidence": round(float(found.log_evidence[i]), 2),
        }
        for me, them in ((one, other), (other, one)):
            mine, theirs = _shared(attempts, me, them)
            yield mine, "too_alike", {**told, "with": theirs}


def _labels(label_type: str, rows: Sequence[Row]) -> tuple[list[int], int]:
    """Each answer as a code: of a choice its class; of all else one for what is right, and each
    wrong answer by itself, for two who are right drew much the same without looking."""
    if label_type in labels.CHOICES:
        said = [str(row.payload.get(label_type)) for row in rows]
    else:
        said = ["" if row.credit >= RIGHT else repr(row.payload) for row in rows]
    coded, known = answered.codes(said)
    return coded, len(known)


def _attempts_by_item(rows: Sequence[Row]) -> dict[int, dict[int, int]]:
    """Labeller → gold → the attempt at which they were asked it."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for row in rows:
        found[row.labeller_id][row.gold_id] = row.attempt_id
    return found


def _shared(by_item: Mapping[int, Mapping[int, int]], me: int, them: int) -> tuple[int, int]:
    """The attempts of two people that share most questions."""
    both = Counter(
        (attempt, by_item[them][gold])
        for gold, attempt in by_item[me].items()
        if gold in by_item[them]
    )
    return both.most_common(1)[0][0]


def _exposed(rows: Sequence[Row]) -> Iterable[tuple[int, str, Evidence]]:
    """Right on what was often asked in attempts that had begun before, wrong on the rest."""
    from quality.measures.foreknowledge import foreknowledge

    attempt, known = answered.codes([row.attempt_id for row in rows])
    before, seen = Counter[int](), []
    for _, asked in groupby(rows, key=lambda row: row.attempt_id):
        mine = [row.gold_id for row in asked]
        seen += [before[gold_id] >= WORN for gold_id in mine]
        before.update(mine)
    found = foreknowledge(attempt, seen, [row.credit for row in rows], len(known))
    for attempt_id, code in known.items():
        if found.flagged[code]:
            yield attempt_id, "exposed", {
                "seen_right": int(found.seen_right[code]), "seen": int(found.seen[code]),
                "fresh_right": int(found.fresh_right[code]), "fresh": int(found.fresh[code]),
                "p": float(found.p[code]), "worn": WORN,
            }  # fmt: skip


def open_of(session: Session, assessment: Assessment) -> dict[int, list[AttemptDoubt]]:
    """Attempt id → its doubts, looked at or not."""
    mine = select(AttemptDoubt).join(Attempt, Attempt.id == AttemptDoubt.attempt_id)
    rows = session.scalars(mine.where(Attempt.assessment_id == assessment.id))
    found: dict[int, list[AttemptDoubt]] = defaultdict(list)
    for doubt in rows:
        found[doubt.attempt_id].append(doubt)
    return found


def waiting(session: Session, rows: Sequence[Assessment]) -> dict[int, int]:
    """Assessment id → doubts that nobody has looked at, where there are any."""
    counts = session.execute(
        select(Attempt.assessment_id, func.count())
        .join(AttemptDoubt, AttemptDoubt.attempt_id == Attempt.id)
        .where(
            Attempt.assessment_id.in_([row.id for row in rows]), AttemptDoubt.looked_at.is_(None)
        )
        .group_by(Attempt.assessment_id)
    )
    return {row[0]: row[1] for row in counts}


def in_words(session: Session, doubt: AttemptDoubt) -> str:
    """The evidence of a doubt as a sentence."""
    e = doubt.evidence
    if doubt.kind == "too_fast":
        return (
            f"Answered in {100 * e['ratio']:.0f} % of the usual time, question by question beside "
            f"what others took for the same {e['questions']} ones: {-e['distance']:.1f} robust "
            "standard deviations faster than usual."
        )
    if doubt.kind == "too_alike":
        theirs = session.get_one(Attempt, e["with"])
        name = session.get_one(User, theirs.labeller_id).name
        return (
            f"Of {e['shared']} questions shared with {name}, {e['unusual']} were answered "
            f"unusually by one of them, {e['echoed']} of these alike by both; "
            f"{e['expected']:.1f} would be usual of people who work alone."
        )
    return (
        f"Right on {e['seen_right']} of {e['seen']} questions that {e['worn']} or more had been "
        f"asked before, and on {e['fresh_right']} of {e['fresh']} others (chance of such a "
        f"difference: {e['p']:.2g})."
    )


NAMES = {"too_fast": "Too fast", "too_alike": "Too alike", "exposed": "Knew what was often asked"}


def find(session: Session, attempt: Attempt, doubt_id: int) -> AttemptDoubt:
    """A doubt of this attempt. Raises NotFound."""
    doubt = session.get(AttemptDoubt, doubt_id)
    if doubt is None or doubt.attempt_id != attempt.id:
        raise NotFound("There is no such doubt.")
    return doubt


def settle(session: Session, doubt: AttemptDoubt, by: User) -> None:
    """All is fine, says a manager who looked. Raises Conflict when it was looked at already."""
    session.refresh(doubt, with_for_update=True)
    if doubt.looked_at is not None:
        raise Conflict("Somebody looked at this already.")
    doubt.looked_at, doubt.looked_by, doubt.outcome = clock_time.now(), by.id, "fine"
    session.flush()
    attempt = session.get_one(Attempt, doubt.attempt_id)
    assessment = session.get_one(Assessment, attempt.assessment_id)
    record(session, assessment, by, "attempt.doubt_settled", attempt=attempt.id, kind=doubt.kind)
