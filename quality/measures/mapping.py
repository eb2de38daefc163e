"""Embeddings laid out in two dimensions, parted into clusters, with pairs that are nearly the same.

Principal components first (they hold what the vectors have in common and cost little), then t-SNE
(L. van der Maaten and G. Hinton, JMLR 9, 2008) from a start that the components give, so that the
map is the same each time. t-SNE grows faster than the points: beyond SAMPLE a sample is laid out,
and each other point is put among those that it is most like. PURE.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from quality.measures.arrays import Floats, Ints

SAMPLE = 3000  # points that t-SNE lays out: about 20 s on one processor
COMPONENTS = 50
NEIGHBOURS = 5  # beside which a point outside the sample is put
CLUSTERS = (4, 6, 8, 12, 16, 24)
BLOCK = 1024  # rows of similarities reckoned at once
ALIKE = 0.98  # cosine from which two things are nearly the same
MOST_PAIRS = 500
EXACT = 20_000  # beyond this, pairs are looked for within clusters

Say = Callable[[str], None]


class Map(NamedTuple):
    """`xy` (n, 2) within about ±1, `cluster` (n,) numbered by size from 0, `laid_out`: how many
    t-SNE itself laid out, `explained`: the share of the variance that the components hold."""

    xy: Floats
    cluster: Ints
    laid_out: int
    explained: float


def unit(vectors: Floats) -> Floats:
    """Vectors (n, d) of length 1, in float32; a vector of nothing stays nothing."""
    given = np.asarray(vectors, np.float32)
    length = np.linalg.norm(given, axis=1, keepdims=True)
    found: Floats = np.divide(given, length, out=np.zeros_like(given), where=length > 0)
    return found


def lay_out(vectors: Floats, group: Ints, *, seed: int = 0, say: Say = lambda _: None) -> Map:
    """Lay out vectors (n, d); `group` (n,) are codes of class: a sample holds each of them.

    One thread: the map is drawn beside people's work, and threads that wait for each other on a
    busy machine take longer than one.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        return _lay_out(vectors, group, seed, say)


def _lay_out(vectors: Floats, group: Ints, seed: int, say: Say) -> Map:
    n = len(vectors)
    say("principal components")
    less, explained = _components(unit(vectors), seed)
    chosen = sample(group, SAMPLE, seed)
    say("laying out")
    placed = _tsne(less[chosen], seed)
    xy = np.zeros((n, 2))
    xy[chosen] = placed
    if len(chosen) < n:
        say("placing the rest")
        others = np.setdiff1d(np.arange(n), chosen)
        xy[others] = _beside(less[others], less[chosen], placed)
    say("clusters")
    scale = np.quantile(np.abs(xy - np.median(xy, axis=0)), 0.99) if n > 1 else 1.0
    return Map(
        (xy - np.median(xy, axis=0)) / max(float(scale), 1e-9),
        clusters(less, seed),
        len(chosen),
        explained,
    )


def sample(group: Ints, most: int, seed: int = 0) -> Ints:
    """Positions of at most `most` things, in order: each group by its share, none left out while
    there is room for one of each."""
    of = np.asarray(group)
    if of.size <= most:
        return np.arange(of.size)
    rng = np.random.default_rng(seed)
    order = rng.permutation(of.size)
    # The rank of each within its group, over the group's size: the lowest first are an even share.
    _, code, counts = np.unique(of[order], return_inverse=True, return_counts=True)
    rank = np.empty(of.size, np.int64)
    by_group = np.argsort(code, kind="stable")
    starts = np.cumsum(counts) - counts
    rank[by_group] = np.arange(of.size) - np.repeat(starts, counts)
    worth = np.where(rank == 0, -1.0, rank / counts[code])
    return np.sort(order[np.argsort(worth, kind="stable")[:most]])


def _components(vectors: Floats, seed: int) -> tuple[Floats, float]:
    from sklearn.decomposition import PCA

    n = min(COMPONENTS, *vectors.shape)
    pca = PCA(n, svd_solver="randomized" if min(vectors.shape) > 2 * n else "full",
              random_state=seed)  # fmt: skip
    less = pca.fit_transform(vectors)
    explained = float(np.nan_to_num(pca.explained_variance_ratio_).sum())
    return less, min(explained, 1.0)


