"""The questions of an assessment, each with what its answers tell of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import isfinite
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ops import labels, ontologies
from ops.models import Asset, Flag, Project
from quality.gold import QUESTIONED
from quality.gold_answers import label_of
from quality.measures import item_analysis
from quality.measures.classes import Rate, rate
from quality.models import Assessment, Gold, GoldVersion, ItemExclusion
from quality.onboarding import answered
from quality.onboarding.answered import Row

Words = Callable[[dict[str, Any]], str]
MOST_GIVEN = 8  # answers told apart on the page


class Given(NamedTuple):
    """One answer, what it is worth on average, and how many gave it: all, of the best third, of
    the weakest."""

    words: str
    credit: float
    n: int
    best: int
    weakest: int


class Item(NamedTuple):
    """One question. `telling` and its interval are None where undefined, `p` where not tested."""

    gold: Gold
    asset: Asset
    accepted: str
    right: Rate
    telling: float | None
    telling_low: float | None
    telling_high: float | None
    best: int
    missed: int
    expected: float
    p: float | None
    flagged: bool
    given: list[Given]
    seconds: float | None
    revised: bool
    questioned: bool
    out: ItemExclusion | None

    @property
    def instead(self) -> Given | None:
        """The wrong answer that most of the best gave; None where they gave none."""
        wrong = [g for g in self.given if g.credit < item_analysis.MISSED and g.best]
        return max(wrong, key=lambda g: g.best, default=None)

    @property
    def told(self) -> str:
        """Why it stands out, in words; empty where it does not."""
        if not self.flagged:
            return ""
        begun = f"{self.missed} of the {self.best} best at the other questions miss it"
        usual = f"where {self.expected:.1f} would be usual"
        if self.instead and self.instead.best > self.best / 2:
            alike = f"{self.instead.best} of them answer {self.instead.words}"
            return f"{begun}, {usual}; {alike}. The gold may be wrong."
        return f"{begun}, {usual}. It may be wrong, or merely hard: look at it."


def listed(session: Session, assessment: Assessment) -> list[Item]:
    """Every question that was answered; those that stand out first, then the most often missed."""
    rows = answered.rows(session, assessment)
    out = answered.exclusions(session, assessment)
    kept = [row for row in rows if row.gold_id not in out]
    gone = [row for row in rows if row.gold_id in out]
    found = _items(session, assessment, kept, {})
    found.sort(key=lambda item: (not item.flagged, item.right.value, item.gold.id))
    return [*found, *_items(session, assessment, gone, out)]


def one(session: Session, assessment: Assessment, gold_id: int) -> Item | None:
    """One question; None where nobody answered it."""
    return next((i for i in listed(session, assessment) if i.gold.id == gold_id), None)


def _items(
    session: Session,
    assessment: Assessment,
    rows: Sequence[Row],
    out: Mapping[int, ItemExclusion],
) -> list[Item]:
    if not rows:
        return []
    item, known = answered.codes([row.gold_id for row in rows])
    attempt, _ = answered.codes([row.attempt_id for row in rows])
    measured, thirds = item_analysis.analyse(item, attempt, [row.credit for row in rows])
    project = session.get_one(Project, assessment.project_id)
    say: Words = partial(
        labels.in_words, project.label_type, ontology=ontologies.current(session, project.id)
    )
    stored = _gold(session, known)
    newest = _versions(session, known)
    doubted = _questioned(session, stored.values())
    found = []
    for gold_id, code in known.items():
        here = [i for i, c in enumerate(item) if c == code]
        some = [rows[i] for i in here]
        gold = stored[gold_id]
        took = [row.seconds for row in some if row.seconds is not None]
        found.append(
            Item(
                gold=gold,
                asset=gold.asset,
                accepted=", ".join(say(label_of(a)) for a in newest[gold_id].answers),
                right=rate(sum(row.credit for row in some), len(some)),
                **_measured(measured, code, tested=gold_id not in out),
                given=_given(some, thirds.best[here], thirds.weakest[here], say),
                seconds=median(took) if took else None,
                revised=any(row.version_id != newest[gold_id].id for row in some),
                questioned=gold.asset_id in doubted,
                out=out.get(gold_id),
            )
        )
    return found


def _measured(of: item_analysis.Items, code: int, *, tested: bool) -> dict[str, Any]:
    def known(value: float) -> float | None:
        return float(value) if tested and isfinite(value) else None

    return {
        "telling": known(of.telling[code]),
        "telling_low": known(of.telling_low[code]),
        "telling_high": known(of.telling_high[code]),
        "best": int(of.best[code]),
        "missed": int(of.missed[code]),
        "expected": float(of.expected[code]),
        "p": known(of.p[code]),
        "flagged": bool(of.flagged[code]) and tested,
    }


def _gold(session: Session, ids: Mapping[int, int]) -> dict[int, Gold]:
    chosen = select(Gold).options(joinedload(Gold.asset)).where(Gold.id.in_(list(ids)))
    return {gold.id: gold for gold in session.scalars(chosen)}


def _questioned(session: Session, some: Iterable[Gold]) -> set[int]:
    """The assets of gold that is in question already."""
    raised = select(Flag.asset_id).where(
        Flag.asset_id.in_([gold.asset_id for gold in some]),
        Flag.kind.in_(QUESTIONED),
        Flag.resolved_at.is_(None),
    )
    return {asset_id for asset_id in session.scalars(raised) if asset_id is not None}


def _versions(session: Session, ids: Mapping[int, int]) -> dict[int, GoldVersion]:
    """Gold id → its version in force."""
    chosen = select(GoldVersion).where(GoldVersion.gold_id.in_(list(ids)))
    ordered = session.scalars(chosen.order_by(GoldVersion.version))
    return {version.gold_id: version for version in ordered}


def _given(rows: Sequence[Row], best: Any, weakest: Any, say: Words) -> list[Given]:
    words = [say(row.payload) for row in rows]
    worth: dict[str, float] = {}
    for said, row in zip(words, rows, strict=True):
        worth[said] = worth.get(said, 0.0) + row.credit
    told = Counter(words)
    of_best = Counter(w for w, is_best in zip(words, best, strict=True) if is_best)
    of_weakest = Counter(w for w, is_weak in zip(words, weakest, strict=True) if is_weak)
    return [
        Given(said, worth[said] / n, n, of_best[said], of_weakest[said])
        for said, n in told.most_common(MOST_GIVEN)
    ]
