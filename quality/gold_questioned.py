"""Gold that good labellers miss too often for it to be right is flagged, with the evidence."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import flags, labels, notices
from ops.models import Flag, Project
from quality import gold as golds
from quality.gold_scored import Score
from quality.measures import items, surprise

CONTENDED = golds.QUESTIONED[0]
# A choice that is worth anything is no miss; a label compared by likeness is, below half of it.
HALF, SMALLEST = 0.5, 1e-9


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
    merged = session.get_one(Project, project_id).label_type not in labels.CHOICES
    missed = Counter(s.key for s in good if s.credit < (HALF if merged else SMALLEST))
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
