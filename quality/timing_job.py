"""Pace of labellers and difficulty of assets, kept up to date.

A whole fit reads all answers of a project: at once where there is none yet or answers have grown by
a fifth, and every night. In between, what came in is judged by the last fit, asset by asset (see
`timing_online`). The measures are those of the CSV audit. A skip because an asset is unclear,
broken or outside the classes counts as an answer that nobody else gave: it speaks of the asset, and
carries no time. So does a question about it, in the difficulty alone: it is a second word of
somebody who also answers, and the test behind a flag asks for the words of different people.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from ops.models import Project
from quality import timing_flags, timing_online, timing_signals, timing_slices, timing_stored
from quality.models import TimingFit
from quality.timing_answers import MOST_ANSWERS, read
from quality.timing_evidence import known
from quality.timing_judged import judge
from quality.timing_written import write, write_difficulty, write_pace

# An event is dated when it is made and seen when it is committed: look back this far.
OVERLAP = timedelta(seconds=10)
# Answers since the last whole fit, of those it had, at which there is another.
GROWTH = 0.2
# So few answers are fitted as a whole each time: it takes no longer.
FEW = 2000


def update_all(sessions: sessionmaker[Session]) -> int:
    """Bring every project with new answers up to date; returns how many projects."""
    with transaction(sessions) as session:
        due = list(session.scalars(_DUE, {"overlap": OVERLAP}))
    done = 0
    for project_id in due:
        with transaction(sessions) as session:
            done += _bring_up_to_date(session, session.get_one(Project, project_id))
    return done


_DUE = text(
    """
    SELECT project.id FROM project
    LEFT JOIN timing_fit ON timing_fit.project_id = project.id
    CROSS JOIN LATERAL (
        SELECT coalesce(timing_fit.seen_at - CAST(:overlap AS interval), project.created_at) AS last
        ) looked
    WHERE project.state IN ('running', 'paused') AND (EXISTS (
        SELECT FROM work_event event
        WHERE event.project_id = project.id AND event.kind IN ('submitted', 'surplus', 'skipped')
          AND event.at > looked.last)
      OR EXISTS (SELECT FROM issue
                 WHERE issue.project_id = project.id AND issue.opened_at > looked.last))
    ORDER BY project.id
    """
)


def refit_all(sessions: sessionmaker[Session]) -> int:
    """Fit every project anew of which something was learnt since; returns how many. For the night.

    Each project is a transaction: killed half way, the others keep their old fit, whole.
    """
    with transaction(sessions) as session:
        due = list(session.scalars(_STALE))
    done = 0
    for project_id in due:
        with transaction(sessions) as session:
            done += update_project(session, session.get_one(Project, project_id))
    return done


_STALE = text(
    """
    SELECT project.id FROM project LEFT JOIN timing_fit ON timing_fit.project_id = project.id
    WHERE project.state IN ('running', 'paused') AND (
        timing_fit.at IS NULL OR timing_fit.seen_at > timing_fit.at
        OR EXISTS (SELECT FROM evidence
                   WHERE evidence.project_id = project.id AND evidence.at > timing_fit.at)
        OR EXISTS (SELECT FROM work_event event
                   WHERE event.project_id = project.id AND event.at > timing_fit.at))
    ORDER BY project.id
    """
)


def _bring_up_to_date(session: Session, project: Project) -> bool:
    fit = session.get(TimingFit, project.id)
    if fit is None or _outgrown(session, fit):
        return update_project(session, project)
    if not _mine(session, project):
        return False
    at = clock_time.now()
    return timing_online.touch(session, project, fit, fit.seen_at - OVERLAP, at)


_SINCE = text(
    "SELECT count(*) FROM work_event WHERE project_id = :project AND at > :since"
    " AND stage = 'label' AND kind IN ('submitted', 'surplus')"
)


def _outgrown(session: Session, fit: TimingFit) -> bool:
    if fit.answers < FEW:
        return True
    values = {"project": fit.project_id, "since": fit.at}
    return bool(session.scalar(_SINCE, values) > GROWTH * min(fit.answers, MOST_ANSWERS))


def update_project(session: Session, project: Project) -> bool:
    """Fit all anew from stored answers, and write what changed: pace, signals, difficulty, slices,
    flags and the fit itself. Running it twice changes nothing.

    False when another process is at it or there are no answers.
    """
    if not _mine(session, project):
        return False
    at = clock_time.now()
    answers = read(session, project)
    if not answers.answered.any():
        return False
    evidence = known(session, project, answers)
    judged = judge(session, project, answers, evidence)
    signals = timing_signals.signals(answers, evidence, judged)
    told = signals.of(answers)
    write_pace(session, project, answers, judged, told, at)
    write_difficulty(session, project, answers, judged, at)
    timing_slices.update(session, project, answers, evidence, judged, at)
    timing_flags.of_labellers(session, project, answers, judged, signals, told)
    timing_flags.of_assets(session, project, answers, judged)
    write(session, TimingFit, [_row(project, timing_stored.of(answers, judged), at)])
    return True


def _row(project: Project, stored: timing_stored.Stored, at: datetime) -> dict[str, object]:
    return {
        "project_id": project.id, "answers": stored.answers, "usable": stored.usable,
        "why": stored.why, "model": stored.model, "at": at, "seen_at": at,
    }  # fmt: skip


def _mine(session: Session, project: Project) -> bool:
    """Whether this process alone is at the project's times, until its transaction ends."""
    mine = text("SELECT pg_try_advisory_xact_lock(hashtextextended('quality.timing', :project))")
    return bool(session.scalar(mine, {"project": project.id}))
