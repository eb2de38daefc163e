"""Feedback: one's own answers that a check found otherwise, told the day after."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import clock_time, labels
from scheduling import sql

# Gold and reviewed answers alike, and only those of days gone by. When each was checked is not
# said, nor shown by the order: gold is checked within seconds, work hours later. The review that
# is told is the first that did not accept; of gold there is none that is about this answer alone.
# Nor is what was decided of work today: of gold nothing is decided again.
_FEEDBACK = """
    SELECT a.token, p.medium, p.label_type, asset.text, a.ended_at AS answered_at,
           (SELECT l.payload FROM label l WHERE l.assignment_id = a.id
            ORDER BY l.revision DESC LIMIT 1) AS given,
           (SELECT c.label FROM consensus c WHERE c.asset_id = t.asset_id AND c.at < %(today)s
            ORDER BY c.version DESC LIMIT 1) AS decided,
           (SELECT l.payload FROM task r
                JOIN assignment ra ON ra.task_id = r.id AND ra.state = 'submitted'
                    AND NOT ra.surplus
                JOIN label l ON l.assignment_id = ra.id
            WHERE e.kind = 'review' AND r.asset_id = t.asset_id AND r.id > t.id
              AND r.stage IN ('review', 'adjudicate') AND ra.ended_at < %(today)s
              AND coalesce(l.payload ->> 'verdict', '') <> 'accept'
            ORDER BY r.id, l.revision DESC LIMIT 1) AS review
    FROM evidence e JOIN assignment a ON a.id = e.assignment_id JOIN task t ON t.id = a.task_id
    JOIN asset ON asset.id = t.asset_id JOIN project p ON p.id = a.project_id
    JOIN project_member m ON m.project_id = p.id AND m.user_id = a.labeller_id
    WHERE e.labeller_id = %(me)s AND e.kind IN ('gold', 'review') AND e.correct < 0.5
      AND e.at < %(today)s
    ORDER BY a.ended_at DESC, a.id DESC LIMIT %(most)s"""
MOST = 12


def newest(session: Session, me: int) -> list[dict[str, Any]]:
    """The newest answers that a check found different; it changes once a day."""
    midnight = clock_time.now().replace(hour=0, minute=0, second=0, microsecond=0)
    found = sql.rows(session, _FEEDBACK, me=me, today=midnight, most=MOST)
    told = (_told(row) for row in found if row.decided)
    return [one for one in told if one["given"] != one["decided"]]


def _told(row: Row[Any]) -> dict[str, Any]:
    """A class by its key, which the desk knows the name of; any other label in words."""
    rest = {name: row._mapping[name] for name in ("token", "medium", "text", "answered_at")}
    said = {
        name: (label or {}).get("class")
        if row.label_type == "class"
        else labels.in_words(row.label_type, label)
        for name, label in (("given", row.given), ("decided", row.decided))
    }
    remark = (row.review or {}).get("remark", "")
    return {"image": None, **rest, **said, "remark": remark, "errors": _errors(row)}


def _errors(row: Row[Any]) -> list[dict[str, str]]:
    """[{type, name, remark}]: what the reviewer named; else what the comparison finds."""
    named = (row.review or {}).get("errors") or _compared(row)
    words = labels.ERROR_WORDS[row.label_type]
    told = [
        {
            "type": error["type"],
            "name": words.get(error["type"], error["type"].replace("_", " ").capitalize()),
            "remark": error.get("remark", ""),
        }
        for error in named
    ]
    # Twenty boxes in the wrong place are one thing to learn.
    return list({(one["type"], one["remark"]): one for one in told}.values())


def _compared(row: Row[Any]) -> list[dict[str, str]]:
    from quality.measures.likeness import compare

    if not row.given or not row.decided:
        return []
    given, decided = labels.content(row.given), labels.content(row.decided)
    try:
        found = compare(row.label_type, given, decided).errors
    except ValueError:  # of another version of the ontology, or from elsewhere
        return []
    return [{"type": error.kind.replace(" ", "_")} for error in found]
