"""The answers of a project as columns: who said what of which asset, how fast; and skips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from ops.models import Project
from quality.measures.arrays import Floats, Ints

MOST_ANSWERS = 500_000
# Whose times tell of assets and people besides those of labelling itself.
STAGES = ("label", "rework", "review", "adjudicate")


@dataclass(frozen=True)
class Beside:
    """Timed work of the other stages on the same assets, as columns.

    Codes of people go on after those of the labellers: `people` are their ids. `label` is -1 where
    it is none of the labels that were given; `stage` indexes STAGES.
    """

    people: Ints
    asset: Ints
    labeller: Ints
    label: Ints
    seconds: Floats
    order: Floats
    objects: Floats
    stage: Ints


@dataclass(frozen=True)
class Answers:
    """Answers and telling skips of one project: ids, codes into them, seconds (nan: none).

    `alike` is how far each answer says what the others say (nan: unknown), of labels that are
    compared by likeness; their codes then tell only who saw an asset otherwise. `asked` is how many
    people asked a question about each asset. `keys` names the codes of labels, of choices;
    `answer` is the id of each assignment; `objects` how many things were marked (nan: not counted);
    `team` the code of each labeller's team in `teams`, those of `beside` after them (-1: none).
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
    alike: Floats | None
    asked: Ints
    keys: tuple[str, ...]
    answer: Ints
    objects: Floats
    team: Ints
    teams: tuple[int, ...]
    beside: Beside

    @property
    def answered(self) -> Any:
        """Which of them are answers."""
        return ~self.skipped


_ANSWERS = """
    SELECT assignment.id, task.asset_id, assignment.labeller_id, task.stage, {said},
           nullif(assignment.active_ms, 0) / 1000.0::float8,
           extract(epoch FROM assignment.ended_at)::float8, {objects}
    FROM assignment
    JOIN task ON task.id = assignment.task_id
    LEFT JOIN label ON label.assignment_id = assignment.id AND NOT EXISTS (
        SELECT FROM label later
        WHERE later.assignment_id = label.assignment_id AND later.revision > label.revision)
    {more}
    WHERE assignment.project_id = :project AND task.stage = ANY(:stages) {which}
      AND (assignment.state = 'submitted'
           OR assignment.state = 'skipped' AND task.stage = 'label'
              AND assignment.skip_reason IN ('unclear', 'broken', 'not_in_classes'))
    ORDER BY assignment.id DESC LIMIT :most
    """
# Of a choice its key; of other labels what the others make of it, which was found when it was
# judged. Of an answer without others, that nothing is known.
_KEYS = {"said": "label_key(label.payload)", "more": "", "objects": "NULL::int"}
_LIKENESS = {
    "said": "CASE WHEN label.id IS NOT NULL THEN coalesce(evidence.correct, 'NaN') END",
    "more": "LEFT JOIN evidence ON evidence.assignment_id = assignment.id "
    "AND evidence.kind = 'consensus'",
    "objects": "CASE WHEN jsonb_typeof(label.payload -> 'objects') = 'array' "
    "THEN jsonb_array_length(label.payload -> 'objects') END",
}
_SOME = "AND task.asset_id = ANY(:assets)"
_ASKED = (
    "SELECT asset_id, count(DISTINCT opened_by) FROM issue"
    " WHERE project_id = :project AND {} GROUP BY asset_id"
)
_TEAMS = text(
    "SELECT id, team_id FROM user_account WHERE id = ANY(:people) AND team_id IS NOT NULL"
)
# From this likeness to the others on an answer says what they say.
AS_OTHERS = 0.5


