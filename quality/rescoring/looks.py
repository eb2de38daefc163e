"""In which order labels are looked at, and why, in words: the practitioners' ways to clean labels.

A label's look says how much it is to be looked at; nan leaves it out. What is asked of
probabilities stands in `quality.measures.label_errors`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from quality.measures import label_errors, likeness
from quality.rescoring.plan import Task
from quality.rescoring.reading import Said
from quality.rescoring.sources import Finding, terms_of, what_is_there

Array = np.ndarray
THE_REFERENCE = "The reference"
DIFFERENT = ("wrong class", "missing")


def whose(task: Task) -> str:
    """Who judges where a model learns from the labels themselves."""
    if task.settings.order == "precision":
        return f"A model that was never taught {task.settings.of_class}"
    thing = "picture" if task.medium == "image" else task.medium
    return f"In {task.settings.folds}-fold cross-validation a model that never saw this {thing}"


def of_choices(
    found: Finding, task: Task, given: Sequence[str], keys: Sequence[str], chance: Array, who: str
) -> None:
    """Looks of labels that choose a key, by probabilities (n, keys) with rows of nan where nothing
    is said; those of precision come from a model that was taught the other keys."""
    every = [*keys, *sorted(set(given) - set(keys))]
    if task.settings.order == "weighed" or len(every) < 2:
        return
    heard = np.flatnonzero(~np.isnan(chance[:, 0]))
    shares = np.zeros((len(heard), len(every)))
    shares[:, : len(keys)] = chance[heard]
    labels = np.array([every.index(given[i]) for i in heard.tolist()], np.int64)
    looks = of_codes(task, labels, every, shares)
    _keep(found, heard, looks, lambda row: of_shares(task, every, shares[row], who))


def of_codes(task: Task, labels: Array, keys: Sequence[str], shares: Array) -> Array:
    """(n,) looks of items with the codes `labels` (n,) of `keys` and probabilities (n, keys)."""
    order, of = task.settings.order, task.settings.of_class
    if order == "kfold":
        return label_errors.contradiction(labels, shares)
    if order == "entropy":
        return label_errors.entropy(shares)
    if of not in keys:
        return np.full(len(labels), np.nan)
    return label_errors.likeliest_other(labels, shares, keys.index(of))


def of_shares(task: Task, keys: Sequence[str], shares: Array, who: str) -> str:
    """Why an item with these probabilities is looked at, without a full stop."""
    order = task.settings.order
    if order == "precision" and task.settings.of_class in keys:
        shares = shares.copy()
        shares[keys.index(task.settings.of_class)] = -1
    first, second = (int(i) for i in np.argsort(-shares, kind="stable")[:2])
    if order == "entropy":
        return f"Lies on the boundary: {_part(keys, shares, first)}, {_part(keys, shares, second)}"
    verb = "says" if order == "kfold" else "sees"
    return f"{who} {verb} {keys[first]} with {_percent(shares[first])}"


def of_tags(
    found: Finding,
    task: Task,
    labels: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    chance: Array,
    who: str,
) -> None:
    """Looks of tagged labels, by how likely each tag applies (n, keys): the surest tag that speaks
    against them, or the entropy of all."""
    order, of = task.settings.order, task.settings.of_class
    if order == "weighed" or not len(keys) or (order == "precision" and of not in keys):
        return
    heard = np.flatnonzero(~np.isnan(chance[:, 0]))
    shares = chance[heard].clip(0, 1)
    given = np.zeros(shares.shape, bool)
    for row, i in enumerate(heard.tolist()):
        given[row] = np.isin(keys, labels[i]["tags"])
    each = _of_each_tag(task, given, keys, shares)
    if order == "entropy":
        looks = each.sum(axis=1)
    else:
        looks = np.where(np.isnan(each), -1, each).max(axis=1)
        looks = np.where(looks < 0, np.nan, looks)

    def words(row: int) -> str:
        ranked = np.argsort(-np.nan_to_num(each[row], nan=-1), kind="stable")
        if order == "entropy":
            wavering = ", ".join(_part(keys, shares[row], int(j)) for j in ranked[:2])
            return f"Lies on the boundary: {wavering}"
        tag = int(ranked[0])
        verb, there = "sees" if order == "precision" else "says", given[row, tag]
        stands = "which is given" if there else "which is not given"
        return f"{who} {verb} {keys[tag]} with {_percent(shares[row, tag])}, {stands}"

    _keep(found, heard, looks, words)


def _of_each_tag(task: Task, given: Array, keys: Sequence[str], shares: Array) -> Array:
    if task.settings.order == "kfold":
        return label_errors.tag_contradictions(given, shares)
    if task.settings.order == "entropy":
        return label_errors.tag_entropy(shares)
    return label_errors.other_tags(given, shares, list(keys).index(str(task.settings.of_class)))


def of_predicted(
    found: Finding,
    task: Task,
    labels: Sequence[Mapping[str, Any]],
    said: Sequence[Said | None],
) -> None:
    """Looks of labelled objects by predicted ones: the score of the surest that is of another class
    than the label has there, or that nobody labelled."""
    if task.settings.order != "kfold":
        return
    heard = [i for i, one in enumerate(said) if one is not None]
    seen = [_numbered(what_is_there(said[i].label())) for i in heard]  # type: ignore[union-attr]
    given = [_numbered(labels[i]) for i in heard]
    compared = likeness.compare_many(task.label_type, given, seen, terms_of(task))
    surest = [_surest(one.errors, theirs) for one, theirs in zip(compared, seen, strict=True)]
    looks = np.array([np.nan if one is None else one[0] for one in surest], float)

    def words(row: int) -> str:
        score, (kind, mine, theirs) = surest[row]  # type: ignore[misc]
        seen_as = f"{THE_REFERENCE} sees {seen[row]['objects'][int(theirs)]['class']}"
        if kind == "missing":
            return f"{seen_as} with {_percent(score)}, which nobody labelled"
        labelled = given[row]["objects"][int(mine)]["class"]
        return f"{seen_as} with {_percent(score)}, where the label says {labelled}"

    _keep(found, np.array(heard, int), looks, words)


def _numbered(label: Mapping[str, Any]) -> dict[str, Any]:
    """Ids by position: a model's own may be missing."""
    numbered = [{**one, "id": str(i)} for i, one in enumerate(label["objects"])]
    return {**label, "objects": numbered}


def _surest(errors: Sequence[Any], theirs: Mapping[str, Any]) -> tuple[float, Any] | None:
    told = [
        (float(theirs["objects"][int(e.truth)].get("score", 1.0)), (e.kind, e.given, e.truth))
        for e in errors
        if e.kind in DIFFERENT and e.truth is not None
    ]
    return max(told, key=lambda one: one[0], default=None)


def _keep(found: Finding, heard: Array, looks: Array, words: Callable[[int], str]) -> None:
    found.look = np.full(len(found.score), np.nan)
    found.look[heard] = looks
    found.why = [""] * len(found.score)
    for row in np.flatnonzero(~np.isnan(looks)).tolist():
        found.why[heard[row]] = f"{words(row)}."


def _part(keys: Sequence[str], shares: Array, at: int) -> str:
    return f"{keys[at]} {_percent(shares[at])}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
