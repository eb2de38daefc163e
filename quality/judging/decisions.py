"""Answers of reviewers and adjudicators: what they decide of an asset, and of its labellers."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from ops import consensus, flags, projects
from ops.models import Batch, Consensus, Project
from quality import review, trust
from quality.gold_answers import credit
from quality.judging import answers as read
from quality.judging.answers import DECIDING_STAGES, LABEL_STAGES, Answer
from quality.judging.evidence import Finding, Pairs, pairs, store, tell
from quality.models import Gold, GoldVersion, LabelScore

METHOD = {"review": "review", "adjudicate": "adjudication"}
DECIDED = tuple(METHOD.values())
GOLD_DISPUTED = "gold_disputed"


def decide(session: Session, found: Sequence[Answer]) -> Pairs:
    """Turn the deciding answers among `found` into consensus and evidence, in order of time.

    Returns whose standing they move. About gold nothing is decided, but a flag is raised when a
    reviewer sees it otherwise.
    """
    deciding = [a for a in found if a.stage in DECIDING_STAGES]
    if not deciding:
        return set()
    deciding.sort(key=lambda a: (a.ended_at, a.assignment_id))
    assets = sorted({a.asset_id for a in deciding})
    labels: dict[int, list[Answer]] = defaultdict(list)
    for label in read.labels_of(session, assets):
        labels[label.asset_id].append(label)
    accepted = _accepted(session, assets)
    current = consensus.current(session, assets)
    moved: list[Finding] = []
    for answer in deciding:
        if answer.asset_id in accepted:
            _dispute(session, answer, accepted[answer.asset_id])
        elif not _overtaken(answer, current.get(answer.asset_id)):
            given = _latest(labels[answer.asset_id])
            made = _append(session, answer, given)
            if made is not None:
                current[answer.asset_id] = made
            moved += _judge_labels(session, answer, given)
    _note_outcomes(session, [a for a in deciding if not a.surplus])
    review.settle_flags(session, assets)
    return pairs(moved)


def _accepted(session: Session, assets: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    rows = session.execute(
        select(Gold.asset_id, GoldVersion.answers)
        .join(GoldVersion, GoldVersion.gold_id == Gold.id)
        .where(Gold.asset_id.in_(assets))
        .order_by(GoldVersion.version)
    )
    return dict(rows.all())


def _dispute(session: Session, answer: Answer, accepted: list[dict[str, str]]) -> None:
    if credit(accepted, answer.key):
        return
    keys = ", ".join(a["class"] for a in accepted)
    flags.raise_flag(
        session,
        project_id=answer.project_id,
        kind=GOLD_DISPUTED,
        reason=f"A reviewer answered {answer.key}; the gold accepts {keys}. Check the gold.",
        asset_id=answer.asset_id,
        evidence={"answered": answer.key, "accepted": keys, "assignment": answer.assignment_id},
    )


def _overtaken(answer: Answer, current: Consensus | None) -> bool:
    """A late extra answer does not overrule what somebody decided in time."""
    return answer.surplus and current is not None and current.method in DECIDED


def _latest(labels: Sequence[Answer]) -> list[Answer]:
    """The labels of the newest round, with surplus."""
    newest = max((label.round for label in labels), default=0)
    return [label for label in labels if label.round == newest]


def _append(session: Session, answer: Answer, labels: Sequence[Answer]) -> Consensus | None:
    batch = session.get_one(Batch, answer.batch_id)
    if batch.state == "delivered":
        return None
    believed = trust.standing(session, answer.labeller_id, answer.skill_id)
    agreeing = sum(label.key == answer.key for label in labels)
    return consensus.append(
        session,
        asset_id=answer.asset_id,
        batch_id=batch.id,
        method=METHOD[answer.stage],
        label={"class": answer.key},
        probability=believed.mean if believed.n else None,
        answers=len(labels),
        agreement=agreeing / len(labels) if labels else None,
        posterior={},
        decided_by=answer.labeller_id,
    )


def _judge_labels(session: Session, answer: Answer, labels: Sequence[Answer]) -> list[Finding]:
    findings = [Finding(label, float(label.key == answer.key)) for label in labels]
    changed = store(session, "review", findings)
    tell(session, "review", [(f.answer, f.correct) for f in changed])
    return changed


def _note_outcomes(session: Session, deciding: Sequence[Answer]) -> None:
    """Say of re-score suspects what their review came to."""
    for answer in deciding:
        session.execute(
            update(LabelScore)
            .where(LabelScore.review_task_id == answer.task_id)
            .values(outcome=case((LabelScore.given == answer.key, "accepted"), else_="changed"))
            .execution_options(synchronize_session=False)
        )


def review_decided(session: Session, found: Sequence[Answer]) -> None:
    """After an adjudication, review its asset if it is in the sample."""
    for answer in found:
        if answer.stage == "adjudicate":
            batch = session.get_one(Batch, answer.batch_id)
            share = projects.settings_of(session.get_one(Project, batch.project_id)).review_share
            if batch.state != "delivered":
                review.review_sample(session, batch, {answer.asset_id: answer.round}, share)


def judge_late(session: Session, found: Sequence[Answer]) -> Pairs:
    """Labels that came after their asset was decided: reviewed by that decision."""
    late = [a for a in found if a.stage in LABEL_STAGES and a.round > 0]
    current = consensus.current(session, sorted({a.asset_id for a in late}))
    findings = []
    for answer in late:
        known = current.get(answer.asset_id)
        if known is not None and known.method in DECIDED:
            findings.append(Finding(answer, float(answer.key == known.label["class"])))
    changed = store(session, "review", findings)
    tell(session, "review", [(f.answer, f.correct) for f in changed])
    return pairs(changed)
