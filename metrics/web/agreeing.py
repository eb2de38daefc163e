"""The agreement of a batch as its page shows it. Leads alone see this page: it names labellers."""

from typing import Any

from sqlalchemy import select

from metrics import charts
from ops.labels import CHOICES
from ops.models import Batch, User
from ops.web.identity import db
from quality.judging import agreeing
from quality.measures.agreement_matched import BACKGROUND

MOST_PEOPLE = 14  # that a heat map has room for
RELIABLE, TENTATIVE = 0.8, 0.667  # Krippendorff's


def of_batch(batch: Batch, names: dict[str, str]) -> dict[str, Any] | None:
    """What the part "Agreement" of the page needs; None where no asset has two answers."""
    found = agreeing.of_batch(db(), batch, batch.project)
    if found is None:
        return None
    people, values, shared = agreeing.most_shared(found, MOST_PEOPLE)
    return {
        "alpha": found.alpha if found.alpha.n else None,
        "reading": _reading(found.alpha.value),
        "score": found.score,
        "same": found.same if batch.project.label_type in CHOICES else None,
        "assets": found.assets,
        "of": found.of,
        "confused": [
            pair._replace(one=_said(pair.one, names), other=_said(pair.other, names))
            for pair in found.confused
        ],
        "map": charts.heat_map(_names(people), values.tolist(), shared.tolist()),
        "people": len(people),
        "of_people": len(found.labellers),
    }


def _said(key: str, names: dict[str, str]) -> str:
    return "nothing there" if key == BACKGROUND else names.get(key, key)


def _names(ids: list[int]) -> list[str]:
    rows = db().execute(select(User.id, User.name).where(User.id.in_(ids)))
    known = {row.id: row.name for row in rows}
    return [known[one] for one in ids]


def _reading(alpha: float) -> str:
    """What is usually made of an α; nothing of one that is undefined."""
    if alpha >= RELIABLE:
        return "usually called reliable"
    if alpha >= TENTATIVE:
        return "good enough for tentative conclusions"
    return "low: the task can be read in several ways" if alpha < TENTATIVE else ""
