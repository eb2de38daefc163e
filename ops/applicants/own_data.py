"""All that is held of an applicant, as plain data for a file."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from ops import audit_log, certificates
from ops.applicants import duplicates, notes, posting
from ops.models import Applicant, ApplicantMove, Assignment, PipelineStage, User

# What else is kept of an account, by what it is called in the file. Some of the tables are another
# storey's, read for the person they are about.
_OF_ACCOUNT = {
    "projects": text(
        "SELECT project.name, member.since FROM project_member member "
        "JOIN project ON project.id = member.project_id WHERE member.user_id = :user "
        "ORDER BY member.since, project.id"
    ),
    "attempts": text(
        "SELECT assessment.title, attempt.number, attempt.started_at, attempt.finished_at, "
        "attempt.correct, attempt.passed, attempt.voided_at FROM attempt JOIN assessment "
        "ON assessment.id = attempt.assessment_id WHERE attempt.labeller_id = :user "
        "ORDER BY attempt.id"
    ),
    "courses": text(
        "SELECT course.title, progress.started_at, progress.finished_at "
        "FROM course_progress progress JOIN course ON course.id = progress.course_id "
        "WHERE progress.user_id = :user ORDER BY progress.started_at"
    ),
    "questions": text('SELECT at, body FROM comment WHERE "by" = :user ORDER BY id'),
    "notices": text("SELECT at, text FROM notice WHERE user_id = :user ORDER BY id"),
    "absences": text(
        "SELECT kind, first_day, last_day, state, note FROM absence WHERE user_id = :user "
        "ORDER BY first_day"
    ),
    "shifts": text(
        "SELECT starts_at, ends_at FROM shift WHERE user_id = :user AND cancelled_at IS NULL "
        "ORDER BY starts_at"
    ),
    "earnings": text(
        "SELECT first_day, last_day, total::text, currency FROM earnings_statement "
        "WHERE user_id = :user ORDER BY id"
    ),
}


def collected(session: Session, applicant: Applicant) -> dict[str, Any]:
    """Their application, moves, notes, letters, and account; ready for JSON.

    What was merged into it is another application: whoever holds one link reads no other. Managers
    are not named. Labels are counted, not listed.
    """
    return {
        "pseudonym": str(applicant.pseudonym),
        "application": _application(applicant),
        "stages": _moves(session, applicant),
        "notes": [{"at": _iso(n.at), "text": n.body} for n in notes.of(session, applicant)],
        "letters": [
            {"at": _iso(m.at), "sent_at": _iso(m.sent_at), "subject": m.subject, "text": m.body}
            for m in posting.of(session, applicant)
        ],
        "account": _account(session, applicant.user) if applicant.user else None,
    }


def by_own_link(session: Session, applicant: Applicant) -> dict[str, Any]:
    """The same without the account: what is in it, pay and illness among it, lies behind a sign-in,
    and a link that was mailed once may be read by others."""
    return _of_application(session, applicant)


def _of_application(session: Session, applicant: Applicant) -> dict[str, Any]:
    whole = collected(session, applicant)
    return {name: part for name, part in whole.items() if name != "account"}


def by_manager(session: Session, applicant: Applicant, *, by: User) -> dict[str, Any]:
    """The same with what is merged into it, and a line in the audit trail.

    As far as `by` may see: of an account, in which is pay, illness and work for others, an
    administrator alone has all; what was merged is left out where its opening is not theirs.
    """
    part = collected if by.role == "admin" else _of_application
    whole = part(session, applicant)
    whole["merged"] = [part(session, one) for one in duplicates.merged_into(session, applicant, by)]
    audit_log.record(session, by, "applicant.exported", f"applicant:{applicant.pseudonym}")
    return whole


def _application(applicant: Applicant) -> dict[str, Any]:
    names = (
        "name", "email", "country", "timezone", "languages", "equipment", "availability", "about",
        "consent",
    )  # fmt: skip
    dates = ("applied_at", "consent_at", "erasure_asked_at", "erased_at")
    return {
        "opening": applicant.opening.title,
        **{name: getattr(applicant, name) for name in names},
        **{name: _iso(getattr(applicant, name)) for name in dates},
    }


def _moves(session: Session, applicant: Applicant) -> list[dict[str, Any]]:
    before, after = aliased(PipelineStage), aliased(PipelineStage)
    rows = (
        select(ApplicantMove, before.name, after.name)
        .outerjoin(before, before.id == ApplicantMove.from_stage_id)
        .join(after, after.id == ApplicantMove.to_stage_id)
        .where(ApplicantMove.applicant_id == applicant.id)
        .order_by(ApplicantMove.at, ApplicantMove.id)
    )
    return [
        {"at": _iso(row[0].at), "from": row[1], "to": row[2], "reason": row[0].reason}
        for row in session.execute(rows)
    ]


def _account(session: Session, user: User) -> dict[str, Any]:
    submitted = select(func.count()).where(
        Assignment.labeller_id == user.id, Assignment.state == "submitted"
    )
    held = certificates.history(session, [user.id])
    return {
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "timezone": user.timezone,
        "attributes": user.attributes,
        "created_at": _iso(user.created_at),
        "last_seen_at": _iso(user.last_seen_at),
        "certificates": [
            {
                "skill": c.skill.name,
                "level": c.level,
                "granted_at": _iso(c.granted_at),
                "valid_until": _iso(c.valid_until),
                "revoked_at": _iso(c.revoked_at),
                "reason": c.reason,
            }
            for c in held
        ],
        "tasks_handed_in": session.scalar(submitted) or 0,
        **{name: _rows(session, query, user) for name, query in _OF_ACCOUNT.items()},
    }


def _rows(session: Session, query: Any, user: User) -> list[dict[str, Any]]:
    found = session.execute(query, {"user": user.id}).mappings()
    return [{k: _iso(v) if isinstance(v, datetime) else v for k, v in row.items()} for row in found]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
