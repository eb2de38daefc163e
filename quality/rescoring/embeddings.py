"""Vectors of assets: those that were imported, and those that the client's network computes."""

from collections.abc import Callable

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from ops.models import Embedding, ReferenceModel
from quality.rescoring import predicting
from quality.rescoring.plan import Task

Array = np.ndarray
AT_ONCE = 5000
_WITHOUT = text(
    """
    SELECT id FROM asset WHERE id = ANY(:assets) AND uri IS NOT NULL ORDER BY id
    """
)


def missing(sessions: sessionmaker[Session], task: Task, assets: Array) -> list[list[int]]:
    """Chunks of assets that the run's network has to embed; none for imported vectors."""
    if task.model is None or task.model.kind != "network":
        return []
    with transaction(sessions) as session:
        found = list(session.scalars(_WITHOUT, {"assets": assets.tolist()}))
    return predicting.chunks(found)


def compute(
    sessions: sessionmaker[Session],
    task: Task,
    parts: list[list[int]],
    done: set[int],
    say: Callable[[str, int, int], None],
) -> None:
    """Embed what `missing` found, chunk by chunk, each with its mark."""
    if parts:
        predicting.run(sessions, task, parts, done, say)


def read(
    sessions: sessionmaker[Session], model: ReferenceModel, assets: Array
) -> tuple[Array, Array]:
    """Vectors (n, d) float32 of the assets, and which have one (n,). Raises ValueError if none."""
    place = {int(asset): i for i, asset in enumerate(assets)}
    numbers: Array | None = None
    known = np.zeros(len(assets), bool)
    for start in range(0, len(assets), AT_ONCE):
        some = assets[start : start + AT_ONCE].tolist()
        columns = select(Embedding.asset_id, Embedding.vector)
        with transaction(sessions) as session:
            rows = session.execute(
                columns.where(Embedding.model_id == model.id, Embedding.asset_id.in_(some))
            ).all()
        for asset, vector in rows:
            values = np.frombuffer(vector, "<f4")
            if numbers is None:
                numbers = np.zeros((len(assets), len(values)), np.float32)
            numbers[place[asset]], known[place[asset]] = values, True
    if numbers is None:
        raise ValueError(f"{model.name} holds no embedding of the labelled assets")
    return numbers, known
