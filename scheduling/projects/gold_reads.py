"""The gold of a project as its pages and API list it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from ops import labels
from ops.models import Asset
from quality import gold_batches
from quality.gold_answers import credit_of_key, label_of
from quality.measures.sampling import clopper_pearson
from quality.models import Gold, GoldScore, GoldVersion

# What can be shown: by state, and what is wrong with it.
SHOWN = {
    "active": "In work",
    "assessments": "For assessments",
    "retired": "Retired",
    "never_right": "Never answered right",
    "over_exposed": "Handed out too often",
    "delivered": "Of a delivered batch",
}
# Fewer answers than this say nothing of how telling a gold is.
TELLS_FROM = 10


@dataclass(frozen=True)
class Listed:
    """A gold, its answers in force, and what was answered to them: `right` of `n`, with credit."""

    gold: Gold
    asset: Asset
    answers: list[dict[str, Any]]
    version: int
    n: int
    right: float

    @property
    def share(self) -> float | None:
        """Right answers ÷ answers; None where nobody answered."""
        return self.right / self.n if self.n else None

    @property
    def bounds(self) -> tuple[float, float] | tuple[None, None]:
        """95 % interval of the share; partial credit is rounded down."""
        return clopper_pearson(int(self.right), self.n) if self.n else (None, None)

    def credit_of(self, key: str) -> float:
        """What answering class `key` is worth."""
        return credit_of_key(self.answers, "class", key)

    def words(self, label_type: str, ontology: Any) -> list[tuple[str, float]]:
        """Each accepted answer in words, and what it is worth."""
        return [
            (labels.in_words(label_type, label_of(one), ontology), float(one.get("credit", 1)))
            for one in self.answers
        ]

    @property
    def tells(self) -> str | None:
        """What its answers say of it, in words; None while there are too few."""
        slope, hard = self.gold.discrimination, self.gold.difficulty
        if slope is None or hard is None or self.gold.answers_n < TELLS_FROM:
            return None
        much = "much" if slope > 1.25 else "little" if slope < 0.75 else "as usual"
        kind = ", hard" if hard > 0.75 else ", easy" if hard < -0.75 else ""
        return much + kind


def listed(
    session: Session, project_id: int, *, show: str = "", before: int | None, limit: int
) -> Sequence[Listed]:
    """A page of gold, the newest first, by id below `before`; `show` is a key of SHOWN or empty."""
    newest = (
        select(GoldVersion)
        .where(GoldVersion.gold_id == Gold.id)
        .order_by(GoldVersion.version.desc())
        .limit(1)
        .lateral()
    )
    scored = (
        select(func.count(), func.coalesce(func.sum(GoldScore.correct), 0))
        .where(GoldScore.gold_version_id == newest.c.id)
        .lateral()
    )
    found = (
        select(Gold, Asset, newest.c.answers, newest.c.version, *scored.c)
        .join(Asset, Asset.id == Gold.asset_id)
        .join(newest, true())
        .join(scored, true())
        .where(Gold.project_id == project_id, *_conditions(session, project_id, show))
        .order_by(Gold.id.desc())
        .limit(limit)
    )
    if before is not None:
        found = found.where(Gold.id < before)
    return [Listed(*row) for row in session.execute(found)]


def _conditions(session: Session, project_id: int, show: str) -> list[Any]:
    if show in gold_batches.FAULTS:
        fault = gold_batches.FAULTS[gold_batches.FAULTS.index(show)]
        return [Gold.id.in_(gold_batches.with_fault(session, project_id, fault))]
    if show == "retired":
        return [Gold.state == "retired"]
    if show in ("active", "assessments"):
        return [Gold.state == "active", Gold.for_assessment == (show == "assessments")]
    return []
