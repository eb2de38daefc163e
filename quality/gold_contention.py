"""Gold in question: what was answered to it, and what is decided of it.

A flag with its evidence (`quality.gold_questioned`) stands until a lead decides. A new version
forgives: every stored answer is scored again, and evidence and standing follow. What is kept is not
questioned again by the answers that questioned it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import audit_log, labels, ontologies
from ops.errors import Conflict, InvalidInput
from ops.models import Asset, Flag, Project, User
from quality import gold as golds
from quality.gold_answers import credit, label_of
from quality.gold_scored import Score, scores_of
from quality.judging.alike import Yardstick, size_of, yardstick
from quality.judging.answers import chosen
from quality.measures import surprise
from quality.models import Gold

DISPUTED = golds.QUESTIONED[1]
Decision = Literal["accept", "replace", "retire", "keep"]
# From this likeness on two answers to one gold count as the same.
ALIKE = 0.8


@dataclass(frozen=True)
class Tally:
    """What was answered to a gold: by `n` labellers, of whom `good` are good ones, and by
    `reviewers`; `credit` is what it is worth now.

    `key` names it: that of the label, or of the first of those so alike that they count as one.
    """

    key: str
    n: int
    good: int
    credit: float
    reviewers: int
    label: dict[str, Any] = field(default_factory=dict, compare=False)
    words: str = field(default="", compare=False)


@dataclass(frozen=True)
class Case:
    """A gold in question: what it accepts, what was answered, and the flags that question it."""

    gold: Gold
    asset: Asset
    accepted: list[dict[str, Any]]
    version: int
    flags: list[Flag]
    answers: list[Tally]


def queue(session: Session, project_id: int, limit: int = 100) -> list[Case]:
    """The gold of a project in question, what has waited longest first."""
    open_ = (
        select(Flag, Gold, Asset)
        .join(Asset, Asset.id == Flag.asset_id)
        .join(Gold, Gold.asset_id == Asset.id)
        .where(
            Flag.project_id == project_id,
            Flag.kind.in_(golds.QUESTIONED),
            Flag.resolved_at.is_(None),
        )
        .order_by(Flag.at, Flag.id)
        .limit(limit)
    )
    found: dict[int, tuple[Gold, Asset, list[Flag]]] = {}
    for flag, gold, asset in session.execute(open_):
        found.setdefault(gold.id, (gold, asset, []))[2].append(flag)
    scores: dict[int, list[Score]] = defaultdict(list)
    for score in scores_of(session, list(found)):
        scores[score.gold_id].append(score)
    return [_case(session, *parts, scores[gold_id]) for gold_id, parts in found.items()]


def _case(
    session: Session, gold: Gold, asset: Asset, raised: list[Flag], scores: Sequence[Score]
) -> Case:
    version = golds.latest_version(session, gold.id)
    project = session.get_one(Project, gold.project_id)
    stick, ontology = yardstick(session, project), ontologies.current(session, project.id)
    able = surprise.good([s.low for s in scores], [s.classes for s in scores])
    given = Counter(score.key for score in scores)
    good = Counter(score.key for score, is_good in zip(scores, able, strict=True) if is_good)
    disputed = Counter(
        str(flag.evidence["answered"])
        for flag in raised
        if flag.kind == DISPUTED and flag.evidence.get("answered")
    )
    keys = sorted({*given, *disputed}, key=lambda k: (-good[k], -given[k], k))
    said = _said(session, project, gold.asset_id, keys)
    size = size_of(asset)
    tallies = [
        Tally(
            group[0],
            sum(given[k] for k in group),
            sum(good[k] for k in group),
            credit(version.answers, said[group[0]], stick, size),
            sum(disputed[k] for k in group),
            said[group[0]],
            labels.in_words(project.label_type, said[group[0]], ontology)
            if said[group[0]]
            else group[0],
        )
        for group in _alike(stick, keys, said, size)
    ]
    return Case(gold, asset, version.answers, version.version, raised, tallies)


_BY_KEY = text(
    """
    SELECT DISTINCT ON (key) label_key(label.payload) AS key, label.payload
    FROM task JOIN assignment ON assignment.task_id = task.id AND assignment.state = 'submitted'
    JOIN label ON label.assignment_id = assignment.id
    WHERE task.asset_id = :asset AND label_key(label.payload) = ANY(:keys)
    ORDER BY key, label.id
    """
)


def _said(
    session: Session, project: Project, asset_id: int, keys: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Key → the label that it stands for; empty where nobody gave it."""
    if project.label_type in labels.CHOICES:
        known = {*labels.choices(project.label_type, ontologies.current(session, project.id))}
        return {k: chosen(project.label_type, k) if k in known else {} for k in keys}
    rows = session.execute(_BY_KEY, {"asset": asset_id, "keys": list(keys)})
    found = {row.key: labels.content(row.payload) for row in rows}
    return {key: found.get(key, {}) for key in keys}


