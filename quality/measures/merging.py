"""One label from the answers of several people, whatever its type, and how far each agrees.

Answers are plain dicts of the shapes that `ops.labels` checks, without what a decision adds. They
are never changed, and no disagreement makes a merge fail. The result depends neither on the order
of the answers nor on who gave them: where votes are even, a digest of what was answered draws the
lot.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures import merging_wholes
from quality.measures.merging_labels import Label, Whole
from quality.measures.merging_objects import common, merge_objects

OBJECTS = ("boxes", "polygons", "masks", "keypoints", "spans")
_LEAST_WEIGHT = 1e-6  # of the heaviest: nobody's answer is quite without weight


class Merged(NamedTuple):
    """`label`: a payload of the type. `probability`: how sure it is, in [0, 1]. `agreed`: how alike
    each answer is to what the others' merge says, in [0, 1], nan when alone; `agreement` their
    mean, None when alone. `support`: of each object (tag, attribute, class) that anybody gave, who
    did: `by` (positions of answers) with the `ids` they gave it, `share` of the weight, and of an
    object the share of each `class`; also of those that at most half of the weight drew, which the
    label leaves out."""

    label: dict[str, Any]
    probability: float
    agreement: float | None
    agreed: list[float]
    support: dict[str, Any]


def merge(
    label_type: str,
    answers: Sequence[Label],
    weights: Sequence[float],
    *,
    ontology: Mapping[str, Any],
    size: tuple[int, int] | None = None,
) -> Merged:
    """Merge the answers on one asset; see `merge_many`."""
    return merge_many(label_type, [answers], [weights], ontology=ontology, sizes=[size])[0]


def merge_many(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    weights: Sequence[Sequence[float]],
    *,
    ontology: Mapping[str, Any],
    sizes: Sequence[tuple[int, int] | None] | None = None,
) -> list[Merged]:
    """Merge the answers on each asset, one weight ≥ 0 an answer (all 0 counts as all alike).

    Objects are clustered by overlap and fused, tags and attributes voted on one by one, of texts
    the one nearest to all is taken, of ratings the weighted median. `ontology` holds `classes`,
    `attributes`, `scale` and `reasons` as an ontology version does, `sizes` the pictures' (width,
    height) in px, which what is fused must not leave. Raises ValueError when an asset
    has no answer or the weights do not fit.
    """
    heights = [_weights(a, w) for a, w in zip(assets, weights, strict=True)]
    orders = [_order(answers, w) for answers, w in zip(assets, heights, strict=True)]
    drawn = [[answers[i] for i in order] for answers, order in zip(assets, orders, strict=True)]
    given = [[w[i] for i in order] for w, order in zip(heights, orders, strict=True)]
    pictures = [None] * len(assets) if sizes is None else sizes
    wholes = _wholes(label_type, drawn, given, ontology, pictures)
    agreed = _agreed(label_type, drawn, wholes, ontology, pictures)
    return [_restored(*parts) for parts in zip(wholes, agreed, orders, strict=True)]


def _weights(answers: Sequence[Label], weights: Sequence[float]) -> list[float]:
    given = np.asarray(weights, float)
    if not len(answers):
        raise ValueError("answers: expected at least one")
    if given.shape != (len(answers),) or not np.all(np.isfinite(given) & (given >= 0)):
        raise ValueError(f"weights: expected {len(answers)} numbers of at least 0")
    top = float(given.max())
    found: list[float] = (
        np.maximum(given / top, _LEAST_WEIGHT).tolist() if top else [1.0] * len(given)
    )
    return found


def _order(answers: Sequence[Label], weights: Sequence[float]) -> list[int]:
    """The answers by a digest of what they say: the lot that decides where votes are even."""
    texts = [json.dumps(answer, sort_keys=True, ensure_ascii=False) for answer in answers]
    lots = [zlib.crc32(text.encode("utf-8", "surrogatepass")) for text in texts]
    return sorted(range(len(answers)), key=lambda i: (lots[i], texts[i], weights[i]))


def _wholes(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    weights: Sequence[Sequence[float]],
    ontology: Mapping[str, Any],
    sizes: Sequence[tuple[int, int] | None],
) -> list[Whole]:
    defined = {one["key"]: one for one in ontology.get("attributes") or ()}
    if label_type not in OBJECTS:
        return [
            merging_wholes.merge_whole(label_type, answers, w, defined, ontology)
            for answers, w in zip(assets, weights, strict=True)
        ]
    found: list[Whole | None] = [None] * len(assets)
    drawn = []
    for a, answers in enumerate(assets):
        if label_type == "masks" and any(answer.get("semantic") for answer in answers):
            found[a] = merging_wholes.merge_whole(
                "semantic", answers, weights[a], defined, ontology
            )
        else:
            drawn.append(a)
    merged = merge_objects(
        label_type,
        [assets[a] for a in drawn],
        [weights[a] for a in drawn],
        defined,
        _sigmas(ontology),
        [sizes[a] for a in drawn],
    )
    for a, whole in zip(drawn, merged, strict=True):
        found[a] = whole
    return [whole for whole in found if whole is not None]


def _sigmas(ontology: Mapping[str, Any]) -> dict[str, list[float]] | None:
    classes = ontology.get("classes") or ()
    found = {
        one["key"]: one["skeleton"]["sigmas"]
        for one in classes
        if isinstance(one, Mapping) and (one.get("skeleton") or {}).get("sigmas")
    }
    return found or None


def _agreed(
    label_type: str,
    assets: Sequence[Sequence[Label]],
    wholes: Sequence[Whole],
    ontology: Mapping[str, Any],
    sizes: Sequence[tuple[int, int] | None],
) -> list[list[float]]:
    """How alike each answer is to what the others say; nan for the only answer of an asset."""
    from quality.measures.likeness import Terms, scores

    scale = ontology.get("scale") or {}
    wide = (scale["low"], scale["high"]) if {"low", "high"} <= set(scale) else None
    terms = Terms(sigmas=_sigmas(ontology), size=common(sizes), range=wide)
    several = [a for a, answers in enumerate(assets) if len(answers) > 1]
    given = [answer for a in several for answer in assets[a]]
    others = [other for a in several for other in wholes[a].others]
    found = iter(scores(label_type, given, others, terms).tolist() if given else [])
    return [
        [next(found) for _ in answers] if len(answers) > 1 else [float("nan")] for answers in assets
    ]


def _restored(whole: Whole, agreed: list[float], order: Sequence[int]) -> Merged:
    """Positions of answers as they came in."""
    back = [agreed[order.index(i)] for i in range(len(order))]
    for entry in whole.support.values():
        by = [order[k] for k in entry["by"]]
        places = sorted(range(len(by)), key=by.__getitem__)
        entry["by"] = [by[k] for k in places]
        if "ids" in entry:
            entry["ids"] = [entry["ids"][k] for k in places]
    alone = len(order) < 2
    agreement = None if alone else float(np.mean(back))
    return Merged(whole.label, whole.probability, agreement, back, whole.support)
