"""Who is told what of a firing: notices, mail, the audit trail.

A notice names nobody: it outlives the name, and its page shows the name while there is one.
"""

from typing import Any

from sqlalchemy.orm import Session

from ops import audit_log, mail, notices
from ops.models import Project, User
from scheduling.models import RuleFiring
from scheduling.rules import words

DECISIONS = "/desk/decisions"


def told(signal: str, action: str, measure: dict[str, Any]) -> str:
    """What the labeller reads: the same whatever their answers were checked by."""
    done = words.measure_of(action, measure)
    said = words.ACTION[action].words("told", done)
    redo = " Your answers that nobody has reviewed are given to others again." if done.redo else ""
    return f"{words.SIGNAL[signal].told} {said}{redo}"


def tell(session: Session, firing: RuleFiring, what: str, text: str) -> None:
    """A notice to the labeller, in the application and by mail; `what` happened, once."""
    labeller = session.get_one(User, firing.labeller_id)
    key, text = f"firing:{firing.id}:{what}", _in_project(session, firing, text)
    mail.post(session, notices.tell(session, labeller, key=key, text=text, url=DECISIONS))


def tell_leads(session: Session, firing: RuleFiring, what: str, text: str) -> None:
    """The same to everybody who runs the project."""
    url = f"/projects/{firing.project_id}/rules/firings/{firing.id}"
    key, text = f"firing:{firing.id}:{what}", _in_project(session, firing, text)
    for notice in notices.tell_leads(session, firing.project_id, key=key, text=text, url=url):
        mail.post(session, notice)


def _in_project(session: Session, firing: RuleFiring, text: str) -> str:
    return f"{session.get_one(Project, firing.project_id).name}: {text}"


def record(
    session: Session, firing: RuleFiring, action: str, by: User | None = None, **data: Any
) -> None:
    """An audit entry about a firing; the labeller under their pseudonym."""
    project = session.get_one(Project, firing.project_id)
    labeller = session.get_one(User, firing.labeller_id)
    audit_log.record(
        session,
        by,
        action,
        f"firing:{firing.id}",
        organisation_id=project.organisation_id,
        project=project.id,
        rule=firing.rule_id,
        signal=firing.evidence["signal"],
        action_taken=firing.evidence["action"],
        labeller=str(labeller.pseudonym),
        **data,
    )
