"""Which verdict an answer may carry, by its stage and by what the asset has been through."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops.errors import InvalidInput
from ops.models import User
from quality import gold_review
from scheduling import sql

ALLOWED = {
    "label": (),
    "review": ("accept", "fix", "return"),
    "rework": ("stand",),
    "adjudicate": ("accept", "fix"),
}

# The answers of the newest labelling task, in order, and the label in force.
_RESTS_ON = """
    SELECT now.key AS current, array_agg(given.key) AS keys
    FROM (SELECT id FROM task WHERE asset_id = %(asset)s AND stage IN ('label', 'rework')
            AND round > 0 AND n_done > 0 ORDER BY round DESC, id DESC LIMIT 1) newest
    JOIN assignment a ON a.task_id = newest.id AND a.state = 'submitted' AND NOT a.surplus
    JOIN LATERAL (SELECT payload ->> 'class' AS key FROM label WHERE assignment_id = a.id
                  ORDER BY revision DESC LIMIT 1) given ON true
    CROSS JOIN LATERAL (SELECT label ->> 'class' AS key FROM consensus
        WHERE asset_id = %(asset)s ORDER BY version DESC LIMIT 1) now
    GROUP BY now.key"""

_EARLIER = """
    SELECT l.payload ->> 'class' AS key
    FROM task t JOIN assignment a ON a.task_id = t.id AND a.labeller_id = %(me)s
        AND a.state = 'submitted' AND NOT a.surplus
    JOIN label l ON l.assignment_id = a.id
    WHERE t.asset_id = %(asset)s AND t.stage IN ('label', 'rework') AND t.round > 0
      AND t.id < %(task)s
    ORDER BY t.round DESC, t.id DESC, l.revision DESC LIMIT 1"""


def check(session: Session, labeller: User, now: Row[Any], label: dict[str, Any]) -> None:
    """Refuse a verdict that this work does not offer. `now`: task_id, asset_id, stage and state.

    What comes after its lease was lost is kept whatever happened to the label meanwhile. Raises
    InvalidInput naming the field.
    """
    verdict = label.get("verdict")
    if verdict is None:
        return
    allowed = ALLOWED[now.stage]
    if verdict not in allowed:
        words = f"verdict must be one of {', '.join(allowed)}" if allowed else "no verdict here"
        raise InvalidInput(words, field="verdict")
    live = now.state == "leased"
    if verdict == "return" and live and not may_send_back(session, now.asset_id):
        raise InvalidInput("this label cannot be sent back: fix it instead", field="verdict")
    if verdict == "stand":
        earlier = earlier_answer(session, labeller.id, now.task_id, now.asset_id)
        if earlier != label["class"]:
            raise InvalidInput("you can stand only by your own earlier answer", field="class")


def may_send_back(session: Session, asset_id: int) -> bool:
    """Whether the label in force rests on one author's answer, so that there is whom to ask."""
    gold = gold_review.shown(session, [asset_id]).get(asset_id)
    # Asked of gold as well, so that how long it takes tells nothing.
    found = sql.row(session, _RESTS_ON, asset=asset_id)
    if gold:
        return len(gold) == 1
    return found is not None and found.keys == [found.current]


def earlier_answer(session: Session, labeller_id: int, task_id: int, asset_id: int) -> str | None:
    """The class that the labeller gave this asset before this task, as work; None without one."""
    found = sql.row(session, _EARLIER, me=labeller_id, task=task_id, asset=asset_id)
    return found.key if found else None
