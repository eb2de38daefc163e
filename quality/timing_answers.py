"""The answers of a project as columns: who said what of which asset, how fast; and skips."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from ops.models import Project
from quality.measures.arrays import Floats, Ints

MOST_ANSWERS = 500_000


@dataclass(frozen=True)
class Answers:
    """Answers and telling skips of one project: ids, codes into them, seconds (nan: none).

    `alike` is how far each answer says what the others say (nan: unknown), of labels that are
    compared by likeness; their codes then tell only who saw an asset otherwise. `asked` is how many
    people asked a question about each asset.
    """

    assets: Ints
    labellers: Ints
    n_classes: int
    asset: Ints
    labeller: Ints
    label: Ints
    seconds: Floats
    order: Floats
    skipped: Any
    alike: Floats | None = None
    asked: Ints | None = None

    @property
    def answered(self) -> Any:
        """Which of them are answers."""
        return ~self.skipped


_ANSWERS = """
    SELECT task.asset_id, assignment.labeller_id, {said},
           nullif(assignment.active_ms, 0) / 1000.0::float8,
           extract(epoch FROM assignment.ended_at)::float8
    FROM assignment
    JOIN task ON task.id = assignment.task_id
    LEFT JOIN label ON label.assignment_id = assignment.id AND NOT EXISTS (
        SELECT FROM label later
        WHERE later.assignment_id = label.assignment_id AND later.revision > label.revision)
    {more}
    WHERE assignment.project_id = :project AND task.stage = 'label'
      AND (assignment.state = 'submitted'
           OR assignment.state = 'skipped'
              AND assignment.skip_reason IN ('unclear', 'broken', 'not_in_classes'))
    ORDER BY assignment.id DESC LIMIT :most
    """
# Of a choice its key; of other labels what the others make of it, which was found when it was
# judged. Of an answer without others, that nothing is known.
_KEYS = text(_ANSWERS.format(said="label_key(label.payload)", more=""))
_LIKENESS = text(
    _ANSWERS.format(
        said="CASE WHEN label.id IS NOT NULL THEN coalesce(evidence.correct, 'NaN') END",
        more="LEFT JOIN evidence ON evidence.assignment_id = assignment.id "
        "AND evidence.kind = 'consensus'",
    )
)
_ASKED = text(
    "SELECT asset_id, count(DISTINCT opened_by) FROM issue"
    " WHERE project_id = :project AND asset_id IS NOT NULL GROUP BY asset_id"
)
# From this likeness to the others on an answer says what they say.
AS_OTHERS = 0.5


def read(session: Session, project: Project) -> Answers:
    """The newest answers of a project, as columns."""
    merged = project.label_type not in CHOICES
    statement = _LIKENESS if merged else _KEYS
    rows = session.execute(statement, {"project": project.id, "most": MOST_ANSWERS}).all()
    assets, asset = np.unique(np.array([r[0] for r in rows], np.int64), return_inverse=True)
    people, labeller = np.unique(np.array([r[1] for r in rows], np.int64), return_inverse=True)
    skipped = np.array([r[2] is None for r in rows], bool)
    alike = None
    if merged:
        alike = np.array([np.nan if r[2] is None else r[2] for r in rows], float)
        keys, label = _by_likeness(asset, alike, skipped)
    else:
        known = {key: i for i, key in enumerate(sorted({r[2] for r in rows if r[2] is not None}))}
        # A skip is a class of its own, after the others.
        keys, label = len(known), np.array([known.get(r[2], len(known)) for r in rows], np.int64)
    seconds = np.array([np.nan if r[3] is None else r[3] for r in rows], float)
    order = np.array([r[4] for r in rows], float)
    return Answers(
        assets, people, keys, asset, labeller, label,
        np.where(skipped, np.nan, seconds), order, skipped, alike, _asked(session, project, assets),
    )  # fmt: skip


def _asked(session: Session, project: Project, assets: Ints) -> Ints:
    found = dict(map(tuple, session.execute(_ASKED, {"project": project.id})))
    return np.array([found.get(int(asset), 0) for asset in assets], np.int64)


def _by_likeness(asset: Ints, alike: Floats, skipped: Any) -> tuple[int, Ints]:
    """(how many codes, codes): 0 for what says the same as the others, a code of its own within its
    asset for what does not, the last for a skip."""
    label = np.zeros(len(asset), np.int64)
    other = np.flatnonzero(~skipped & (alike < AS_OTHERS))
    order = other[np.argsort(asset[other], kind="stable")]
    first = np.searchsorted(asset[order], asset[order])
    label[order] = 1 + np.arange(order.size) - first
    codes = int(label.max(initial=0)) + 1
    label[skipped] = codes
    return codes, label


def disagreement(a: Answers, kept: Any) -> Floats | None:
    """Per asset, the share of pairs of its answers that differ; None where their codes say it all.

    Two answers differ by 1 - their likeness, an answer and a skip or question wholly, two of those
    not at all.
    """
    if a.alike is None:
        return None
    n = len(a.assets)
    told = kept & np.isfinite(a.alike)
    m, s = (np.bincount(a.asset[which], minlength=n) for which in (told, kept & a.skipped))
    s = s if a.asked is None else s + a.asked
    apart = 1 - np.bincount(a.asset[told], a.alike[told], n) / np.maximum(m, 1)
    pairs = (m + s) * (m + s - 1)
    return np.where(pairs > 0, (m * (m - 1) * apart + 2 * m * s) / np.maximum(pairs, 1), 0.0)
