"""What was said of an asset before, as reviewers, authors and experts may see it: without names."""

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from ops import labels
from quality import gold_review
from quality.acceptance import said
from quality.judging.answers import Answer
from scheduling import sql, verdicts

# The answers of the newest labelling task, surplus included: a reviewer may let it carry the label.
_SAID = """
    SELECT label_key(l.payload) AS key, count(*) AS n,
           CASE WHEN %(whole)s THEN (array_agg(l.payload ORDER BY l.id))[1] END AS label
    FROM (SELECT id FROM task WHERE asset_id = %(asset)s AND stage IN ('label', 'rework')
            AND round > 0 AND n_done > 0 ORDER BY round DESC, id DESC LIMIT 1) newest
    JOIN assignment a ON a.task_id = newest.id AND a.state = 'submitted'
    JOIN label l ON l.assignment_id = a.id
    GROUP BY 1 ORDER BY 2 DESC, 1"""

_IN_FORCE = """
    SELECT label_key(label) AS key, label FROM consensus
    WHERE asset_id = %(asset)s ORDER BY version DESC LIMIT 1"""

_OPINIONS = """
    SELECT CASE t.stage WHEN 'rework' THEN 'author' ELSE 'reviewer' END AS by, l.payload,
           label_key(l.payload) AS key, a.ended_at
    FROM task t JOIN assignment a ON a.task_id = t.id AND a.state = 'submitted' AND NOT a.surplus
    JOIN label l ON l.assignment_id = a.id
    WHERE t.asset_id = %(asset)s AND t.stage IN ('review', 'rework')
      AND t.id > %(after)s AND t.id < %(task)s
    ORDER BY t.id, l.revision"""

NOTHING: dict[str, Any] = {
    "answers": None,
    "current": None,
    "judged": None,
    "remarks": None,
    "earlier": None,
    "earlier_label": None,
    "may_send_back": False,
}


def before(
    session: Session, stage: str, asset: int, task: int, labeller: int, label_type: str = "class"
) -> dict[str, Any]:
    """What the desk adds to work of this stage: nothing to a first label.

    A review sees the answers, the label in force and what was said when the label was sent back;
    rework that remark and one's own earlier answer; an adjudication both sides. Classes are told by
    their keys, labels of all other types whole.
    """
    if stage == "review":
        return NOTHING | _to_review(session, asset, task, label_type)
    if stage == "rework":
        opinions = _opinions(session, asset, task)
        returned = [o for o in opinions if o["verdict"] == "return"]
        earlier = verdicts.earlier_answer(session, labeller, task, asset)
        mine = _as_shown(label_type, earlier, "earlier", "earlier_label")
        return NOTHING | {"remarks": _told(label_type, returned)} | mine
    if stage == "adjudicate":
        return NOTHING | _to_adjudicate(session, asset, task, label_type)
    return NOTHING


def _to_adjudicate(session: Session, asset: int, task: int, label_type: str) -> dict[str, Any]:
    sides = _told(label_type, _opinions(session, asset, task))
    said = {"answers": _said(session, asset, label_type), "remarks": sides}
    # An expert chooses among classes; what is drawn or written is accepted whole, or made anew.
    drawn = label_type != "class"
    return said | {"judged": verdicts.judged(session, asset, task) if drawn else None}


def _to_review(session: Session, asset: int, task: int, label_type: str) -> dict[str, Any]:
    # The same number of looks at gold as at work, so that how long it takes tells nothing.
    gold = gold_review.shown(session, [asset]).get(asset, [])
    # What was said before it became gold is not said of its answers.
    opinions = _opinions(session, asset, task, after=gold[0].task_id if gold else 0)
    found = sql.row(session, _IN_FORCE, asset=asset)
    answers = _said(session, asset, label_type)
    may_send_back = verdicts.may_send_back(session, asset)
    said = verdicts.said_in(session, gold)
    whole = None if label_type in labels.CHOICES else gold_review.come_to(session, asset)
    if gold:
        return _gold_to_review(gold, said, whole, opinions, label_type)
    # What an earlier layer decided is not said: a second look is worth most when it is fresh.
    heard = [o for o in opinions if _of_rework(o)]
    return {
        "answers": answers,
        **_as_shown(label_type, found.label if found else None, "current", "judged"),
        "remarks": _told(label_type, heard),
        "may_send_back": may_send_back,
    }


def _gold_to_review(
    gold: list[Answer],
    said: dict[str, dict[str, Any]],
    whole: dict[str, Any] | None,
    opinions: list[dict[str, Any]],
    label_type: str,
) -> dict[str, Any]:
    """The same of gold: in force is what its answers come to, or what an earlier layer said."""
    counted = Counter(answer.key for answer in gold)
    decided = [(o["key"], o["label"]) for o in opinions if o["key"]]
    most = gold_review.label_of(gold)
    current, label = decided[-1] if decided else (most, whole or said[most])
    listed = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return {
        "answers": [_counted(label_type, key, n, said[key]) for key, n in listed],
        **_as_shown(label_type, label, "current", "judged"),
        "remarks": [],
        "may_send_back": [answer.key for answer in gold] == [current],
    }


def _as_shown(
    label_type: str, label: dict[str, Any] | None, name: str, whole: str
) -> dict[str, Any]:
    """A class by its key under `name`; what says more than that under `whole`."""
    content = labels.content(label or {})
    if label_type != "class":
        return {name: None, whole: content or None}
    return {name: content.get("class"), whole: content if len(content) > 1 else None}


def _counted(label_type: str, key: str, count: int, label: dict[str, Any] | None) -> dict[str, Any]:
    if label_type == "class":
        return {"class": key, "count": count}
    return {"class": None, "label": labels.content(label or {}), "count": count}


def _of_rework(opinion: dict[str, Any]) -> bool:
    return opinion["verdict"] == "return" or opinion["by"] == "author"


def _said(session: Session, asset: int, label_type: str) -> list[dict[str, Any]]:
    found = sql.rows(session, _SAID, asset=asset, whole=label_type != "class")
    return [_counted(label_type, row.key, row.n, row.label) for row in found]


def _opinions(session: Session, asset: int, task: int, after: int = 0) -> list[dict[str, Any]]:
    """What reviews and rework of the asset said in tasks between the two, in order."""
    found = sql.rows(session, _OPINIONS, asset=asset, task=task, after=after)
    heard = [(row.ended_at, row.by, row.key, row.payload) for row in found]
    # Whoever sent it back, a reviewer or the client, is a reviewer to those who mend it. Gold is
    # asked about too, where nothing is told of it: one look less would betray it.
    rejected = said.of_task(session, asset, task)
    heard += [(at, "reviewer", None, label) for at, label in rejected if not after]
    heard.sort(key=lambda one: one[0])
    return [
        {"by": by, "verdict": label.get("verdict"), "key": key, "label": label}
        for _, by, key, label in heard
    ]


def _told(label_type: str, opinions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Opinions as they are shown."""
    told = []
    for one in opinions:
        said = {"by": one["by"], "verdict": one["verdict"], "class": one["label"].get("class")}
        said["remark"] = one["label"].get("remark", "")
        if label_type != "class":
            said["label"] = labels.content(one["label"]) or None
        if one["label"].get("errors"):
            said["errors"] = one["label"]["errors"]
        told.append(said)
    return told
