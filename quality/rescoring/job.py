"""One re-score run, in a process of its own. Killed at any point, it goes on where it was.

A chunk is a fold: its labels are scored by a model trained on all the others, and stored with the
chunk's mark in one transaction. Folds, features and models follow from the run's seed and the
labels it started from, so a second worker computes what the first would have.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time, config, consensus, ontologies, storage
from ops.db import transaction
from ops.errors import NotFound, StorageError
from ops.models import Batch
from quality import review_tasks
from quality.models import LabelScore, RescoreChunk, RescoreRun
from quality.rescoring import crossval, features, runs, suspects

DECIDED = ("review", "adjudication", "gold")

LABELS = text(
    """
    SELECT DISTINCT ON (c.asset_id) c.asset_id, c.id AS consensus_id, c.batch_id,
           c.label->>'class' AS given, a.uri, a.text
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
    """What a run works on; row i of every array is one labelled asset."""

    asset_id: np.ndarray
    consensus_id: np.ndarray
    mine: np.ndarray  # of the batch that is scored; the others only teach
    labels: np.ndarray
    keys: list[str]
    uris: list[str | None]
    texts: list[str | None]


def run(sessions: sessionmaker[Session], run_id: int) -> None:
    """Carry out a run to its end; ends quietly when another worker has taken it over."""
    try:
        with transaction(sessions) as session:
            taken = runs.take_up(session, run_id)
            fence, material = taken.fence, _material(session, taken)
            done = set(_chunks_done(session, run_id))
        _score(sessions, taken, fence, material, done)
        with transaction(sessions) as session:
            _finish(session, runs.hold(session, run_id, fence), material)
    except (NotFound, runs.FenceLost):
        return
    except (StorageError, ValueError) as error:
        _fail(sessions, run_id, fence, error)


def _material(session: Session, run: RescoreRun) -> Material:
    batch = session.get_one(Batch, run.batch_id)
    ontology = ontologies.current(session, batch.project_id)
    keys = [entry["key"] for entry in ontology.classes] if ontology else []
    rows = session.execute(
        LABELS,
        {
            "project": batch.project_id,
            "batch": batch.id,
            "as_of": run.requested_at,
            "seed": run.settings["seed"],
            "most_others": run.settings["most_others"],
        },
    ).all()
    # A class that a later ontology dropped still has its labels.
    keys += sorted({row.given for row in rows} - set(keys))
    code = {key: i for i, key in enumerate(keys)}
    return Material(
        asset_id=np.array([row.asset_id for row in rows]),
        consensus_id=np.array([row.consensus_id for row in rows]),
        mine=np.array([row.batch_id == batch.id for row in rows]),
        labels=np.array([code[row.given] for row in rows]),
        keys=keys,
        uris=[row.uri for row in rows],
        texts=[row.text for row in rows],
    )


def _chunks_done(session: Session, run_id: int) -> Iterator[int]:
    yield from session.scalars(select(RescoreChunk.index).where(RescoreChunk.run_id == run_id))


def _score(
    sessions: sessionmaker[Session], run: RescoreRun, fence: int, material: Material, done: set[int]
) -> None:
    k, seed = run.settings["folds"], run.settings["seed"]
    with transaction(sessions) as session:
        held = runs.hold(session, run.id, fence)
        held.chunks = k
        held.provenance = _provenance(material, run.settings)
    if done >= set(range(k)):
        return
    numbers = _features(material)
    fold = crossval.folds(material.labels, k, seed)
    for index in range(k):
        if index in done:
            continue
        chance = crossval.predict_fold(
            numbers, material.labels, fold == index, len(material.keys), crossval.Fit(seed=seed)
        )
        scores = _scores(run.id, material, np.flatnonzero(fold == index), chance)
        with transaction(sessions) as session:
            runs.write_chunk(session, run.id, fence, index, scores)


def _features(material: Material) -> np.ndarray:
    settings = config.load()
    quiet = _progress("reading assets", len(material.asset_id))
    if material.texts and material.texts[0] is not None:
        return features.of_texts([t or "" for t in material.texts], quiet)
    # Read one by one as they are decoded: the pictures never lie in memory together.
    pictures = (storage.read(uri or "", settings)[0] for uri in material.uris)
    return features.of_pictures(len(material.uris), pictures, quiet)


