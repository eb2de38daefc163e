"""Taking a question out of an assessment: its answers count no more in any attempt."""

from sqlalchemy.orm import Session

from ops import clock_time
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import User
from quality.models import Assessment, Gold, ItemExclusion
from quality.onboarding import answered, changes
from quality.onboarding.assessments import record
from quality.onboarding.changes import Change


def without(session: Session, assessment: Assessment, gold_id: int) -> list[Change]:
    """What taking this gold out would change."""
    out = {*answered.exclusions(session, assessment), gold_id}
    return changes.of(session, assessment, gold_id, out)


def take_out(
    session: Session, assessment: Assessment, gold: Gold, by: User, *, reason: str, seen: str
) -> list[Change]:
    """Ask this gold no more, and score anew; returns what changed.

    `seen` is the fingerprint of the changes that were shown. Raises InvalidInput without a reason,
    Conflict when it is out already or when the changes are others by now.
    """
    if not reason.strip():
        raise InvalidInput("say why it is taken out", field="reason")
    changes.lock(session, assessment)
    if gold.project_id != assessment.project_id:
        raise NotFound("There is no such question.")
    if gold.id in answered.exclusions(session, assessment):
        raise Conflict("This question was taken out already.")
    found = without(session, assessment, gold.id)
    changes.as_shown(found, seen)
    session.add(
        ItemExclusion(
            assessment_id=assessment.id,
            gold_id=gold.id,
            reason=reason.strip(),
            by=by.id,
            at=clock_time.now(),
        )
    )
    session.flush()
    changes.apply(session, assessment, found)
    record(
        session,
        assessment,
        by,
        "assessment.item_taken_out",
        gold=gold.id,
        attempts=len(found),
        pass_now=[c.attempt.id for c in found if c.kind == "passes"],
        would_fail=[c.attempt.id for c in found if c.kind == "fails"],
    )
    return found
