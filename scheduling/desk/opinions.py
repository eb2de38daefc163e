"""What was said of an asset before, as reviewers, authors and experts may see it: without names."""

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from quality import gold_review
from quality.judging.answers import Answer
from scheduling import sql, verdicts

# The answers of the newest labelling task, surplus included: a reviewer may let it carry the label.
_SAID = """
    SELECT l.payload ->> 'class' AS class, count(*) AS count
    FROM (SELECT id FROM task WHERE asset_id = %(asset)s AND stage IN ('label', 'rework')
            AND round > 0 AND n_done > 0 ORDER BY round DESC, id DESC LIMIT 1) newest
    JOIN assignment a ON a.task_id = newest.id AND a.state = 'submitted'
    JOIN label l ON l.assignment_id = a.id
    GROUP BY 1 ORDER BY 2 DESC, 1"""

_IN_FORCE = """
    SELECT label ->> 'class' AS class FROM consensus
    WHERE asset_id = %(asset)s ORDER BY version DESC LIMIT 1"""

_OPINIONS = """
    SELECT CASE t.stage WHEN 'rework' THEN 'author' ELSE 'reviewer' END AS by,
           l.payload ->> 'verdict' AS verdict, l.payload ->> 'class' AS class,
           coalesce(l.payload ->> 'remark', '') AS remark
    FROM task t JOIN assignment a ON a.task_id = t.id AND a.state = 'submitted' AND NOT a.surplus
    JOIN label l ON l.assignment_id = a.id
    WHERE t.asset_id = %(asset)s AND t.stage IN ('review', 'rework')
      AND t.id > %(after)s AND t.id < %(task)s
    ORDER BY t.id, l.revision"""

NOTHING: dict[str, Any] = {
    "answers": None,
    "current": None,
    "remarks": None,
    "earlier": None,
    "may_send_back": False,
}


def before(session: Session, stage: str, asset: int, task: int, labeller: int) -> dict[str, Any]:
    """What the desk adds to work of this stage: nothing to a first label.

    A review sees the answers, the label in force and what was said when the label was sent back;
    rework that remark and one's own earlier answer; an adjudication both sides.
    """
    if stage == "review":
        return NOTHING | _to_review(session, asset, task)
    if stage == "rework":
        returned = [o for o in _opinions(session, asset, task) if o["verdict"] == "return"]
        earlier = verdicts.earlier_answer(session, labeller, task, asset)
        return NOTHING | {"remarks": returned, "earlier": earlier}
    if stage == "adjudicate":
        sides = _opinions(session, asset, task)
        return NOTHING | {"answers": _said(session, asset), "remarks": sides}
    return NOTHING


def _to_review(session: Session, asset: int, task: int) -> dict[str, Any]:
    # The same number of looks at gold as at work, so that how long it takes tells nothing.
    gold = gold_review.shown(session, [asset]).get(asset)
    # What was said before it became gold is not said of its answers.
    opinions = _opinions(session, asset, task, after=gold[0].task_id if gold else 0)
    found = sql.row(session, _IN_FORCE, asset=asset)
    answers = _said(session, asset)
    may_send_back = verdicts.may_send_back(session, asset)
    if gold:
        return _gold_to_review(gold, opinions)
    # What an earlier layer decided is not said: a second look is worth most when it is fresh.
    heard = [o for o in opinions if _of_rework(o)]
    return {
        "answers": answers,
        "current": found[0] if found else None,
        "remarks": heard,
        "may_send_back": may_send_back,
    }


def _gold_to_review(gold: list[Answer], opinions: list[dict[str, Any]]) -> dict[str, Any]:
    """The same of gold: in force is what its answers come to, or what an earlier layer said."""
    counted = Counter(answer.key for answer in gold)
    decided = [o["class"] for o in opinions if o["class"]]
    current = decided[-1] if decided else gold_review.label_of(gold)
    listed = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return {
        "answers": [{"class": key, "count": n} for key, n in listed],
        "current": current,
        "remarks": [],
        "may_send_back": [answer.key for answer in gold] == [current],
    }


def _of_rework(opinion: dict[str, Any]) -> bool:
    return opinion["verdict"] == "return" or opinion["by"] == "author"


def _said(session: Session, asset: int) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in sql.rows(session, _SAID, asset=asset)]


def _opinions(session: Session, asset: int, task: int, after: int = 0) -> list[dict[str, Any]]:
    """What reviews and rework of the asset said in tasks between the two, in order."""
    found = sql.rows(session, _OPINIONS, asset=asset, task=task, after=after)
    return [dict(row._mapping) for row in found]