def _progress(what: str, total: int) -> Any:
    def say(done: int) -> None:
        if sys.stderr.isatty() and (done % 500 == 0 or done == total):
            print(f"\r{what}: {done} of {total}", end="", file=sys.stderr, flush=True)  # noqa: T201

    return say


def _scores(
    run_id: int, material: Material, rows: np.ndarray, chance: np.ndarray
) -> list[dict[str, Any]]:
    scores = []
    for row, p in zip(rows, chance, strict=True):
        if not material.mine[row]:
            continue
        given = int(material.labels[row])
        scores.append(
            {
                "run_id": run_id,
                "asset_id": int(material.asset_id[row]),
                "consensus_id": int(material.consensus_id[row]),
                "given": material.keys[given],
                "predicted": material.keys[int(p.argmax())],
                "quality": float(p[given]),
                "probabilities": {
                    key: round(float(q), 6) for key, q in zip(material.keys, p, strict=True)
                },
                "suspect": False,
            }
        )
    return scores


def _provenance(material: Material, settings: dict[str, Any]) -> dict[str, Any]:
    from importlib.metadata import version

    digest = hashlib.sha256()
    for array in (material.asset_id, material.consensus_id, material.labels):
        digest.update(array.tobytes())
    return {
        "device": crossval.device_name(),
        "code_version": version("touchstone"),
        "labels_digest": digest.hexdigest(),
        "labels": len(material.asset_id),
        "model": f"multilayer perceptron on default features, {settings['folds']} folds",
    }


def _finish(session: Session, run: RescoreRun, material: Material) -> None:
    scored = session.scalars(
        select(LabelScore).where(LabelScore.run_id == run.id).order_by(LabelScore.asset_id)
    ).all()
    code = {key: i for i, key in enumerate(material.keys)}
    labels = np.array([code[score.given] for score in scored], dtype=int)
    chance = np.array([[s.probabilities[key] for key in material.keys] for s in scored])
    verdict = suspects.judge(labels, chance, seed=run.settings["seed"])
    marked = [] if verdict.weak else _mark(session, run, scored, verdict)
    run.summary = {
        "labels": len(scored),
        "suspects": len(marked),
        "error_rate": verdict.error_rate,
        "low": verdict.low,
        "high": verdict.high,
        "balanced_accuracy": verdict.balanced_accuracy,
        "weak": verdict.weak,
    }
    run.state, run.finished_at = "done", clock_time.now()
    session.flush()


def _mark(
    session: Session, run: RescoreRun, scored: Any, verdict: suspects.Verdict
) -> list[LabelScore]:
    """Mark the suspects that no person has decided yet, and open a review task for each."""
    inforce = consensus.current(session, [scored[i].asset_id for i in verdict.ranked])
    marked: list[LabelScore] = []
    for i in verdict.ranked:
        score = scored[i]
        if inforce[score.asset_id].method in DECIDED:
            continue
        score.suspect, score.rank = True, len(marked) + 1
        score.reason = _reason(score)
        marked.append(score)
    _open_reviews(session, run, marked)
    return marked


def _reason(score: LabelScore) -> str:
    given, seen = score.quality, score.probabilities[score.predicted]
    return (
        f"A model that never saw this label gives {score.given} a probability of "
        f"{100 * given:.0f} % and {score.predicted} {100 * seen:.0f} %."
    )


def _open_reviews(session: Session, run: RescoreRun, marked: list[LabelScore]) -> None:
    if not marked:
        return
    batch = session.get_one(Batch, run.batch_id)
    # An asset that is under review already keeps its task: one review answers both questions.
    task_of = review_tasks.ask(session, batch, [score.asset_id for score in marked])
    for score in marked:
        score.review_task_id = task_of[score.asset_id]
    session.flush()


def _fail(sessions: sessionmaker[Session], run_id: int, fence: int, error: Exception) -> None:
    with transaction(sessions) as session:
        try:
            held = runs.hold(session, run_id, fence)
        except runs.FenceLost:
            return
        held.state, held.error, held.finished_at = "failed", str(error), clock_time.now()
