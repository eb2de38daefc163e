"""How far the labellers of a batch agree, two by two too, and over what they differ.

First answers alone: whoever mends an answer gives no independent one. Of a labeller who answered an
asset twice the newest answer counts.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from ops.models import Batch, Project
from quality.judging.alike import yardstick
from quality.measures.arrays import Floats, Ints

if TYPE_CHECKING:
    from quality.measures.agreement import Estimate, Pairwise

THINGS = ("boxes", "polygons", "masks", "keypoints", "spans")
# Answers to choices are compared in one go; of other labels so many assets, by a fixed lot, tell
# enough while somebody waits for a page.
MOST_CHOICES, MOST_ASSETS = 100_000, 300
MOST_CONFUSED, MOST_EXAMPLES = 8, 3


class Confused(NamedTuple):
    """Two classes (or a class and background) that people tell apart differently: how many pairs of
    answers say one and the other, their share of all pairs that say either, and `assets` (id,
    external id) where they do."""

    one: str
    other: str
    n: int
    share: float
    assets: list[tuple[int, str]]


class Agreed(NamedTuple):
    """`alpha` is Krippendorff's, of choices over assets and of objects and spans over things; its n
    is 0 where the type has none. `score` is the mean over assets of agreeing labels ÷ labels, of
    other types than choices of how alike two answers are. `each` row of the matrix of `pairs` is
    one of `labellers` (ids). `assets` were compared, of `of` with two answers or more."""

    alpha: "Estimate"
    score: "Estimate"
    same: "Estimate"
    labellers: list[int]
    pairs: "Pairwise"
    confused: list[Confused]
    assets: int
    of: int


class _Answers(NamedTuple):
    """Parallel arrays: codes of asset and labeller, and what was said; with what the codes are."""

    asset: Ints
    labeller: Ints
    said: list[Any]
    assets: list[tuple[int, str]]
    labellers: list[int]
    of: int


_SEVERAL = """
    SELECT task.asset_id FROM lane JOIN task ON task.lane_id = lane.id
    JOIN assignment ON assignment.task_id = task.id AND assignment.state = 'submitted'
    WHERE lane.batch_id = :batch AND task.stage = 'label'
    GROUP BY task.asset_id HAVING count(DISTINCT assignment.labeller_id) > 1
"""
# The lot of an asset is a hash of its id: the same assets at every look.
_ANSWERS = """
    WITH several AS ({several}), chosen AS (
        SELECT asset_id FROM several ORDER BY hashint8extended(asset_id, 0), asset_id LIMIT :most
    )
    SELECT DISTINCT ON (task.asset_id, assignment.labeller_id)
           task.asset_id, asset.external_id, assignment.labeller_id, newest.said
    FROM lane JOIN task ON task.lane_id = lane.id
    JOIN chosen ON chosen.asset_id = task.asset_id
    JOIN asset ON asset.id = task.asset_id
    JOIN assignment ON assignment.task_id = task.id AND assignment.state = 'submitted'
    JOIN LATERAL (
        SELECT {said} AS said FROM label
        WHERE label.assignment_id = assignment.id ORDER BY revision DESC LIMIT 1
    ) newest ON true
    WHERE lane.batch_id = :batch AND task.stage = 'label'
    ORDER BY task.asset_id, assignment.labeller_id, assignment.id DESC
