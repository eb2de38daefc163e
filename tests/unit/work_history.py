"""Made-up work histories as arrays, and hypothesis strategies for them."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st


class History(NamedTuple):
    """Parallel arrays of codes, with how many assets, labellers and classes there are."""

    asset: np.ndarray
    labeller: np.ndarray
    label: np.ndarray
    n_assets: int
    n_labellers: int
    n_classes: int

    @property
    def sizes(self) -> tuple[int, int, int]:
        return self.n_assets, self.n_labellers, self.n_classes


@st.composite
def histories(draw: st.DrawFn, most: int = 40) -> History:
    """Any history of up to `most` answers, at most one per (asset, labeller)."""
    n_assets, n_labellers, n_classes = (draw(st.integers(1, m)) for m in (8, 6, 4))
    pair = st.tuples(st.integers(0, n_assets - 1), st.integers(0, n_labellers - 1))
    pairs = draw(st.lists(pair, unique=True, max_size=most))
    label = st.integers(0, n_classes - 1)
    labels = draw(st.lists(label, min_size=len(pairs), max_size=len(pairs)))
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return History(
        table[:, 0], table[:, 1], np.array(labels, dtype=np.int64), n_assets, n_labellers, n_classes
    )


def simulate(
    n_assets: int, n_labellers: int, per_asset: int, accuracy: np.ndarray, n_classes: int, seed: int
) -> tuple[History, np.ndarray]:
    """Labellers of known accuracy, errors spread evenly: the history and the truth."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, n_classes, n_assets)
    asset = np.repeat(np.arange(n_assets), per_asset)
    labeller = np.argsort(generator.random((n_assets, n_labellers)), axis=1)[:, :per_asset].ravel()
    right = generator.random(asset.size) < accuracy[labeller]
    wrong = (truth[asset] + generator.integers(1, n_classes, asset.size)) % n_classes
    label = np.where(right, truth[asset], wrong)
    return History(asset, labeller, label, n_assets, n_labellers, n_classes), truth