def _alike(
    stick: Yardstick,
    keys: Sequence[str],
    said: dict[str, dict[str, Any]],
    size: tuple[int, int] | None,
) -> list[list[str]]:
    """Keys whose labels are so alike that they say one thing, what most gave first; of choices each
    is a thing of its own."""
    groups: list[list[str]] = []
    for key in keys:
        near = (
            group
            for group in groups
            if stick.label_type not in labels.CHOICES
            and said[key]
            and stick(said[key], said[group[0]], size=size) >= ALIKE
        )
        group = next(near, None)
        if group is None:
            groups.append([key])
        else:
            group.append(key)
    return groups


def decide(
    session: Session,
    project: Project,
    gold: Gold,
    decision: Decision,
    by: User | None,
    *,
    key: str | None = None,
    worth: float = 1.0,
    reason: str = "",
) -> None:
    """Take a questioned gold from the queue.

    accept: what `key` names (see `Tally`) is accepted too, for a credit of `worth`. replace: it is
    the one right answer. retire: it goes out no more. keep: it stays as it is. Raises InvalidInput
    naming the field, Conflict when it is not in question any more.
    """
    raised = golds.questions(session, gold.asset_id)
    if not raised:
        raise Conflict("This gold is not in question any more.")
    if decision in ("accept", "replace") and not key:
        raise InvalidInput("say which class is right", field="class")
    if decision == "accept":
        answer = _named(session, project, gold, str(key)) | {"credit": worth}
        _accept(session, project, gold, answer, by, reason)
    elif decision == "replace":
        answer = _named(session, project, gold, str(key))
        why = reason or f"Contended: {labels.in_words(project.label_type, answer)} is right"
        golds.revise(session, project, gold, [answer], by, reason=why)
    elif decision == "retire":
        golds.retire(session, project, gold, by, reason=reason)
    elif decision == "keep":
        _keep(session, project, gold, by, reason)
    else:
        raise InvalidInput("decision must be accept, replace, retire or keep", field="decision")
    golds.settle_questions(session, gold.asset_id, by, decision)


def _named(session: Session, project: Project, gold: Gold, key: str) -> dict[str, Any]:
    """The label that a tally's key names. Raises InvalidInput."""
    label = _said(session, project, gold.asset_id, [key])[key]
    if not label and project.label_type == "class":
        return {"class": key}  # refused with the classes there are
    if not label:
        raise InvalidInput("nobody answered this", field="class")
    return label


def _accept(
    session: Session,
    project: Project,
    gold: Gold,
    answer: dict[str, Any],
    by: User | None,
    reason: str,
) -> None:
    before = golds.latest_version(session, gold.id).answers
    others = [known for known in before if label_of(known) != label_of(answer)]
    why = reason or f"Contended: {labels.in_words(project.label_type, answer)} is accepted too"
    golds.revise(session, project, gold, [*others, answer], by, reason=why)


def _keep(session: Session, project: Project, gold: Gold, by: User | None, reason: str) -> None:
    audit_log.record(
        session,
        by,
        "gold.kept",
        f"gold:{gold.id}",
        organisation_id=project.organisation_id,
        project=project.id,
        reason=reason.strip(),
    )
