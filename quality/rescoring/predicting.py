"""A client's network looks at the labelled pictures; what it says is stored like an import.

Chunks of assets, numbered below zero: -1, -2 … What the same network said of an asset before is
kept, so a second run starts at once.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session, sessionmaker

from ops import config, storage
from ops.db import transaction
from ops.models import Asset, Embedding, Prediction, ReferenceModel
from ops.reference_settings import NetworkSettings
from quality.rescoring import outputs, runs
from quality.rescoring.network import Network, NetworkFailed
from quality.rescoring.plan import Task

CHUNK = 256


def chunks(assets: Sequence[int]) -> list[list[int]]:
    """The assets in the slices in which they are looked at."""
    return [list(assets[at : at + CHUNK]) for at in range(0, len(assets), CHUNK)]


def missing(task: Task, assets: np.ndarray) -> list[list[int]]:
    """What a network has to look at; nothing where predictions were imported."""
    if task.model is None or task.model.kind != "network":
        return []
    return chunks(assets.tolist())


def run(
    sessions: sessionmaker[Session],
    task: Task,
    parts: Sequence[Sequence[int]],
    done: set[int],
    say: Callable[[str, int, int], None],
) -> None:
    """Look at every part that is not done. Raises NetworkFailed, StorageError, FenceLost."""
    left = [(-1 - i, part) for i, part in enumerate(parts) if -1 - i not in done]
    if not left or task.model is None:
        return
    settings = config.load()
    feeding = NetworkSettings.model_validate(task.model.settings)
    file = _file(settings, task.model)
    with Network(file, feeding, settings.network_memory_mb) as network:
        _note(sessions, task, network)
        for n, (index, part) in enumerate(left):
            with transaction(sessions) as session:
                todo = _unseen(session, task.model, part)
            rows = _look(network, feeding, task, todo, settings)
            with transaction(sessions) as session:
                runs.hold(session, task.run_id, task.fence)
                _keep(session, feeding, rows)
                runs.write_chunk(session, task.run_id, task.fence, index, [], items=len(part))
            say("parts looked at", n + 1, len(left))


def _file(settings: config.Settings, model: ReferenceModel) -> Path:
    path = settings.home.resolve() / (model.file or "")
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise NetworkFailed(f"The file of {model.name} is not in this data folder.") from None
    if digest != model.digest:
        raise NetworkFailed(f"The file of {model.name} is not the one that was given.")
    return path


def _note(sessions: sessionmaker[Session], task: Task, network: Network) -> None:
    with transaction(sessions) as session:
        held = runs.hold(session, task.run_id, task.fence)
        held.provenance = {
            **held.provenance,
            "device": network.device,
            "walls": network.held,
        }


def _unseen(session: Session, model: ReferenceModel, part: Sequence[int]) -> list[tuple[int, str]]:
    kind = Embedding if model.settings.get("output") == "embedding" else Prediction
    known = select(kind.asset_id).where(kind.model_id == model.id, kind.asset_id.in_(part))
    rows = session.execute(
        select(Asset.id, Asset.uri)
        .where(Asset.id.in_(part), Asset.uri.is_not(None), Asset.id.not_in(known))
        .order_by(Asset.id)
    )
    return [(row.id, str(row.uri)) for row in rows]


def _look(
    network: Network,
    feeding: NetworkSettings,
    task: Task,
    todo: Sequence[tuple[int, str]],
    settings: config.Settings,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    batches = [todo[at : at + feeding.batch] for at in range(0, len(todo), feeding.batch)]
    with ThreadPoolExecutor(2) as pool:
        # While the network computes, the next pictures are read and decoded.
        waiting = [pool.submit(_fed, batch, feeding, settings) for batch in batches[:2]]
        for n, batch in enumerate(batches):
            fed = waiting[n].result()
            if n + 2 < len(batches):
                waiting.append(pool.submit(_fed, batches[n + 2], feeding, settings))
            waiting[n] = None  # type: ignore[call-overload]  # two batches in memory, not all
            rows += _said(network, feeding, task, [asset for asset, _ in batch], fed)
    return rows


def _fed(
    batch: Sequence[tuple[int, str]], feeding: NetworkSettings, settings: config.Settings
) -> list[outputs.Fed]:
    return [outputs.Fed(storage.read(uri, settings)[0], feeding) for _, uri in batch]


def _said(
    network: Network,
    feeding: NetworkSettings,
    task: Task,
    assets: Sequence[int],
    fed: Sequence[outputs.Fed],
) -> list[dict[str, Any]]:
    pictures = np.stack([one.pixels for one in fed])
    short = feeding.batch - len(pictures) if feeding.fixed_batch else 0
    if short:  # a program exported for one size of batch gets that size
        pictures = np.concatenate([pictures, np.zeros((short, *pictures.shape[1:]), np.uint8)])
    tensors = [one[: len(fed)] for one in network.answer(pictures)]
    ids = [{"model_id": task.model.id, "asset_id": asset} for asset in assets]  # type: ignore[union-attr]
    if feeding.output == "embedding":
        vectors = tensors[0].reshape(len(fed), -1)
        if not np.isfinite(vectors).all():
            raise NetworkFailed("The network answers with numbers that are not finite.")
        return [
            {**i, "vector": v.astype("<f4").tobytes()} for i, v in zip(ids, vectors, strict=True)
        ]
    if feeding.output == "boxes":
        return [
            {**one, **outputs.boxes_of(tensors, i, fed[i], feeding)} for i, one in enumerate(ids)
        ]
    chance = outputs.probabilities(tensors, feeding)
    return [
        {**one, **outputs.label_of(chance[i], feeding, task.label_type)}
        for i, one in enumerate(ids)
    ]


def _keep(session: Session, feeding: NetworkSettings, rows: list[dict[str, Any]]) -> None:
    kind = Embedding if feeding.output == "embedding" else Prediction
    if rows:
        session.execute(pg_insert(kind).on_conflict_do_nothing(), rows)
