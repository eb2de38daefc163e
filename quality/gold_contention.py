"""Gold in question: what good labellers miss or a reviewer disputes, and what is decided of it.

A flag with its evidence stands until a lead decides. A new version forgives: every stored answer is
scored again, and evidence and standing follow. What is kept is not questioned again by the answers
that questioned it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import audit_log, flags, notices
from ops.errors import Conflict, InvalidInput
from ops.models import Asset, Flag, Project, User
from quality import gold as golds
from quality.gold_answers import credit
from quality.gold_scored import Score, scores_of
from quality.measures import items, surprise
from quality.models import Gold

CONTENDED, DISPUTED = golds.QUESTIONED
Decision = Literal["accept", "replace", "retire", "keep"]


def question(session: Session, project_id: int, scores: Sequence[Score]) -> int:
    """Flag the gold that good labellers miss too often for it to be right; returns how many.

    The error rate is `surprise.ALPHA`: of gold that is right and as hard as work is, at most so
    many are ever flagged.
    """
    kept = _kept(session, project_id)
    by_gold: dict[int, list[Score]] = defaultdict(list)
    for score in scores:
        version, until = kept.get(score.asset_id, (0, 0))
        if score.version != version or score.id > until:
            by_gold[score.gold_id].append(score)
    return sum(_question(session, project_id, some) for some in by_gold.values())


def _kept(session: Session, project_id: int) -> dict[int, tuple[int, int]]:
    """Asset → (version, newest score) that a lead saw when they kept the gold as it was."""
    seen = select(Flag.asset_id, Flag.evidence).where(
        Flag.project_id == project_id,
        Flag.kind.in_(golds.QUESTIONED),
        Flag.evidence["decision"].astext == "keep",
    )
    found: dict[int, tuple[int, int]] = {}
    for asset_id, evidence in session.execute(seen):
        until = (evidence.get("version", 0), evidence.get("last_score", 0))
        found[asset_id] = max(found.get(asset_id, until), until)
    return found


def _question(session: Session, project_id: int, scores: Sequence[Score]) -> int:
    classes = scores[0].classes
    able = surprise.good([s.low for s in scores], [s.classes for s in scores])
    good = [score for score, is_good in zip(scores, able, strict=True) if is_good]
    if len(good) < surprise.LEAST_ANSWERS:
        return 0
    worth = [score.credit for score in good]
    accuracy = items.accuracy([s.mean for s in good], [s.n for s in good], worth)
    found = surprise.surprise(worth, accuracy, classes)
    if not found.contended:
        return 0
    missed = Counter(score.key for score in good if score.credit == 0)
    asset_id = scores[0].asset_id
    reason = (
        f"{missed.total()} of {len(good)} good labellers answered otherwise. Were the gold right, "
        f"so much against it would come up for at most 1 gold in {int(found.evidence):,}."
    )
    flag = flags.raise_flag(
        session,
        project_id=project_id,
        kind=CONTENDED,
        reason=reason,
        asset_id=asset_id,
        evidence={
            "good": len(good),
            "answered": dict(missed.most_common()),
            "evidence": found.evidence,
            "alpha": surprise.ALPHA,
            "version": scores[0].version,
            "last_score": scores[-1].id,
        },
    )
    notices.tell_leads(
        session,
        project_id,
        key=f"gold.contended:{flag}",
        text="Good labellers miss a gold so often that its answer may be wrong. Decide about it.",
        url=f"/projects/{project_id}/gold/contention",
    )
    return 1


@dataclass(frozen=True)
class Tally:
    """A class that was answered: by so many, of whom so many good; `credit` it is worth now.

    `reviewers` is how many reviewers gave it, who are not among the `n`.
    """

    key: str
    n: int
    good: int
    credit: float
    reviewers: int


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
    given = Counter(score.key for score in scores)
    able = surprise.good([s.low for s in scores], [s.classes for s in scores])
    good = Counter(score.key for score, is_good in zip(scores, able, strict=True) if is_good)
    disputed = Counter(
        str(flag.evidence["answered"])
        for flag in raised
        if flag.kind == DISPUTED and flag.evidence.get("answered")
    )
    return Case(
        gold,
        asset,
        version.answers,
        version.version,
        raised,
        [
            Tally(key, given[key], good[key], credit(version.answers, key), disputed[key])
            for key in sorted({*given, *disputed}, key=lambda k: (-good[k], -given[k], k))
        ],
    )


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

    accept: class `key` is accepted too, for a credit of `worth`. replace: `key` is the one right
    answer. retire: it goes out no more. keep: it stays as it is. Raises InvalidInput naming the
    field, Conflict when it is not in question any more.
    """
    raised = golds.questions(session, gold.asset_id)
    if not raised:
        raise Conflict("This gold is not in question any more.")
    if decision in ("accept", "replace") and not key:
        raise InvalidInput("say which class is right", field="class")
    if decision == "accept":
        _accept(session, project, gold, {"class": key, "credit": worth}, by, reason)
    elif decision == "replace":
        why = reason or f"Contended: {key} is right"
        golds.revise(session, project, gold, [{"class": key}], by, reason=why)
    elif decision == "retire":
        golds.retire(session, project, gold, by, reason=reason)
    elif decision == "keep":
        _keep(session, project, gold, by, reason)
    else:
        raise InvalidInput("decision must be accept, replace, retire or keep", field="decision")
    golds.settle_questions(session, gold.asset_id, by, decision)


def _accept(
    session: Session,
    project: Project,
    gold: Gold,
    answer: dict[str, Any],
    by: User | None,
    reason: str,
) -> None:
    before = golds.latest_version(session, gold.id).answers
    others = [known for known in before if known["class"] != answer["class"]]
    why = reason or f"Contended: {answer['class']} is accepted too"
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