"""
_HOW_MANY = text(f"SELECT count(*) FROM ({_SEVERAL}) several")
_CHOSEN = text(_ANSWERS.format(several=_SEVERAL, said="label_key(payload)"))
_WHOLE = text(_ANSWERS.format(several=_SEVERAL, said="payload"))


def of_batch(session: Session, batch: Batch, project: Project) -> Agreed | None:
    """How far independent answers of a batch agree; None where no asset has two."""
    answers = _read(session, batch, project.label_type in CHOICES)
    if not answers.of:
        return None
    if project.label_type in CHOICES:
        return _of_choices(answers, project.label_type == "rating")
    return _of_labels(session, project, answers)


def _read(session: Session, batch: Batch, choices: bool) -> _Answers:
    of = session.scalar(_HOW_MANY, {"batch": batch.id}) or 0
    most = MOST_CHOICES if choices else MOST_ASSETS
    statement = _CHOSEN if choices else _WHOLE
    rows = session.execute(statement, {"batch": batch.id, "most": most}).all() if of else []
    names = {row.asset_id: row.external_id for row in rows}
    assets, asset = np.unique(np.array([r.asset_id for r in rows], np.int64), return_inverse=True)
    people, who = np.unique(np.array([r.labeller_id for r in rows], np.int64), return_inverse=True)
    return _Answers(
        asset,
        who,
        [row.said for row in rows],
        [(a, names[a]) for a in assets.tolist()],
        people.tolist(),
        of,
    )


def _of_choices(answers: _Answers, graded: bool) -> Agreed:
    from quality.measures import agreement as measure

    keys, label = np.unique(np.array(answers.said), return_inverse=True)
    counts = measure.label_counts(answers.asset, label, len(answers.assets), len(keys))
    ratings = np.array([float(key) for key in keys]) if graded else None
    level = "interval" if graded else "nominal"
    return Agreed(
        measure.alpha_estimate(counts, level=level, values=ratings),  # type: ignore[arg-type]
        measure.mean_estimate(measure.consensus_scores(counts)),
        measure.percent_agreement(counts),
        answers.labellers,
        measure.pairwise_agreement(answers.asset, answers.labeller, label, len(answers.labellers)),
        _confused(measure.confusion_pairs(counts), keys.tolist(), counts, answers.assets),
        len(answers.assets),
        answers.of,
    )


def _of_labels(session: Session, project: Project, answers: _Answers) -> Agreed:
    from quality.measures import agreement_matched as matched

    said, who = defaultdict(list), defaultdict(list)
    for asset, labeller, label in zip(answers.asset, answers.labeller, answers.said, strict=True):
        said[int(asset)].append(label)
        who[int(asset)].append(int(labeller))
    n = len(answers.assets)
    labels = [said[a] for a in range(n)]
    terms = yardstick(session, project).terms()
    alike = matched.likeness_of_answers(
        project.label_type, labels, [who[a] for a in range(n)], len(answers.labellers), terms
    )
    alpha, confused = matched.NO_ALPHA, []
    if project.label_type in THINGS:
        things = matched.agreement_on_things(project.label_type, labels, sigmas=terms.sigmas)  # type: ignore[arg-type]
        places = [answers.assets[a] for a in things.asset]
        alpha = things.alpha
        confused = _confused(things.confusion, things.classes, things.counts, places)
    return Agreed(
        alpha, alike.mean, alike.mean, answers.labellers, alike.pairs, confused, n, answers.of
    )


def _confused(
    pairs: Ints, keys: Sequence[str], counts: Ints, assets: Sequence[tuple[int, str]]
) -> list[Confused]:
    """The pairs of classes that most often stand against one another, the most frequent first.
    `counts` (units × classes) of answers, with the asset of each unit."""
    upper = np.triu(pairs, 1)
    order = np.argsort(-upper, axis=None, kind="stable")[:MOST_CONFUSED]
    found = []
    for c, k in zip(*np.unravel_index(order, upper.shape), strict=True):
        if not upper[c, k]:
            break
        either = pairs[c].sum() + pairs[k].sum() - pairs[c, k]
        units = np.flatnonzero((counts[:, c] > 0) & (counts[:, k] > 0))
        examples = list(dict.fromkeys(assets[u] for u in units.tolist()))[:MOST_EXAMPLES]
        n = int(upper[c, k])
        found.append(Confused(keys[c], keys[k], n, n / float(either), examples))
    return found


def most_shared(found: Agreed, most: int) -> tuple[list[int], Floats, Ints]:
    """The `most` labellers with the most answers to share, and their part of the matrix: ids,
    agreement and how many assets they share."""
    shared = found.pairs.shared - np.diag(found.pairs.shared.diagonal())
    kept = np.sort(np.argsort(-shared.sum(axis=1), kind="stable")[:most])
    part = np.ix_(kept, kept)
    ids = [found.labellers[i] for i in kept]
    return ids, found.pairs.agreement[part], found.pairs.shared[part]
