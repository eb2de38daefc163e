"""What is believed of everybody who answers in a project, as confusion matrices.

With enough answers Dawid-Skene learns one matrix a labeller, anchored by what is known for certain:
gold, and what reviewers decided. Until then a labeller's standing is spread over a matrix of one
coin; where the keys are ratings, over one whose errors are the rarer the further off they are.
A fit is kept and used again until enough time has passed to pay for a new one.
"""

import time
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import labels, ontologies
from ops.models import Project
from quality import trust
from quality.judging import fit
from quality.measures import consensus as measure
from quality.measures.arrays import Floats, Ints
from quality.measures.consensus import DawidSkene

MOST_ANSWERS = 400_000
# A fit is used again for so many times the time it took: at most 5 % of a core goes into fitting.
PAID_OFF = 20


class Belief(NamedTuple):
    """`model.confusion[labellers[id]]` is what is believed of a labeller; the last row stands for
    anybody else. `method` is how it was come by, and `answers` from how many. `alike` (classes ×
    classes) says how far one key is as right as another: all or nothing, but for ratings."""

    classes: tuple[str, ...]
    labellers: dict[int, int]
    model: DawidSkene
    method: str
    answers: int
    alike: Floats
    ordinal: bool = False

    def encode(self, keys: Iterable[str]) -> Ints:
        """Codes of keys."""
        index = {key: i for i, key in enumerate(self.classes)}
        return np.array([index[key] for key in keys], np.int64)

    def seats(self, labeller_ids: Iterable[int]) -> Ints:
        """Rows of labellers in the model."""
        stranger = len(self.model.confusion) - 1
        return np.array([self.labellers.get(who, stranger) for who in labeller_ids], np.int64)

    def posterior(self, asset: Ints, labeller: Ints, label: Ints, n_assets: int) -> Floats:
        """Posterior (assets × classes) of assets from their own answers under this model."""
        score = np.tile(np.log(self.model.prior), (n_assets, 1))
        np.add.at(score, asset, np.log(self.model.confusion[labeller, :, label]))
        score = np.exp(score - score.max(axis=1, keepdims=True))
        shares: Floats = score / score.sum(axis=1, keepdims=True)
        return shares

    def worth(self, posterior: Floats, asset: Ints, label: Ints) -> Floats:
        """What each class is worth (assets × classes): the chance that it is right, and of a rating
        its expected likeness to what is; -1 where it is outside of all that was answered."""
        if not self.ordinal:
            return posterior
        rating = np.array([float(key) for key in self.classes])
        low, high = np.full(len(posterior), np.inf), np.full(len(posterior), -np.inf)
        np.minimum.at(low, asset, rating[label])
        np.maximum.at(high, asset, rating[label])
        within = (rating >= low[:, None]) & (rating <= high[:, None])
        return np.where(within, posterior @ self.alike, -1.0)

    def of_others(self, asset: Ints, labeller: Ints, label: Ints, n_assets: int) -> Any:
        """For each answer, the others' best class and what that is worth."""
        if self.ordinal:
            return self._ratings_of_others(asset, labeller, label, n_assets)
        shape = np.empty((n_assets, len(self.classes)))
        model = self.model._replace(posterior=shape)
        return measure.consensus_of_others(asset, labeller, label, model)

    def _ratings_of_others(
        self, asset: Ints, labeller: Ints, label: Ints, n_assets: int
    ) -> tuple[Ints, Floats]:
        """Each answer takes the place of an asset that only the others answered."""
        told = np.log(self.model.confusion[labeller, :, label])
        score = np.tile(np.log(self.model.prior), (n_assets, 1))
        np.add.at(score, asset, told)
        rest = score[asset] - told
        rest = np.exp(rest - rest.max(axis=1, keepdims=True))
        place, other = _pairs(asset)
        worth = self.worth(rest / rest.sum(axis=1, keepdims=True), place, label[other])
        return worth.argmax(axis=1), np.maximum(worth.max(axis=1), 0.0)


def _pairs(asset: Ints) -> tuple[Ints, Ints]:
    """Every answer with every other of its asset."""
    order = np.argsort(asset, kind="stable")
    sizes = np.bincount(asset)
    many, start = sizes[asset[order]], (np.cumsum(sizes) - sizes)[asset[order]]
    place = np.repeat(np.arange(order.size), many)
    within = np.arange(place.size) - np.repeat(np.cumsum(many) - many, many)
    other = np.repeat(start, many) + within
    apart = place != other
    return order[place[apart]], order[other[apart]]


