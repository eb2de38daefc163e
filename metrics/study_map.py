"""The map of a model's embeddings, a job: points, clusters, and what is nearly the same."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from metrics.models import MapPoint
from metrics.studies import At
from ops import config
from ops.db import transaction
from ops.models import Embedding

# As many points as a page can draw at once; of more, a sample by class is drawn.
MOST_POINTS = 20_000
# Vectors beyond this do not fit into the memory of a small worker (4 bytes × their length each).
MOST_VECTORS = 200_000
AT_ONCE = 5000
STEPS = 6
_KEYS = text(
    """
    SELECT asked.asset_id, (
        SELECT label_key(label) FROM consensus WHERE consensus.asset_id = asked.asset_id
        ORDER BY version DESC LIMIT 1) AS key
    FROM unnest(CAST(:assets AS bigint[])) AS asked (asset_id)
    """
)


def file_of(home: Path, model_id: int, digest: str) -> Path:
    """Where the unit vectors of a model lie, once its map was drawn: (n, d) float32. Beside them
    the ids of their assets."""
    return home.resolve() / "vectors" / f"{model_id}-{digest[:12]}.npy"


def work(at: At) -> None:
    """Read the vectors, lay them out, and store points, clusters and pairs. Raises ValueError."""
    from quality.measures import mapping

    began = time.monotonic()
    at.say("reading the vectors", 0, STEPS)
    assets, vectors, total = read(at.sessions, at.model.id)
    if len(assets) < 3:
        raise ValueError(f"A map needs three embeddings or more; this model has {len(assets)}.")
    vectors = mapping.unit(vectors)
    keep(file_of(config.load().home, at.model.id, at.model.digest), assets, vectors)
    keys = np.array(_keys(at, assets))
    shown = mapping.sample(_codes(keys), MOST_POINTS)
    steps = iter(range(1, STEPS))
    found = mapping.lay_out(
        vectors[shown],
        _codes(keys[shown]),
        say=lambda step: at.say(step, next(steps), STEPS),
    )
    at.say("pairs that are nearly the same", STEPS - 1, STEPS)
    pairs = mapping.alike(vectors, _clusters(found, shown, vectors))
    named = [
        [int(assets[i]), int(assets[j]), round(float(c), 4)]
        for i, j, c in zip(pairs.one, pairs.other, pairs.cosine, strict=True)
    ]
    summary = {
        "points": len(shown),
        "vectors": len(assets),
        "left_out": total - len(assets),
        "laid_out": found.laid_out,
        "length": int(vectors.shape[1]),
        "explained": round(found.explained, 4),
        "clusters": int(found.cluster.max()) + 1,
        "pairs": named,
        "n_pairs": pairs.n,
        "alike": mapping.ALIKE,
        "seconds": round(time.monotonic() - began, 1),
    }
    rows = [
        (int(asset), float(x), float(y), int(cluster))
        for asset, (x, y), cluster in zip(assets[shown], found.xy, found.cluster, strict=True)
    ]
    with transaction(at.sessions) as session:
        at.finish(session, summary, MapPoint, rows)


def read(sessions: sessionmaker[Session], model_id: int) -> tuple[Any, Any, int]:
    """Ids of the assets (n,), vectors (n, d), and how many the model has in all."""
    rows: list[tuple[int, bytes]] = []
    last = 0
    while len(rows) < MOST_VECTORS:
        with transaction(sessions) as session:
            some = session.execute(
                select(Embedding.asset_id, Embedding.vector)
                .where(Embedding.model_id == model_id, Embedding.asset_id > last)
                .order_by(Embedding.asset_id)
                .limit(AT_ONCE)
            ).all()
        rows += [(row.asset_id, row.vector) for row in some]
        if len(some) < AT_ONCE:
            break
        last = some[-1].asset_id
    total = len(rows)
    if total >= MOST_VECTORS:
        with transaction(sessions) as session:
            total = _count(session, model_id)
    assets = np.array([asset for asset, _ in rows], np.int64)
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), "<f4")
    return assets, vectors.reshape(len(rows), -1) if rows else np.zeros((0, 1), "<f4"), total


def _count(session: Session, model_id: int) -> int:
    counting = text("SELECT count(*) FROM embedding WHERE model_id = :model")
    return int(session.scalar(counting, {"model": model_id}) or 0)


def keep(path: Path, assets: Any, vectors: Any) -> None:
    """Keep unit vectors where every web process can look into them without reading them all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, array in ((path, vectors), (path.with_suffix(".ids.npy"), assets)):
        part = name.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, array)
        part.replace(name)


def _keys(at: At, assets: Any) -> list[str]:
    found: dict[int, str] = {}
    for start in range(0, len(assets), AT_ONCE):
        with transaction(at.sessions) as session:
            some = session.execute(_KEYS, {"assets": assets[start : start + AT_ONCE].tolist()})
            found |= {row.asset_id: row.key or "" for row in some}
    return [found.get(int(asset), "") for asset in assets]


def _codes(keys: Any) -> Any:
    return np.unique(keys, return_inverse=True)[1]


def _clusters(found: Any, shown: Any, vectors: Any) -> Any:
    """The cluster of every vector: that of the nearest centre of the clusters that are shown."""
    if len(shown) == len(vectors):
        return found.cluster
    centres = np.stack(
        [vectors[shown[found.cluster == k]].mean(axis=0) for k in range(found.cluster.max() + 1)]
    )
    return (vectors @ centres.T).argmax(axis=1)