def _tsne(less: Floats, seed: int) -> Floats:
    from sklearn.manifold import TSNE

    n = len(less)
    if n < 5:
        return np.pad(less, ((0, 0), (0, max(0, 2 - less.shape[1]))))[:, :2]
    start = np.pad(less, ((0, 0), (0, max(0, 2 - less.shape[1]))))[:, :2]
    start = start / max(float(start[:, 0].std()), 1e-9) * 1e-4
    made = TSNE(2, perplexity=min(30.0, (n - 1) / 3), init=start, random_state=seed, n_jobs=1)
    return np.asarray(made.fit_transform(less), float)


def _beside(less: Floats, known: Floats, placed: Floats) -> Floats:
    """Where points go that were not laid out: the mean of their nearest, by how near they are."""
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(known))).fit(known)
    apart, index = near.kneighbors(less)
    weight = 1 / np.maximum(apart, 1e-9) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    found: Floats = np.einsum("nk,nkd->nd", weight, placed[index])
    return found


def clusters(less: Floats, seed: int = 0) -> Ints:
    """Clusters of components (n, d), the largest first: as many of CLUSTERS as part them best
    (P. J. Rousseeuw's silhouette, 1987, of a sample)."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.metrics import silhouette_score

    n = len(less)
    tried = [k for k in CLUSTERS if k <= n // 5]
    if not tried:
        return np.zeros(n, np.int64)
    best: tuple[float, Ints] | None = None
    rng = np.random.default_rng(seed)
    some = np.sort(rng.choice(n, min(n, 2000), replace=False))
    for k in tried:
        found = MiniBatchKMeans(k, random_state=seed, n_init=3, batch_size=2048).fit_predict(less)
        if len(np.unique(found[some])) < 2:
            continue
        score = float(silhouette_score(less[some], found[some]))
        if best is None or score > best[0]:
            best = score, found
    if best is None:
        return np.zeros(n, np.int64)
    sizes = np.bincount(best[1])
    place = np.empty(len(sizes), np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return place[best[1]]


def nearest(vectors: Floats, of: Floats, k: int) -> tuple[Ints, Floats]:
    """The `k` rows of unit vectors (n, d) most like the vector (d,), the likest first, and their
    cosines. Exact; rows are looked at in chunks."""
    length = float(np.linalg.norm(of))
    wanted = np.asarray(of, np.float32) / (length or 1.0)
    found = np.concatenate(
        [vectors[i : i + 65_536] @ wanted for i in range(0, len(vectors), 65_536)] or [np.zeros(0)]
    )
    k = min(k, len(found))
    first = np.argpartition(-found, k - 1)[:k] if k else np.zeros(0, np.int64)
    order = first[np.argsort(-found[first], kind="stable")]
    return order, found[order]


class Pairs(NamedTuple):
    """Pairs that are nearly the same, the likest first: positions `one` < `other`, `cosine`; `n`
    is how many there are, of which the first are named."""

    one: Ints
    other: Ints
    cosine: Floats
    n: int


def alike(vectors: Floats, group: Ints, *, least: float = ALIKE, most: int = MOST_PAIRS) -> Pairs:
    """Pairs of unit vectors (n, d) with a cosine of `least` or more: all of them up to EXACT
    vectors, beyond that those within one `group` (n,), a cluster."""
    parts = [np.arange(len(vectors))]
    if len(vectors) > EXACT:
        parts = [np.flatnonzero(group == g) for g in np.unique(group)]
    rows: list[tuple[Ints, Ints, Floats]] = []
    total = 0
    for part in parts:
        for begin in range(0, len(part), BLOCK):
            mine = part[begin : begin + BLOCK]
            cosine = vectors[mine] @ vectors[part[begin:]].T
            i, j = np.nonzero(cosine >= least)
            later = j > i  # each pair once
            i, j = i[later], j[later]
            total += i.size
            value = cosine[i, j]
            top = np.argsort(-value, kind="stable")[:most]
            rows.append((mine[i[top]], part[begin + j[top]], value[top]))
    one, other, value = (np.concatenate(c) for c in zip(*rows, strict=True)) if rows else (
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    )  # fmt: skip
    top = np.argsort(-value, kind="stable")[:most]
    return Pairs(one[top], other[top], np.minimum(value[top], 1.0), total)
