"""Taking a name out of whatever anybody wrote; the rest of it stays."""

import re
from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

ERASED = "Erased person"
# Where people write of each other, in words of their own, and what was written may change: columns
# by name, because some of the tables are another storey's.
WRITTEN = (
    "comment.body",
    # A lead signs what they write to labellers; rules and alerts name nobody.
    "notice.text",
    "certificate.reason",
    "certificate.requalify_reason",
    "project_member.pause_reason",
    "absence.note",
    "applicant_note.body",
    "applicant_move.reason",
    "applicant_mail.subject",
    "applicant_mail.body",
    "applicant.about",
    "calibration_move.reason",
    "issue.client_text",
    "issue.client_answer",
    "flag.reason",
    "rule_firing.appeal",
    "rule_firing.settled_why",
    "attempt.void_reason",
    "attempt_doubt.outcome",
    "item_exclusion.reason",
    "acceptance_item.cause_reason",
    "gold_proposal.remark",
    "gold_proposal.decision",
    "draft.remark",
    "saved_view.name",
    # What is shown to many may name whom to ask.
    "opening.title",
    "opening.markdown",
    "opening.consent",
    "mail_template.subject",
    "mail_template.body",
    "course.title",
    "course.purpose",
    "course_step.title",
    "course_step.markdown",
    # The questions of a quiz with their choices, as JSON: each a text of one line.
    "course_step.content",
)
JSON = ("course_step.content",)


def strike(session: Session, said: Iterable[str | None]) -> None:
    """Each of these names and addresses goes from every text, as a whole word in any case."""
    session.flush()
    for name in dict.fromkeys(filter(None, said)):
        escaped = re.sub(r"[^\w\s]", lambda found: "\\" + found[0], name)
        # A whole word: Ann is no part of Annabel.
        pattern = rf"(^|[^[:alnum:]_]){escaped}(?![[:alnum:]_])"
        for column in WRITTEN:
            table, _, written = column.partition(".")
            kind = "jsonb" if column in JSON else "text"
            session.execute(
                text(
                    f"UPDATE {table} SET {written} = CAST("
                    f"regexp_replace({written}::text, :pattern, :instead, 'gi') AS {kind}) "
                    f"WHERE {written}::text ~* :pattern"
                ),
                {"pattern": pattern, "instead": rf"\1{ERASED}"},
            )