_kept: dict[tuple[str, int], tuple[float, Belief]] = {}


def forget() -> None:
    """Drop every kept fit."""
    _kept.clear()


def belief(session: Session, project: Project, keys: Collection[str] = ()) -> Belief:
    """What is believed in `project`, whose labels are choices; it knows at least the `keys`."""
    name = (str(session.get_bind().engine.url), project.id)
    until, kept = _kept.get(name, (0.0, None))
    if kept and time.monotonic() < until and set(keys) <= set(kept.classes):
        return kept
    started = time.monotonic()
    fresh = _fit(session, project, keys)
    ended = time.monotonic()
    _kept[name] = (ended + PAID_OFF * (ended - started), fresh)
    return fresh


_COLUMNS = text(
    """
    SELECT task.asset_id, assignment.labeller_id, label_key(label.payload)
    FROM assignment
    JOIN task ON task.id = assignment.task_id
    JOIN label ON label.assignment_id = assignment.id
    WHERE assignment.project_id = :project AND assignment.state = 'submitted'
      AND task.stage = 'label' AND NOT assignment.surplus
      AND NOT EXISTS (
          SELECT FROM label later
          WHERE later.assignment_id = label.assignment_id AND later.revision > label.revision)
    ORDER BY assignment.id DESC LIMIT :most
    """
)

# The answers known for certain: gold with one accepted answer, and what a person decided.
_ANCHORS = text(
    """
    SELECT asset_id, label_key(answers -> 0) FROM (
        SELECT DISTINCT ON (gold.id) gold.asset_id, version.answers
        FROM gold JOIN gold_version version ON version.gold_id = gold.id
        WHERE gold.project_id = :project ORDER BY gold.id, version.version DESC
    ) newest WHERE jsonb_array_length(answers) = 1
    UNION
    SELECT asset_id, label_key(label) FROM (
        SELECT DISTINCT ON (consensus.asset_id)
               consensus.asset_id, consensus.label, consensus.method
        FROM consensus JOIN batch ON batch.id = consensus.batch_id
        WHERE batch.project_id = :project
        ORDER BY consensus.asset_id, consensus.version DESC
    ) decided WHERE method IN ('review', 'adjudication')
    """
)


def _fit(session: Session, project: Project, keys: Collection[str]) -> Belief:
    rows = session.execute(_COLUMNS, {"project": project.id, "most": MOST_ANSWERS}).all()
    ontology = ontologies.current(session, project.id)
    listed = labels.choices(project.label_type, ontology) if ontology else []
    classes = tuple(dict.fromkeys([*listed, *sorted({*keys, *(row[2] for row in rows)})]))
    ordinal = project.label_type == "rating"
    alike = fit.likeness([float(key) for key in classes]) if ordinal else np.eye(len(classes))
    assets, asset = np.unique(np.array([r[0] for r in rows], np.int64), return_inverse=True)
    people, labeller = np.unique(np.array([r[1] for r in rows], np.int64), return_inverse=True)
    index = {key: i for i, key in enumerate(classes)}
    label = np.array([index[r[2]] for r in rows], np.int64)
    labellers = {int(who): i for i, who in enumerate(people)}
    if not fit.enough(asset, labeller, len(classes)):
        coins = _from_standing(session, project, labellers, alike if ordinal else len(classes))
        return Belief(classes, labellers, coins, "majority", len(rows), alike, ordinal)
    known: dict[int, str] = dict(session.execute(_ANCHORS, {"project": project.id}).all())
    at = {int(a): i for i, a in enumerate(assets)}
    anchors = [(at[a], index[key]) for a, key in known.items() if a in at and key in index]
    model = fit.dawid_skene(asset, labeller, label, anchors, len(assets), len(people), len(classes))
    return Belief(classes, labellers, model, "dawid_skene", len(rows), alike, ordinal)


def _from_standing(
    session: Session, project: Project, labellers: dict[int, int], kinds: int | Floats
) -> DawidSkene:
    """One coin a labeller, the mean of their standing: errors spread evenly over so many `kinds`,
    or by how far they are off where the likeness of ratings is given."""
    believed = trust.standings(session, labellers, project.skill_id)
    unknown = trust.unknown().mean
    mean = np.array([*(believed[who].mean for who in labellers), unknown])
    return fit.one_coins(mean, kinds) if isinstance(kinds, int) else fit.near_misses(mean, kinds)
