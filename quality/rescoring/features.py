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
AT_ONCE = 4096


def of_pictures(n: int, pictures: Iterable[bytes], progress: Callable[[int], None]) -> Array:
    """(n, d) float32 from n encoded pictures; `progress` hears how many are decoded.

    Raises PIL.UnidentifiedImageError for bytes that are no picture.
    """
    return of_greys(n, map(_opened, pictures), progress)


def of_greys(n: int, greys: Iterable[Array], progress: Callable[[int], None]) -> Array:
    """(n, d) float32 from n pictures of SIDE × SIDE grey px (0 to 255), see `grey_of`.

    A kilobyte of memory each; what is wide is reckoned a few thousand at a time.
    """
    from sklearn.decomposition import PCA

    grey = np.empty((n, SIDE, SIDE), dtype=np.uint8)
    for i, one in enumerate(greys):
        grey[i] = one
        progress(i + 1)
    sample = np.unique(np.linspace(0, n - 1, min(n, AT_ONCE)).astype(int))
    wide = _wide(grey[sample])
    reduce = PCA(min(MOST_COMPONENTS, *wide.shape), random_state=0).fit(wide)
    parts = [reduce.transform(_wide(grey[at : at + AT_ONCE])) for at in range(0, n, AT_ONCE)]
    return np.concatenate(parts).astype(np.float32)


def grey_of(picture: Any) -> Array:
    """SIDE × SIDE grey px (0 to 255) of a picture of Pillow's."""
    from PIL import Image

    small = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.uint8)


def _opened(data: bytes) -> Array:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        return grey_of(picture)


def _wide(grey: Array) -> Array:
    pixels = grey.astype(np.float32) / 255.0
    return np.hstack([pixels.reshape(len(pixels), -1), gradients(pixels)])


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
