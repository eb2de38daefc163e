"""The gold that an assessment may ask: its class, how hard it is, and how often it was seen."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from quality.gold import UNMET
from quality.models import Assessment

BANDS = ("easy", "medium", "hard")
# Seen by so many in assessments, a gold is worn: its answer may have been told on.
WORN = 20


class Question(NamedTuple):
    """A gold that may be asked: its version in force, the class of its first accepted answer or of
    the first object in it, its difficulty in logits where it is known, and to how many labellers
    assessments have `shown` it."""

    gold_id: int
    version_id: int
    key: str
    for_assessment: bool
    difficulty: float | None = None
    shown: int = 0


_POOL = text(
    f"""
    SELECT DISTINCT ON (gold.id) gold.id, version.id, gold.class_key, gold.for_assessment,
           gold.difficulty, (
        SELECT count(*) FROM attempt_question asked JOIN gold_version v
        ON v.id = asked.gold_version_id AND v.gold_id = gold.id
        WHERE coalesce(asked.shown_at, asked.answered_at) IS NOT NULL)
    FROM gold JOIN gold_version version ON version.gold_id = gold.id
    WHERE {UNMET}
      AND gold.id NOT IN (SELECT gold_id FROM item_exclusion WHERE assessment_id = :assessment)
    ORDER BY gold.id, version.version DESC
    """
)


def pool(
    session: Session,
    project_id: int,
    labeller_id: int = 0,
    assessment: Assessment | None = None,
) -> list[Question]:
    """Active gold of the project that this labeller has never met (0: anybody), without what was
    taken out of the assessment."""
    asked = {
        "project": project_id,
        "labeller": labeller_id,
        "assessment": assessment.id if assessment else 0,
    }
    return [Question(*row) for row in session.execute(_POOL, asked)]


def by_class(questions: Sequence[Question]) -> dict[str, list[Question]]:
    """The questions under the class of their first accepted answer."""
    found: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        found[question.key].append(question)
    return dict(found)


class Thirds(NamedTuple):
    """Difficulties that part the pool into thirds; nan where too few are known."""

    low: float
    high: float

    def band(self, difficulty: float | None) -> str:
        """easy, medium or hard; what is unknown is medium."""
        if difficulty is None or not self.low < self.high:
            return "medium"
        return BANDS[(difficulty > self.low) + (difficulty > self.high)]


def thirds(questions: Sequence[Question]) -> Thirds:
    """Where the thirds of the known difficulties lie."""
    known = sorted(q.difficulty for q in questions if q.difficulty is not None)
    if len(known) < len(BANDS):
        return Thirds(float("nan"), float("nan"))
    return Thirds(known[(len(known) - 1) // 3], known[2 * (len(known) - 1) // 3])


def cells(questions: Sequence[Question]) -> dict[str, dict[str, int]]:
    """Class → band → how many gold there are to draw from."""
    parts = thirds(questions)
    counted = Counter((q.key, parts.band(q.difficulty)) for q in questions)
    return {
        key: {band: counted[key, band] for band in BANDS}
        for key in sorted({key for key, _ in counted})
    }


class Wear(NamedTuple):
    """How worn a pool is: `worn` of its `gold` were shown to WORN labellers or more."""

    gold: int
    worn: int
    most: int

    @property
    def high(self) -> bool:
        """Half of it, or more."""
        return 2 * self.worn >= self.gold > 0


def wear(questions: Sequence[Question]) -> Wear:
    """How often the gold of a pool was seen in assessments."""
    shown = [q.shown for q in questions]
    return Wear(len(shown), sum(n >= WORN for n in shown), max(shown, default=0))
