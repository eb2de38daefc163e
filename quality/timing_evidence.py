"""What is known of a project's answers being wrong: the best evidence of each, and what was to be
expected of whoever gave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.models import Project
from quality.measures.arrays import Floats, Ints

if TYPE_CHECKING:
    from quality.timing_answers import Answers

KINDS = ("gold", "review", "consensus")  # the best first
# A labeller's own rate of errors counts from so many expected ones on.
_WORTH = 5.0


@dataclass(frozen=True)
class Known:
    """Of each answer: `wrong`, from 0 to 1 (nan: not judged), and how much of that was `expected`
    of its labeller and of its kind of evidence. Of each asset: answers held against `gold`, and how
    many of these were `missed`."""

    wrong: Floats
    expected: Floats
    gold: Floats
    missed: Floats


_EVIDENCE = """
    SELECT assignment_id, array_position(CAST(:kinds AS text[]), kind) - 1, 1 - correct
    FROM evidence WHERE project_id = :project {which} ORDER BY assignment_id, 2
    """


def known(
    session: Session, project: Project, a: "Answers", some: Sequence[int] | None = None
) -> Known:
    """The evidence about these answers; `some` are their ids, where they are few."""
    which = "" if some is None else "AND assignment_id = ANY(:some)"
    values: dict[str, Any] = {"project": project.id, "kinds": list(KINDS)}
    if some is not None:
        values["some"] = list(some)
    rows = session.execute(text(_EVIDENCE.format(which=which)), values).all()
    order = np.argsort(a.answer, kind="stable")
    wrong, kind = np.full(a.answer.size, np.nan), np.zeros(a.answer.size, np.int64)
    if rows and a.answer.size:
        of, best, missed = (np.array(column) for column in zip(*rows, strict=True))
        of, first = np.unique(of.astype(np.int64), return_index=True)  # the best comes first
        place = np.minimum(np.searchsorted(a.answer[order], of), a.answer.size - 1)
        here = a.answer[order][place] == of
        at, first = order[place[here]], first[here]
        wrong[at], kind[at] = missed[first].astype(float), best[first].astype(np.int64)
    wrong[a.skipped] = np.nan
    gold = np.isfinite(wrong) & (kind == 0)
    n = len(a.assets)
    return Known(
        wrong, _expected(wrong, kind, a.labeller, len(a.labellers)),
        np.bincount(a.asset[gold], minlength=n).astype(float),
        np.bincount(a.asset[gold], wrong[gold], n).astype(float),
    )  # fmt: skip


def _expected(wrong: Floats, kind: Ints, labeller: Ints, n_labellers: int) -> Floats:
    """The rate of the kind of evidence, times how often the labeller errs beside others."""
    judged = np.isfinite(wrong)
    n = np.bincount(kind[judged], minlength=len(KINDS))
    rate = np.bincount(kind[judged], wrong[judged], len(KINDS)) / np.maximum(n, 1)
    expected = rate[kind]
    seen = np.bincount(labeller[judged], wrong[judged], n_labellers)
    due = np.bincount(labeller[judged], expected[judged], n_labellers)
    own = (seen + _WORTH) / (due + _WORTH)
    return np.where(judged, expected * own[labeller], np.nan)
