"""Judged chunk by chunk: labels against predictions, and against what people said."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from quality.rescoring import boxes, choices, folds, plan, predicting, runs, sources
from quality.rescoring.plan import Task
from quality.rescoring.reading import Part, Said, answers, gold, part, predictions
from quality.rescoring.rows import rows
from quality.rescoring.sources import Finding


def score(
    sessions: sessionmaker[Session], task: Task, say: Callable[[str, int, int], None]
) -> None:
    """Score every chunk that is not done, after the network has predicted where one does.

    Raises FenceLost, ValueError, StorageError.
    """
    with transaction(sessions) as session:
        before = plan.labels_of(session, task)
    parts = predicting.missing(task, before.asset_id)
    with transaction(sessions) as session:
        done = runs.chunks_done(session, task.run_id)
        held = runs.hold(session, task.run_id, task.fence)
        held.chunks = len(parts) + len(plan.chunks(before, task.settings))
    predicting.run(sessions, task, parts, done, say)
    with transaction(sessions) as session:
        labels = plan.labels_of(session, task) if parts else before
        slices = plan.chunks(labels, task.settings)
        held = runs.hold(session, task.run_id, task.fence)
        held.chunks = len(parts) + len(slices)
        held.provenance = {**held.provenance, **_provenance(labels)}
    for index, chosen in enumerate(slices):
        if index in done:
            continue
        scored = _chunk(sessions, task, labels.consensus_id[chosen].tolist())
        with transaction(sessions) as session:
            runs.write_chunk(session, task.run_id, task.fence, index, scored)
        say("labels scored", chosen.stop, len(labels.asset_id))


def _chunk(
    sessions: sessionmaker[Session], task: Task, consensus_ids: list[int]
) -> list[tuple[Any, ...]]:
    with transaction(sessions) as session:
        these = part(session, consensus_ids)
        said = predictions(session, task, these.asset_ids)
        heard = answers(session, task, these.asset_ids)
        known = gold(session, task, these.asset_ids)
    findings = {"reference": _reference(task, these, said)}
    if heard or known:
        given = these.labels()
        of_each = [heard.get(asset, []) for asset in these.asset_ids]
        findings["labellers"] = sources.labellers(task, given, of_each)
        findings["gold"] = sources.gold(task, these, given, known)
    return rows(task, these, findings)


def _reference(task: Task, these: Part, said: dict[int, Said]) -> Finding:
    if not said:
        return sources.silent(len(these.asset_ids))
    if task.label_type == "boxes":
        return boxes.against_predictions(task, these, said)
    of_each = [said.get(asset) for asset in these.asset_ids]
    keys = folds.keys_of(task)
    if task.label_type in runs.CHOICES:
        return choices.of_choices(these.given, keys, choices.matrix(keys, of_each))
    if task.label_type == "tags":
        return choices.of_tags(these.labels(), keys, choices.tag_matrix(keys, of_each))
    return sources.by_likeness(task, these.labels(), of_each)


def _provenance(labels: plan.Labels) -> dict[str, Any]:
    digest = hashlib.sha256()
    for array in (labels.asset_id, labels.consensus_id):
        digest.update(np.ascontiguousarray(array).tobytes())
    return {"labels_digest": digest.hexdigest(), "labels": len(labels.asset_id)}
