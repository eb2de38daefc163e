"""Taking a name out of whatever anybody wrote; the rest of it stays."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import column, func, table, update
from sqlalchemy.orm import Session

from ops.models import (
    Absence,
    Applicant,
    ApplicantMail,
    ApplicantMove,
    ApplicantNote,
    Certificate,
    Comment,
    Issue,
    Notice,
    ProjectMember,
)

ERASED = "Erased person"
# Tables of another storey: gold that a client proposed; who was nested or let go by hand, and why.
_PROPOSALS = table("gold_proposal", column("remark"), column("decision"))
_MOVES = table("calibration_move", column("reason"))
# Where people write of each other, in words of their own.
WRITTEN: tuple[tuple[Any, Any], ...] = (
    (Comment, Comment.body),
    (Issue, Issue.client_text),
    (Issue, Issue.client_answer),
    (_PROPOSALS, _PROPOSALS.c.remark),
    (_PROPOSALS, _PROPOSALS.c.decision),
    # A lead signs what they write to labellers; rules and alerts name nobody.
    (Notice, Notice.text),
    (Certificate, Certificate.reason),
    (Certificate, Certificate.requalify_reason),
    (_MOVES, _MOVES.c.reason),
    (ProjectMember, ProjectMember.pause_reason),
    (Absence, Absence.note),
    (ApplicantNote, ApplicantNote.body),
    (ApplicantMove, ApplicantMove.reason),
    (ApplicantMail, ApplicantMail.subject),
    (ApplicantMail, ApplicantMail.body),
    (Applicant, Applicant.about),
)


def strike(session: Session, said: Iterable[str | None]) -> None:
    """Each of these names and addresses goes from every text, as a whole word in any case."""
    for name in dict.fromkeys(filter(None, said)):
        escaped = re.sub(r"[^\w\s]", lambda found: "\\" + found[0], name)
        # A whole word: Ann is no part of Annabel.
        pattern = rf"(^|[^[:alnum:]_]){escaped}(?![[:alnum:]_])"
        for of, written in WRITTEN:
            session.execute(
                update(of)
                .where(written.regexp_match(pattern, flags="i"))
                .values({written: func.regexp_replace(written, pattern, rf"\1{ERASED}", "gi")}),
                execution_options={"synchronize_session": False},
            )
