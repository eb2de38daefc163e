"""Alerts: a figure of a project passed a threshold, the leads are told, and again when it is back.

Looked for by a job, project by project. An alert stands for a rule and a subject (the project, a
batch, a labeller) until what it saw is no longer so; a lead may say before that they have seen it.
Running the job twice changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from metrics.alerts import book, sights
from metrics.alerts.sights import Sight
from metrics.models import AlertFiring, AlertRule
from ops import clock_time, mail, notices
from ops.db import transaction
from ops.models import Project
from ops.one_by_one import one_by_one

# What comes back so soon after it ended is shown, and told to nobody a second time.
QUIET = timedelta(hours=12)
PAGE = "/dashboards/alerts"

_RUNNING = select(Project.id).where(Project.state == "running").order_by(Project.id)


def look(sessions: sessionmaker[Session]) -> int:
    """Raise and end the alerts of every project; returns how many began or ended."""
    with transaction(sessions) as session:
        running = list(session.scalars(_RUNNING))
        moved = _end_of_stopped(session)

    def look_at_it(session: Session, project_id: int) -> int:
        return look_at(session, session.get_one(Project, project_id))

    return moved + one_by_one(sessions, running, look_at_it)


def look_at(session: Session, project: Project) -> int:
    """The same for one project inside the caller's transaction."""
    moved = 0
    for rule in book.locked(session, project):
        seen: Mapping[str, Sight] = sights.LOOK[rule.kind](session, project, book.terms_of(rule))
        moved += _settle(session, project, rule, seen if rule.enabled else {})
    return moved


def _settle(session: Session, project: Project, rule: AlertRule, seen: Mapping[str, Sight]) -> int:
    """What stands for `rule` becomes what was just seen."""
    at = clock_time.now()
    standing = {
        firing.subject: firing
        for firing in session.scalars(
            select(AlertFiring).where(
                AlertFiring.rule_id == rule.id, AlertFiring.ended_at.is_(None)
            )
        )
    }
    for subject, firing in standing.items():
        if subject not in seen:
            firing.ended_at = at
        elif seen[subject].reason != firing.reason:
            firing.reason, firing.evidence = seen[subject].reason, dict(seen[subject].evidence)
    new = [_begin(session, rule, subject, sight, at) for subject, sight in seen.items()
           if subject not in standing]  # fmt: skip
    session.flush()
    for number, subject, sight in (one for one in new if one is not None):
        _tell(session, project, rule, number, subject, sight, at)
    return len(standing.keys() - seen.keys()) + sum(one is not None for one in new)


def _begin(
    session: Session, rule: AlertRule, subject: str, sight: Sight, at: datetime
) -> tuple[int, str, Sight] | None:
    values = {
        "rule_id": rule.id, "project_id": rule.project_id, "subject": subject,
        "reason": sight.reason, "evidence": dict(sight.evidence), "began_at": at,
    }  # fmt: skip
    begun = insert(AlertFiring).values(**values).on_conflict_do_nothing()
    number = session.execute(begun.returning(AlertFiring.id)).scalar_one_or_none()
    return None if number is None else (number, subject, sight)


def _tell(
    session: Session,
    project: Project,
    rule: AlertRule,
    number: int,
    subject: str,
    sight: Sight,
    at: datetime,
) -> None:
    """A notice to the leads, by mail too. It names no labeller: it outlives the name."""
    lately = select(AlertFiring.id).where(
        AlertFiring.rule_id == rule.id,
        AlertFiring.subject == subject,
        AlertFiring.ended_at > at - QUIET,
    )
    if session.scalar(lately.limit(1)) is not None:
        return
    who = " of a labeller" if subject.startswith("labeller:") else ""
    said = f"{project.name}: {book.NAMES[rule.kind].lower()}{who}. {sight.reason}"
    url = f"{PAGE}?project={project.id}"
    told = notices.tell_leads(session, project.id, key=f"alert:{number}", text=said, url=url)
    for notice in told:
        mail.post(session, notice)


# Of a project that is paused or closed nothing is asked any more.
_STOPPED = text("""
    UPDATE alert_firing SET ended_at = :now FROM project
    WHERE project.id = alert_firing.project_id AND project.state <> 'running'
      AND alert_firing.ended_at IS NULL""")


def _end_of_stopped(session: Session) -> int:
    done = session.execute(_STOPPED, {"now": clock_time.now()})
    return int(done.rowcount)  # type: ignore[attr-defined]
