"""A manager doubts the gold behind a question: the leads of the project are asked to decide."""

from sqlalchemy.orm import Session

from ops import flags, notices
from ops.errors import Conflict
from ops.models import User
from quality.gold import QUESTIONED
from quality.models import Assessment
from quality.onboarding.assessments import record
from quality.onboarding.items import Item

CONTENDED = QUESTIONED[0]


def question(session: Session, assessment: Assessment, item: Item, by: User) -> None:
    """Put the gold of this question among what leads decide about, with what was answered.

    Raises Conflict when it is retired, or in question already.
    """
    if item.gold.state != "active":
        raise Conflict("This gold is retired already.")
    if item.questioned:
        raise Conflict("This gold is in question already.")
    flag = flags.raise_flag(
        session,
        project_id=assessment.project_id,
        kind=CONTENDED,
        asset_id=item.asset.id,
        reason=f"Asked in the assessment {assessment.title}: {_told(item)}",
        evidence={
            "assessment": assessment.id,
            "good": item.best,
            "answered": {given.words: given.n for given in item.given},
        },
    )
    notices.tell_leads(
        session,
        assessment.project_id,
        key=f"gold.contended:{flag}",
        text="A manager doubts a gold that an assessment asked. Decide about it.",
        url=f"/projects/{assessment.project_id}/gold/contention",
        but=by.id,
    )
    record(session, assessment, by, "assessment.gold_questioned", gold=item.gold.id)


def _told(item: Item) -> str:
    return item.told or (f"{item.missed} of the {item.best} best at the other questions miss it.")
