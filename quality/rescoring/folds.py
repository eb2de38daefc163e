"""Judged by folds: each part of the labels by a classifier that learnt from all the others.

A chunk is a fold. Folds, features and classifiers follow from the run's seed and the labels it
started from, so a second worker computes what the first would have.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from ops import config, storage
from ops.db import transaction
from quality.rescoring import (
    choices,
    cleaning,
    crossval,
    embeddings,
    features,
    looks,
    runs,
    sources,
)
from quality.rescoring.plan import Task, keys_of
from quality.rescoring.reading import Part, answers, gold, part
from quality.rescoring.rows import rows
from quality.rescoring.sources import Finding

Array = np.ndarray

_LABELS = text(
    """
    SELECT DISTINCT ON (c.asset_id) c.asset_id, c.id AS consensus_id, c.batch_id,
           label_key(c.label) AS given, c.label -> 'tags' AS tags, a.uri, a.text
    FROM consensus c JOIN asset a ON a.id = c.asset_id
    WHERE a.project_id = :project AND c.at <= :as_of
      AND (c.batch_id = :batch OR c.asset_id IN (
          SELECT id FROM asset WHERE project_id = :project AND batch_id <> :batch
          ORDER BY hashint8(id + :seed) LIMIT :most_others))
    ORDER BY c.asset_id, c.version DESC
    """
)


@dataclass(frozen=True)
class Material:
    """What a run works on; row i of every array is one labelled asset.

    `mine` are of the batch that is scored, the others only teach. `targets` are codes (n,) of
    `keys`, or of tags (n, k) zeros and ones; `strata` keep the folds alike.
    """

    asset_id: Array
    consensus_id: Array
    mine: Array
    targets: Array
    strata: Array
    keys: list[str]
    uris: list[str | None]
    texts: list[str | None]


def score(
    sessions: sessionmaker[Session], task: Task, say: Callable[[str, int, int], None]
) -> None:
    """Score every fold that is not done. Raises FenceLost, StorageError, ValueError."""
    with transaction(sessions) as session:
        material = _material(session, task)
    k, seed = task.settings.folds, task.settings.seed
    parts = embeddings.missing(sessions, task, material.asset_id)
    with transaction(sessions) as session:
        held = runs.hold(session, task.run_id, task.fence)
        held.chunks = k + len(parts)
        held.provenance = {**held.provenance, **_provenance(material, task)}
        done = runs.chunks_done(session, task.run_id)
    if done >= set(range(k)):
        return
    embeddings.compute(sessions, task, parts, done, say)
    numbers, known = _numbers(sessions, task, material, say)
    fold = np.where(known, crossval.folds(material.strata, k, seed), -1)
    apart = _apart(task, material, numbers, known)
    for index in sorted(set(range(k)) - done):
        held_out = fold == index
        chance = np.full((int(held_out.sum()), len(material.keys)), np.nan)
        if held_out.any():
            chance = crossval.predict_fold(
                numbers[known],
                material.targets[known],
                held_out[known],
                len(material.keys),
                crossval.Fit(seed=seed),
            )
        # Assets without an embedding are scored with the last fold, by people alone.
        chosen = held_out | (~known & (index == k - 1))
        every = np.full((len(fold), len(material.keys)), np.nan)
        every[held_out] = chance
        mine = np.flatnonzero(chosen & material.mine)
        scored = _rows(sessions, task, material, mine, every, apart)
        with transaction(sessions) as session:
            runs.write_chunk(session, task.run_id, task.fence, index, scored)


def _material(session: Session, task: Task) -> Material:
    found = session.execute(
        _LABELS,
        {
            "project": task.project_id,
            "batch": task.batch_id,
            "as_of": task.as_of,
            "seed": task.settings.seed,
            "most_others": task.settings.most_others,
        },
    ).all()
    keys = keys_of(task)
    if task.label_type == "tags":
        keys += sorted({tag for row in found for tag in row.tags} - set(keys))
        targets = np.array([np.isin(keys, row.tags) for row in found], float)
        strata = np.array([int(keys.index(row.tags[0])) if row.tags else -1 for row in found])
    else:
        # A class that a later ontology dropped still has its labels.
        keys += sorted({row.given for row in found} - set(keys))
        code = {key: i for i, key in enumerate(keys)}
        targets = strata = np.array([code[row.given] for row in found])
    return Material(
        asset_id=np.array([row.asset_id for row in found]),
        consensus_id=np.array([row.consensus_id for row in found]),
        mine=np.array([row.batch_id == task.batch_id for row in found]),
        targets=targets,
        strata=strata,
        keys=keys,
        uris=[row.uri for row in found],
        texts=[row.text for row in found],
    )


def _numbers(
    sessions: sessionmaker[Session],
    task: Task,
    material: Material,
    say: Callable[[str, int, int], None],
) -> tuple[Array, Array]:
    """Features (n, d) and which rows have any (n,)."""
    if task.model is not None:
        return embeddings.read(sessions, task.model, material.asset_id)
    n = len(material.asset_id)
    heard = lambda done: say("reading assets", done, n)  # noqa: E731
    everything = np.ones(n, bool)
    if material.texts and material.texts[0] is not None:
        return features.of_texts([t or "" for t in material.texts], heard), everything
    settings = config.load()
    # Read one by one as they are decoded: the pictures never lie in memory together.
    return features.of_pictures(n, _Pictures(material.uris, settings), heard), everything


@dataclass(frozen=True)
class _Pictures:
    """The pictures behind URIs, read anew each time they are gone through."""

    uris: list[str | None]
    settings: config.Settings

    def __iter__(self) -> Iterator[bytes]:
        return (storage.read(uri or "", self.settings)[0] for uri in self.uris)


def _apart(task: Task, material: Material, numbers: Array, known: Array) -> Array | None:
    """(n, keys) for precision cleaning: what one who was never taught the class sees in its labels.

    The folds are judged beside it: how right a label is cannot be told by who does not know it.
    """
    if task.settings.order != "precision":
        return None
    of, seed = material.keys.index(str(task.settings.of_class)), task.settings.seed
    targets = material.targets[known]
    found = np.full((len(known), len(material.keys)), np.nan)
    if task.label_type == "tags":
        found[known] = cleaning.without_tag(numbers[known], targets.astype(bool), of, seed)
    else:
        found[known] = cleaning.without(numbers[known], targets, len(material.keys), of, seed)
    return found


def _rows(
    sessions: sessionmaker[Session],
    task: Task,
    material: Material,
    chosen: Array,
    chance: Array,
    apart: Array | None,
) -> list[tuple[Any, ...]]:
    scored: list[tuple[Any, ...]] = []
    for start in range(0, len(chosen), task.settings.chunk):
        some = chosen[start : start + task.settings.chunk]
        with transaction(sessions) as session:
            these = part(session, material.consensus_id[some].tolist())
            heard = answers(session, task, these.asset_ids)
            known = gold(session, task, these.asset_ids)
        given = these.labels()
        findings = {
            "reference": _reference(
                task,
                these,
                given,
                material.keys,
                chance[some],
                None if apart is None else apart[some],
            ),
            "labellers": sources.labellers(
                task, given, [heard.get(a, []) for a in these.asset_ids]
            ),
            "gold": sources.gold(task, these, given, known),
        }
        scored += rows(task, these, findings)
    return scored


def _reference(
    task: Task,
    these: Part,
    given: list[dict[str, Any]],
    keys: list[str],
    chance: Array,
    apart: Array | None,
) -> Finding:
    looked, who = chance if apart is None else apart, looks.whose(task)
    if task.label_type == "tags":
        found = choices.of_tags(given, keys, chance)
        looks.of_tags(found, task, given, keys, looked, who)
        return found
    found = choices.of_choices(these.given, keys, chance)
    looks.of_choices(found, task, these.given, keys, looked, who)
    return found


def _provenance(material: Material, task: Task) -> dict[str, Any]:
    digest = hashlib.sha256()
    for array in (material.asset_id, material.consensus_id, material.targets):
        digest.update(array.tobytes())
    on = f"{task.model.name}, version {task.model.version}" if task.model else "default features"
    return {
        "labels_digest": digest.hexdigest(),
        "labels": len(material.asset_id),
        "model": f"multilayer perceptron on {on}, {task.settings.folds} folds",
    }
