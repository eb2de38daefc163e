"""Which verdict an answer may carry, by its stage and by what the asset has been through."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import labels
from ops.errors import InvalidInput, NotReady
from ops.models import User
from quality import gold_review
from quality.judging.answers import Answer
from scheduling import sql

ALLOWED = {
    "label": (),
    "review": ("accept", "fix", "return"),
    "rework": ("stand",),
    "adjudicate": ("accept", "fix"),
}
# Where a decision may name the errors it found.
NAMES_ERRORS = ("review", "adjudicate")

# The answers of the newest labelling task, in order, and the label in force.
_RESTS_ON = """
    SELECT now.key AS current, array_agg(given.key) AS keys
    FROM (SELECT id FROM task WHERE asset_id = %(asset)s AND stage IN ('label', 'rework')
            AND round > 0 AND n_done > 0 ORDER BY round DESC, id DESC LIMIT 1) newest
    JOIN assignment a ON a.task_id = newest.id AND a.state = 'submitted' AND NOT a.surplus
    JOIN LATERAL (SELECT label_key(payload) AS key FROM label WHERE assignment_id = a.id
                  ORDER BY revision DESC LIMIT 1) given ON true
    CROSS JOIN LATERAL (SELECT label_key(label) AS key FROM consensus
        WHERE asset_id = %(asset)s ORDER BY version DESC LIMIT 1) now
    GROUP BY now.key"""

_EARLIER = """
    SELECT l.payload AS label
    FROM task t JOIN assignment a ON a.task_id = t.id AND a.labeller_id = %(me)s
        AND a.state = 'submitted' AND NOT a.surplus
    JOIN label l ON l.assignment_id = a.id
    WHERE t.asset_id = %(asset)s AND t.stage IN ('label', 'rework') AND t.round > 0
      AND t.id < %(task)s
    ORDER BY t.round DESC, t.id DESC, l.revision DESC LIMIT 1"""

_IN_FORCE = """
    SELECT label FROM consensus WHERE asset_id = %(asset)s ORDER BY version DESC LIMIT 1"""

# What reviews of gold decided before this one, of which no consensus tells.
_DECIDED = """
    SELECT l.payload AS label
    FROM task t JOIN assignment a ON a.task_id = t.id AND a.state = 'submitted' AND NOT a.surplus
    JOIN label l ON l.assignment_id = a.id
    WHERE t.asset_id = %(asset)s AND t.stage = 'review' AND t.id > %(after)s AND t.id < %(task)s
      AND label_key(l.payload) <> ''
    ORDER BY t.id DESC, l.revision DESC LIMIT 1"""


_PAYLOADS = "SELECT id, payload FROM label WHERE id = ANY(%(ids)s::bigint[])"


def settle(
    session: Session,
    labeller: User,
    now: Row[Any],
    label: dict[str, Any],
    label_type: str,
) -> dict[str, Any]:
    """The checked `label` as it is stored; refused with a verdict that this work does not offer.

    `now`: task_id, asset_id, stage and state. What comes after its lease was lost is kept whatever
    happened to the label meanwhile. A decision that stands by a label without repeating it is
    stored with that label. Raises InvalidInput naming the field, NotReady.
    """
    verdict = label.get("verdict")
    allowed = ALLOWED[now.stage]
    if verdict is not None and verdict not in allowed:
        words = f"verdict must be one of {', '.join(allowed)}" if allowed else "no verdict here"
        raise InvalidInput(words, field="verdict")
    if label.get("errors") and now.stage not in NAMES_ERRORS:
        raise InvalidInput("errors are named in a review only", field="errors")
    if verdict is None:
        return label
    live = now.state == "leased"
    if verdict == "return" and live and not may_send_back(session, now.asset_id):
        raise InvalidInput("this label cannot be sent back: fix it instead", field="verdict")
    if verdict == "stand":
        return _standing(session, labeller, now, label, label_type)
    if verdict == "accept" and not labels.content(label):
        return _of(judged(session, now.asset_id, now.task_id)) | label
    return label


def _standing(
    session: Session, labeller: User, now: Row[Any], label: dict[str, Any], label_type: str
) -> dict[str, Any]:
    earlier = earlier_answer(session, labeller.id, now.task_id, now.asset_id)
    if earlier is not None and not labels.content(label):
        return earlier | label
    if earlier is None or not labels.same(earlier, label):
        field = labels.KINDS[label_type].model.subject
        raise InvalidInput("you can stand only by your own earlier answer", field=field)
    return label


def _of(label: dict[str, Any] | None) -> dict[str, Any]:
    if label is None:
        raise NotReady("There is no label in force to accept: answer with one.")
    return label


def may_send_back(session: Session, asset_id: int) -> bool:
    """Whether the label in force rests on one author's answer, so that there is whom to ask."""
    gold = gold_review.shown(session, [asset_id]).get(asset_id)
    # Asked of gold as well, so that how long it takes tells nothing.
    found = sql.row(session, _RESTS_ON, asset=asset_id)
    if gold:
        return len(gold) == 1
    return found is not None and found.keys == [found.current]


def judged(session: Session, asset_id: int, task_id: int) -> dict[str, Any] | None:
    """The content of the label that a decision in this task is about; None before there is one.

    That in force; of gold what its answers come to, or what an earlier layer said.
    """
    gold = gold_review.shown(session, [asset_id]).get(asset_id, [])
    # As many looks at gold as at work, so that how long it takes tells nothing.
    after = gold[0].task_id if gold else 0
    decided = sql.row(session, _DECIDED, asset=asset_id, task=task_id, after=after)
    in_force = sql.row(session, _IN_FORCE, asset=asset_id)
    said = gold_review.come_to(session, asset_id)
    of_gold = decided.label if decided else said
    of_work = in_force.label if in_force else None
    found = of_gold if gold else of_work
    return labels.content(found) if found else None


def said_in(session: Session, answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    """Key → the first of the answers with it, whole. One look, whatever they are."""
    found = sql.rows(session, _PAYLOADS, ids=[answer.label_id for answer in answers])
    payload_of = {row.id: row.payload for row in found}
    return {answer.key: payload_of[answer.label_id] for answer in reversed(answers)}


def earlier_answer(
    session: Session, labeller_id: int, task_id: int, asset_id: int
) -> dict[str, Any] | None:
    """What the labeller said of this asset before this task, as work; None without an answer."""
    found = sql.row(session, _EARLIER, me=labeller_id, task=task_id, asset=asset_id)
    return labels.content(found.label) if found else None
