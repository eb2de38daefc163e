"""CROWDLAB: one answer per asset from people's answers and a model's class probabilities.

H. W. Goh, U. Tkachenko, J. Mueller, CROWDLAB: Supervised learning to infer consensus labels and
quality scores for data with multiple annotators (2022), by the authors' own code (cleanlab). Every
labeller and the model vote with a weight that grows with how often they agree with the others.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, codes

# cleanlab works on a full table of assets × labellers: 0.4 GB at this many cells.
MOST_CELLS = 50_000_000


class Crowdlab(NamedTuple):
    """Per asset: the best `label`, its `probability`, and the `posterior` (assets × classes). Per
    labeller: the `weight` of a vote and the `quality` of the answers, both nan where it cannot be
    known; `model_weight`, nan likewise."""

    label: Ints
    probability: Floats
    posterior: Floats
    weight: Floats
    quality: Floats
    model_weight: float


def crowdlab(
    asset: ArrayLike,
    labeller: ArrayLike,
    label: ArrayLike,
    n_assets: int,
    n_labellers: int,
    probabilities: ArrayLike,
) -> Crowdlab:
    """Combine answers with `probabilities` (assets × classes) that a model gave without having seen
    these answers (held out).

    Where no asset has two answers nobody can be weighed: an answer stands, with the model's
    probability of it. Of assets without an answer the model speaks alone. Of repeated answers of a
    labeller to an asset the last one counts. Raises ValueError when the probabilities are none, or
    there are more than `MOST_CELLS` assets with answers × labellers.
    """
    where = codes("asset", asset, n_assets)
    chances = _checked(probabilities, n_assets)
    who = codes("labeller", labeller, n_labellers, where.size)
    what = codes("label", label, chances.shape[1], where.size)
    assets, row = np.unique(where, return_inverse=True)
    labellers, column = np.unique(who, return_inverse=True)
    if assets.size * labellers.size > MOST_CELLS:
        raise ValueError(
            f"answers: expected at most {MOST_CELLS:,} assets × labellers,"
            f" got {assets.size:,} × {labellers.size:,}"
        )
    table = np.full((assets.size, labellers.size), np.nan)
    table[row, column] = what
    several = (~np.isnan(table)).sum(axis=1) > 1
    if chances.shape[1] < 2 or not several.any():
        return _alone(assets, table, chances, n_labellers)
    return _weighed(assets, labellers, table, several, chances, n_labellers)


def _checked(probabilities: ArrayLike, n_assets: int) -> Floats:
    given = np.asarray(probabilities, float)
    if given.ndim != 2 or len(given) != n_assets or not given.shape[1]:
        raise ValueError(f"probabilities: expected a table of {n_assets} rows, a column a class")
    if not np.isfinite(given).all() or given.min(initial=0) < 0:
        raise ValueError("probabilities: expected finite numbers of at least 0")
    total = given.sum(axis=1, keepdims=True)
    if np.any(np.abs(total - 1) > 0.01):
        raise ValueError("probabilities: expected rows that sum to 1")
    return given / total


def _alone(assets: Ints, table: Floats, chances: Floats, n_labellers: int) -> Crowdlab:
    """One answer an asset, or one class: there is nothing to weigh labellers by."""
    best = chances.argmax(axis=1)
    best[assets] = np.nanmax(table, axis=1, initial=0).astype(np.int64)
    unknown = np.full(n_labellers, np.nan)
    sure = chances[np.arange(len(best)), best]
    return Crowdlab(best, sure, chances, unknown, unknown.copy(), float("nan"))


def _weighed(
    assets: Ints, labellers: Ints, table: Floats, several: Floats, chances: Floats, n_labellers: int
) -> Crowdlab:
    from cleanlab.multiannotator import get_label_quality_multiannotator

    with warnings.catch_warnings():
        # It warns where nobody agrees with anybody: the weights say so.
        warnings.simplefilter("ignore")
        found = get_label_quality_multiannotator(
            table, chances[assets], return_weights=True, verbose=False
        )
    judged = found["label_quality"]
    best = chances.argmax(axis=1)
    best[assets] = judged["consensus_label"].to_numpy()
    likely = float(judged["annotator_agreement"].to_numpy()[several].mean())
    posterior = chances.copy()
    posterior[assets] = _posterior(
        table, chances[assets], likely, found["annotator_weight"], found["model_weight"]
    )
    weight, quality = np.full(n_labellers, np.nan), np.full(n_labellers, np.nan)
    weight[labellers] = found["annotator_weight"]
    stats = found["annotator_stats"]  # sorted by quality; the index is the column
    quality[labellers[stats.index.to_numpy()]] = stats["annotator_quality"].to_numpy()
    sure = posterior[np.arange(len(best)), best]
    return Crowdlab(best, sure, posterior, weight, quality, float(found["model_weight"]))


def _posterior(
    table: Floats, chances: Floats, likely: float, weight: Floats, model_weight: float
) -> Floats:
    """The weighted mean of the model's probabilities and what each answer makes likely: `likely`
    for its own class, an even share of the rest for the others (cleanlab gives the best alone)."""
    n, classes = chances.shape
    row, column = np.nonzero(~np.isnan(table))
    heights = weight[column]
    given = np.bincount(row * classes + table[row, column].astype(int), heights, n * classes)
    votes, total = given.reshape(n, classes), np.bincount(row, heights, n)[:, None]
    rest = (1 - likely) / (classes - 1)
    mean = chances * model_weight + votes * likely + (total - votes) * rest
    found: Floats = mean / (total + model_weight)
    return found
