"""Judged chunk by chunk: labels against predictions, and against what people said."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from ops import config
from ops.db import transaction
from quality.rescoring import choices, looks, orders, plan, pool, predicting, runs, sources
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
    calibrated = _calibrated(sessions, task, labels)
    crops = _crops(sessions, task, labels, say) if set(range(len(slices))) - done else None
    left = [index for index in range(len(slices)) if index not in done]
    parts_read = (_read(sessions, task, labels, slices[index], crops) for index in left)
    scored = pool.over(workers(), partial(_judged, _portable(task), calibrated), parts_read)
    for index, found in zip(left, scored, strict=True):
        with transaction(sessions) as session:
            runs.write_chunk(session, task.run_id, task.fence, index, found)
        say("labels scored", slices[index].stop, len(labels.asset_id))


def workers() -> pool.Workers:
    """Who reckons, as the operator has set it: so many processes, devices by name, a cluster."""
    settings = config.load()
    asked = settings.rescore_workers
    cluster = settings.rescore_cluster or None
    if asked.isdecimal():
        return pool.Workers(processes=int(asked), cluster=cluster)
    devices = tuple(name.strip() for name in asked.split(",") if name.strip())
    for name in devices:
        if not re.fullmatch(r"cpu|cuda(:[0-9]{1,3})?", name):
            raise ValueError(f"TOUCHSTONE_RESCORE_WORKERS: {name} is no number and no device")
    return pool.Workers(devices=devices, cluster=cluster)


class Read(NamedTuple):
    """A chunk as it came out of the database: nothing that needs a connection."""

    part: Part
    said: dict[int, Said]
    answers: dict[int, list[dict[str, Any]]]
    gold: dict[int, list[dict[str, Any]]]
    crops: Any = None


def _read(
    sessions: sessionmaker[Session],
    task: Task,
    labels: plan.Labels,
    chosen: slice | np.ndarray,
    crops: Any = None,
) -> Read:
    with transaction(sessions) as session:
        these = part(session, labels.consensus_id[chosen].tolist())
        return Read(
            these,
            predictions(session, task, these.asset_ids),
            answers(session, task, these.asset_ids),
            gold(session, task, these.asset_ids),
            crops.only(these.asset_ids) if crops is not None else None,
        )


def _portable(task: Task) -> Task:
    """The task as another process can have it."""
    return replace(task, model=None)


def _judged(task: Task, calibrated: Any, read: Read, device: str) -> list[tuple[Any, ...]]:
    """The rows of one chunk, reckoned on `device`."""
    these = read.part
    if read.crops is not None:
        from quality.rescoring import crops

        findings = {"reference": crops.reference(task, these, read.crops)}
    else:
        findings = {"reference": _reference(task, these, read.said, calibrated, device)}
    if read.answers or read.gold:
        given = these.labels()
        of_each = [read.answers.get(asset, []) for asset in these.asset_ids]
        findings["labellers"] = sources.labellers(task, given, of_each)
        findings["gold"] = sources.gold(task, these, given, read.gold)
    return rows(task, these, findings)


def _calibrated(sessions: sessionmaker[Session], task: Task, labels: plan.Labels) -> Any:
    """What errors look like to the reference of boxes: from a sample of the labels, the same for
    whoever goes on with the run."""
    if task.label_type != "boxes" or task.model is None:
        return None
    from quality.rescoring import boxes

    read = _read(sessions, task, labels, plan.sample(labels, task.settings))
    found = boxes.calibration(task, read.part, read.said)
    with transaction(sessions) as session:
        held = runs.hold(session, task.run_id, task.fence)
        held.provenance = {**held.provenance, "calibration": found and _told(found)}
    return found


def _crops(
    sessions: sessionmaker[Session],
    task: Task,
    labels: plan.Labels,
    say: Callable[[str, int, int], None],
) -> Any:
    """Where there is no model: what each object looks like to who learnt from the others."""
    if task.model is not None or task.medium != "image":
        return None
    from quality.rescoring import crops

    if task.label_type not in orders.OBJECTS:
        return None
    found = crops.judged(sessions, task, labels, say)
    if found is not None:
        right = found.chance.argmax(axis=1) == found.given
        by_class = [float(right[found.given == c].mean()) for c in np.unique(found.given)]
        with transaction(sessions) as session:
            held = runs.hold(session, task.run_id, task.fence)
            held.provenance = {
                **held.provenance,
                "model": f"multilayer perceptron on objects cut out, {task.settings.folds} folds",
                "objects": len(found.given),
                "balanced_accuracy": float(np.mean(by_class)),
            }
    return found


def _told(found: Any) -> dict[str, Any]:
    """Of a calibration: which share of each kind of planted error it notices."""
    noticed = {kind: round(float(share), 4) for kind, share in found.chances.noticed.items()}
    return {"noticed": noticed, "heeds_rule": found.heeds_rule}


def _reference(
    task: Task, these: Part, said: dict[int, Said], calibrated: Any, device: str
) -> Finding:
    if not said:
        return sources.silent(len(these.asset_ids))
    of_each = [said.get(asset) for asset in these.asset_ids]
    keys = plan.keys_of(task)
    if task.label_type in runs.CHOICES:
        chance = choices.matrix(keys, of_each)
        found = choices.of_choices(these.given, keys, chance)
        looks.of_choices(found, task, these.given, keys, chance, looks.THE_REFERENCE)
        return found
    if task.label_type == "tags":
        chance = choices.tag_matrix(keys, of_each)
        found = choices.of_tags(these.labels(), keys, chance)
        looks.of_tags(found, task, these.labels(), keys, chance, looks.THE_REFERENCE)
        return found
    if task.label_type == "boxes":
        from quality.rescoring import boxes

        found = boxes.against_predictions(task, these, said, calibrated, device)
    else:
        found = sources.by_likeness(task, these.labels(), of_each)
    if task.settings.order != "weighed":
        looks.of_predicted(found, task, these.labels(), of_each)
    return found


def _provenance(labels: plan.Labels) -> dict[str, Any]:
    digest = hashlib.sha256()
    for array in (labels.asset_id, labels.consensus_id):
        digest.update(np.ascontiguousarray(array).tobytes())
    return {"labels_digest": digest.hexdigest(), "labels": len(labels.asset_id)}
