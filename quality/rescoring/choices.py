"""A model's probabilities against labels that choose: one class of several, or several tags."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quality.rescoring.reading import Said
from quality.rescoring.sources import Finding, silent

Array = np.ndarray
# How sure a model is that names a class and says no more: little above what any model deserves.
SAYS_NO_MORE = 0.9
MOST_KEPT = 20  # probabilities kept of a label: the highest


def matrix(keys: Sequence[str], said: Sequence[Said | None]) -> Array:
    """Probabilities (n, k) of the keys, rows of nan where nothing is said.

    A model that named one key and how sure it is leaves the rest to the others in equal parts.
    """
    place = {key: i for i, key in enumerate(keys)}
    found = np.full((len(said), len(keys)), np.nan)
    for i, one in enumerate(said):
        if one is None:
            continue
        shares = one.probabilities()
        if shares:
            found[i] = 0
            for key, share in shares.items():
                if key in place:
                    found[i, place[key]] = share
            continue
        if one.key in place:
            sure = SAYS_NO_MORE if one.confidence is None else one.confidence
            found[i] = (1 - sure) / max(len(keys) - 1, 1)
            found[i, place[one.key]] = sure
    return _normed(found)


def _normed(found: Array) -> Array:
    total = found.sum(axis=1, keepdims=True)
    return np.where(total > 0, found / np.where(total > 0, total, 1), np.nan)


def of_choices(given: Sequence[str], keys: Sequence[str], chance: Array) -> Finding:
    """Out-of-sample probabilities (n, k) against the keys that were given.

    A label's score is the probability of what was given: self-confidence (Northcutt et al. 2021).
    """
    found = silent(len(given))
    place = {key: i for i, key in enumerate(keys)}
    for i, key in enumerate(given):
        if np.isnan(chance[i, 0]):
            continue
        best = int(chance[i].argmax())
        found.score[i] = chance[i, place[key]] if key in place else 0.0
        found.predicted[i], found.voices[i] = keys[best], 1
        found.error[i] = "wrong class" if keys[best] != key else None
        found.probabilities[i] = kept(keys, chance[i], key)
    return found


def kept(keys: Sequence[str], chance: Array, given: str) -> dict[str, float]:
    """The highest probabilities and that of the given key; what is left out is shared evenly."""
    order = np.argsort(-chance, kind="stable")[:MOST_KEPT]
    found = {keys[i]: round(float(chance[i]), 6) for i in order}
    if given in keys:
        found.setdefault(given, round(float(chance[list(keys).index(given)]), 6))
    return found


def spread(keys: Sequence[str], stored: Sequence[Mapping[str, float]]) -> Array:
    """The (n, k) matrix that `kept` took its numbers from, but for what was left out."""
    place = {key: i for i, key in enumerate(keys)}
    found = np.empty((len(stored), len(keys)))
    for i, shares in enumerate(stored):
        left = max(0.0, 1 - sum(shares.values())) / max(len(keys) - len(shares), 1)
        found[i] = left
        for key, share in shares.items():
            found[i, place[key]] = share
    return found


def of_tags(labels: Sequence[Mapping[str, Any]], keys: Sequence[str], chance: Array) -> Finding:
    """One-vs-rest probabilities (n, k) of every tag against the tags that were given.

    A label is as right as its worst tag: one that is there and hardly is, or is not and surely is.
    """
    found = silent(len(labels))
    for i, label in enumerate(labels):
        if np.isnan(chance[i, 0]):
            continue
        there = np.isin(keys, label["tags"])
        right = np.where(there, chance[i], 1 - chance[i])
        worst = int(right.argmin())
        found.score[i], found.voices[i] = right[worst], 1
        wrong = [int(j) for j in np.argsort(right, kind="stable") if right[j] < 0.5]
        if wrong:
            found.error[i] = "extra" if there[wrong[0]] else "missing"
        found.objects[i] = [_tag_told(keys[j], bool(there[j]), chance[i, j]) for j in wrong]
        found.probabilities[i] = {
            k: round(float(p), 6) for k, p in zip(keys, chance[i], strict=True)
        }
    return found


def _tag_told(key: str, there: bool, chance: float) -> dict[str, Any]:
    words = f"{key} is given a probability of {100 * chance:.0f} %"
    if there:
        return {"kind": "extra", "given": key, "truth": None, "words": words}
    return {"kind": "missing", "given": None, "truth": key, "words": f"{words} and is not there"}


def tag_matrix(keys: Sequence[str], said: Sequence[Said | None]) -> Array:
    """One-vs-rest probabilities (n, k); of tags named without any, those named are sure."""
    place = {key: i for i, key in enumerate(keys)}
    found = np.full((len(said), len(keys)), np.nan)
    for i, one in enumerate(said):
        if one is None:
            continue
        shares = one.probabilities()
        sure = SAYS_NO_MORE if one.confidence is None else max(one.confidence, 0.5)
        found[i] = 0.0 if shares else 1 - sure
        for key, share in (shares or dict.fromkeys(one.label()["tags"], sure)).items():
            if key in place:
                found[i, place[key]] = share
    return found
