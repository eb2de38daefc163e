"""Numbers that stand for an asset where the client gives no embedding.

Pictures: grey pixels and histograms of oriented gradients (Dalal & Triggs 2005), reduced by PCA.
Texts: TF-IDF of words and word pairs, reduced by SVD (latent semantic analysis).
"""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray
SIDE = 32
CELLS = 4
ORIENTATIONS = 8
MOST_COMPONENTS = 128


def of_pictures(n: int, pictures: Iterable[bytes], progress: Callable[[int], None]) -> Array:
    """(n, d) float32 from n encoded pictures; `progress` hears how many are decoded.

    Raises PIL.UnidentifiedImageError for bytes that are no picture.
    """
    grey = np.empty((n, SIDE, SIDE), dtype=np.float32)
    for i, data in enumerate(pictures):
        grey[i] = _grey(data)
        progress(i + 1)
    return _reduced(np.hstack([grey.reshape(len(grey), -1), gradients(grey)]))


def _grey(data: bytes) -> Array:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32) / 255.0


def gradients(grey: Array) -> Array:
    """Histograms of oriented gradients: (n, SIDE, SIDE) → (n, CELLS² · ORIENTATIONS).

    Each cell's histogram is weighted by gradient magnitude and the whole is L2-normalised.
    """
    down, across = np.gradient(grey, axis=(1, 2))
    magnitude = np.hypot(down, across)
    angle = np.arctan2(down, across) % np.pi
    bins = np.minimum((angle / np.pi * ORIENTATIONS).astype(int), ORIENTATIONS - 1)
    step = SIDE // CELLS
    parts = []
    for orientation in range(ORIENTATIONS):
        weight = np.where(bins == orientation, magnitude, 0.0)
        cells = weight.reshape(len(grey), CELLS, step, CELLS, step).sum(axis=(2, 4))
        parts.append(cells.reshape(len(grey), -1))
    histogram = np.hstack(parts)
    return histogram / (np.linalg.norm(histogram, axis=1, keepdims=True) + 1e-6)


def of_texts(texts: Sequence[str], progress: Callable[[int], None]) -> Array:
    """(n, d) float32 from texts."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Any run of word characters counts, single letters too: short texts have little else.
    words = TfidfVectorizer(
        sublinear_tf=True,
        ngram_range=(1, 2),
        max_features=50_000,
        token_pattern=r"(?u)\w+",  # noqa: S106 - no password
    )
    try:
        weights = words.fit_transform(texts)
    except ValueError:  # no text holds a single word
        progress(len(texts))
        return np.zeros((len(texts), 1), dtype=np.float32)
    progress(len(texts))
    components = min(MOST_COMPONENTS, min(weights.shape) - 1)
    if components < 1:
        return np.asarray(weights.todense(), dtype=np.float32)
    reduce: Any = TruncatedSVD(components, random_state=0)
    # Where all texts are alike there is no variance that its components could explain a share of.
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(reduce.fit_transform(weights), dtype=np.float32)


def _reduced(wide: Array) -> Array:
    from sklearn.decomposition import PCA

    components = min(MOST_COMPONENTS, *wide.shape)
    return np.asarray(PCA(components, random_state=0).fit_transform(wide), dtype=np.float32)