def read(session: Session, project: Project, assets: Sequence[int] | None = None) -> Answers:
    """The newest answers of a project, or all about some of its assets, as columns."""
    merged = project.label_type not in CHOICES
    parts = _LIKENESS if merged else _KEYS
    statement = text(_ANSWERS.format(which="" if assets is None else _SOME, **parts))
    values: dict[str, Any] = {"project": project.id, "most": MOST_ANSWERS, "stages": list(STAGES)}
    if assets is not None:
        values["assets"] = list(assets)
    found = session.execute(statement, values).all()
    rows = [r for r in found if r[3] == "label"]
    ids, asset = np.unique(np.array([r[1] for r in rows], np.int64), return_inverse=True)
    people, labeller = np.unique(np.array([r[2] for r in rows], np.int64), return_inverse=True)
    skipped = np.array([r[4] is None for r in rows], bool)
    alike, keys = None, ()
    if merged:
        alike = np.array([np.nan if r[4] is None else r[4] for r in rows], float)
        n_classes, label = _by_likeness(asset, alike, skipped)
    else:
        keys = tuple(sorted({r[4] for r in rows if r[4] is not None}))
        n_classes, label = len(keys), _codes((r[4] for r in rows), keys, len(keys))
    beside = _beside([r for r in found if r[3] != "label"], ids, people, keys)
    team, teams = _teams(session, np.concatenate([people, beside.people]))
    return Answers(
        ids, people, n_classes, asset, labeller, label,
        np.where(skipped, np.nan, _floats(r[5] for r in rows)), _floats(r[6] for r in rows),
        skipped, alike, _asked(session, project, ids, assets), keys,
        np.array([r[0] for r in rows], np.int64), _floats(r[7] for r in rows),
        team, teams, beside,
    )  # fmt: skip


def _floats(values: Any) -> Floats:
    return np.array([np.nan if value is None else value for value in values], float)


def _codes(values: Any, keys: Sequence[Any], otherwise: int) -> Ints:
    """A skip is a class of its own, after the others."""
    known = {key: i for i, key in enumerate(keys)}
    return np.array([known.get(value, otherwise) for value in values], np.int64)


def _beside(rows: Sequence[Any], assets: Ints, people: Ints, keys: Sequence[str]) -> Beside:
    """Work of other stages; what is about no asset that was labelled is left out."""
    rows = [r for r in rows if r[5] is not None]
    place = _codes((r[1] for r in rows), assets.tolist(), -1)
    rows, place = [r for r, i in zip(rows, place, strict=True) if i >= 0], place[place >= 0]
    others = np.setdiff1d(np.array([r[2] for r in rows], np.int64), people)
    everybody = [*people.tolist(), *others.tolist()]
    return Beside(
        others, place, _codes((r[2] for r in rows), everybody, -1),
        _codes((r[4] for r in rows), keys, -1), _floats(r[5] for r in rows),
        _floats(r[6] for r in rows), _floats(r[7] for r in rows),
        _codes((r[3] for r in rows), STAGES, -1),
    )  # fmt: skip


def _teams(session: Session, people: Ints) -> tuple[Ints, tuple[int, ...]]:
    of = dict(map(tuple, session.execute(_TEAMS, {"people": people.tolist()})))
    teams = tuple(sorted(set(of.values())))
    return _codes((of.get(int(who)) for who in people), teams, -1), teams


def _asked(session: Session, project: Project, ids: Ints, some: Sequence[int] | None) -> Ints:
    which = "asset_id IS NOT NULL" if some is None else "asset_id = ANY(:assets)"
    values: dict[str, Any] = {"project": project.id}
    if some is not None:
        values["assets"] = list(some)
    found = dict(map(tuple, session.execute(text(_ASKED.format(which)), values)))
    return np.array([found.get(int(asset), 0) for asset in ids], np.int64)


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

    Two answers differ by 1 - their likeness. Skips and questions are clues of their own.
    """
    if a.alike is None:
        return None
    told = kept & np.isfinite(a.alike) & a.answered
    m = np.bincount(a.asset[told], minlength=len(a.assets))
    alike = np.bincount(a.asset[told], a.alike[told], len(a.assets)) / np.maximum(m, 1)
    return np.where(m > 1, 1 - alike, 0.0)
