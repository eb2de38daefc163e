"""How far each error lies from its class: by the embedding of its asset, else by its size."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import exists, select

from metrics.studies import At
from ops.db import transaction
from ops.labels import CHOICES
from ops.models import Embedding, ReferenceModel
from quality.measures import error_causes, mapping

if TYPE_CHECKING:
    from metrics.study_errors import Found


def distances(at: At, found: "Found") -> tuple[Any, str]:
    """(errors,) robust deviations from the class, nan where nothing measures them; and by what
    they are measured, in words."""
    if at.project.label_type in CHOICES:
        embedded = _by_embedding(at, found)
        if embedded is not None:
            return embedded
    if found.sizes:
        keys = [key for key, _ in found.sizes]
        sizes = np.array([size for _, size in found.sizes])
        return _of_sizes(found, keys, sizes), "the size of the object"
    if not found.assets:
        return np.zeros(0), "nothing"
    far = error_causes.distances(found.wholes, np.array(found.labels))
    by = "the length of the text" if at.project.medium == "text" else "the size of the picture"
    return np.array([far[e.at] for e in found.errors], float), by


def _of_sizes(found: "Found", keys: list[str], sizes: Any) -> Any:
    """Deviations of the errors' sizes among all objects of the class that is labelled there."""
    middle: dict[str, tuple[float, float]] = {}
    of = np.array(keys)
    for key in np.unique(of):
        mine = sizes[of == key]
        centre = float(np.median(mine))
        spread = 1.4826 * float(np.median(np.abs(mine - centre)))
        if mine.size >= 5 and spread > 0:
            middle[str(key)] = centre, spread
    nothing = (np.nan, 1.0)
    told = [(e.size, *middle.get(e.truth, nothing)) for e in found.errors]
    return np.array([(size - centre) / spread for size, centre, spread in told], float)


def _by_embedding(at: At, found: "Found") -> tuple[Any, str] | None:
    """Deviations of the cosine distance to the centre of the class that is labelled."""
    from metrics.study_map import read

    model = _embedder(at)
    if model is None or not found.assets:
        return None
    assets, vectors, _ = read(at.sessions, model.id)
    place = {int(asset): i for i, asset in enumerate(assets)}
    rows = np.array([place.get(asset, -1) for asset in found.assets], np.int64)
    labels = np.array(found.labels)
    unit = mapping.unit(vectors)
    apart = np.full(len(rows), np.nan)
    for key in np.unique(labels):
        own = np.flatnonzero((labels == key) & (rows >= 0))
        if own.size:
            centre = unit[rows[own]].mean(axis=0)
            length = max(float(np.linalg.norm(centre)), 1e-9)
            apart[own] = 1 - unit[rows[own]] @ (centre / length)
    far = error_causes.distances(apart, labels)
    words = f"the embeddings of {model.name}, version {model.version}"
    return np.array([far[e.at] for e in found.errors], float), words


def _embedder(at: At) -> ReferenceModel | None:
    """The newest model of the project that has embeddings."""
    has = exists().where(Embedding.model_id == ReferenceModel.id)
    with transaction(at.sessions) as session:
        return session.scalar(
            select(ReferenceModel)
            .where(ReferenceModel.project_id == at.project.id, has)
            .order_by(ReferenceModel.id.desc())
            .limit(1)
        )
