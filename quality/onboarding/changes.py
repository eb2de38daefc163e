"""What scoring attempts anew would change: shown to a manager first, and then done as shown.

Who passes now is certified at once. Who would not pass now keeps what they have: that is left to
the manager, who can void the attempt. Where an adaptive attempt is not decided any more, whoever
had failed is given another one.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import certificates, clock_time
from ops.errors import Conflict
from ops.models import User
from quality.models import Assessment, Attempt, AttemptQuestion, GoldVersion
from quality.onboarding import answered, attempts, scoring

Kind = Literal["passes", "fails", "unsure", "same"]
KINDS: tuple[Kind, ...] = ("passes", "fails", "unsure", "same")
NOTHING_ANEW: Mapping[int, float] = MappingProxyType({})


class Change(NamedTuple):
    """An attempt whose score changes: from what to what, and what that means."""

    labeller: User
    attempt: Attempt
    after: scoring.Verdict
    kind: Kind


def of(
    session: Session,
    assessment: Assessment,
    gold_id: int,
    out: Collection[int],
    worth: Mapping[int, float] = NOTHING_ANEW,
) -> list[Change]:
    """What becomes of the attempts that were asked this gold without the gold that is `out`, and
    with what their answers to it are `worth` anew, by attempt; those whose result changes first."""
    asked = _asked(session, assessment, gold_id)
    for attempt_id, credit in worth.items():
        asked[attempt_id] = [
            a._replace(credit=credit) if a.gold_id == gold_id else a for a in asked[attempt_id]
        ]
    found = []
    for labeller, attempt in _attempts(session, list(asked)):
        after = scoring.verdict(assessment, asked[attempt.id], out)
        found.append(Change(labeller, attempt, after, _kind(attempt, after)))
    return sorted(found, key=lambda c: (KINDS.index(c.kind), c.labeller.name, c.attempt.id))


def _kind(attempt: Attempt, after: scoring.Verdict) -> Kind:
    if after.passed is None:
        # Out of time is not passed, whatever was taken out.
        return "same" if attempt.ended_by == "time" and not attempt.passed else "unsure"
    if after.passed == attempt.passed:
        return "same"
    return "passes" if after.passed else "fails"


def _asked(
    session: Session, assessment: Assessment, gold_id: int
) -> dict[int, list[scoring.Answer]]:
    """Attempt id → its questions, of the finished attempts at which this gold was answered."""
    finished = select(Attempt.id).where(
        Attempt.assessment_id == assessment.id,
        Attempt.finished_at.is_not(None),
        Attempt.voided_at.is_(None),
    )
    with_it = (
        select(AttemptQuestion.attempt_id)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .where(GoldVersion.gold_id == gold_id, AttemptQuestion.attempt_id.in_(finished))
    )
    rows = session.execute(
        select(AttemptQuestion.attempt_id, GoldVersion.gold_id, AttemptQuestion.correct)
        .join(GoldVersion, GoldVersion.id == AttemptQuestion.gold_version_id)
        .where(AttemptQuestion.attempt_id.in_(with_it))
        .order_by(AttemptQuestion.attempt_id, AttemptQuestion.position)
    )
    found: dict[int, list[scoring.Answer]] = {}
    for attempt_id, asked, credit in rows:
        found.setdefault(attempt_id, []).append(scoring.Answer(asked, credit))
    return found


def _attempts(session: Session, ids: Sequence[int]) -> list[tuple[User, Attempt]]:
    chosen = select(User, Attempt).join(Attempt, Attempt.labeller_id == User.id)
    rows = session.execute(chosen.where(Attempt.id.in_(ids)).order_by(Attempt.id))
    return [(user, attempt) for user, attempt in rows]


def fingerprint(found: Sequence[Change]) -> str:
    """What was shown, so that nothing else is done than what was shown."""
    told = sorted((c.attempt.id, c.kind, round(c.after.correct, 6), c.after.counted) for c in found)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def as_shown(found: Sequence[Change], seen: str) -> None:
    """Raise Conflict unless `seen` is the fingerprint of these changes."""
    if fingerprint(found) != seen:
        raise Conflict("Attempts were finished meanwhile: look at what changes, and confirm again.")


def lock(session: Session, assessment: Assessment) -> None:
    """Let whoever finishes an attempt wait, and then know what is out."""
    session.execute(select(Assessment.id).where(Assessment.id == assessment.id).with_for_update())


def apply(session: Session, assessment: Assessment, found: Sequence[Change]) -> None:
    """Store the new scores; certify who passes now, let whoever failed and is unsure try again."""
    for change in found:
        _apply(session, assessment, change)
    session.flush()


def _apply(session: Session, assessment: Assessment, change: Change) -> None:
    attempt, after = change.attempt, change.after
    attempt.correct, attempt.counted = after.correct, after.counted
    if change.kind == "passes":
        attempt.passed = True
        if not _held(session, assessment, change.labeller):
            attempt.certificate_id = attempts.grant(session, assessment, change.labeller).id
    elif change.kind == "unsure" and not attempt.passed and attempt.given_again_at is None:
        attempt.given_again_at = clock_time.now()


def _held(session: Session, assessment: Assessment, labeller: User) -> bool:
    held = certificates.valid(session, labeller.id, clock_time.now())
    return held.get(assessment.skill_id, 0) >= assessment.level


def not_passing(session: Session, assessment: Assessment) -> set[int]:
    """Attempts that passed and by what still counts would not, or are not sure to: left to the
    manager."""
    out = answered.exclusions(session, assessment)
    found = set()
    for gold_id in out:
        for change in of(session, assessment, gold_id, out):
            if change.attempt.passed and change.kind in ("fails", "unsure"):
                found.add(change.attempt.id)
    return found
