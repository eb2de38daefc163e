"""Labels judged as a whole merged: class, tags, attributes, transcription, rating, preference, and
masks that give every pixel a class."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from quality.measures.merging_labels import Label, Whole
from quality.measures.merging_masks import area, plurality
from quality.measures.merging_votes import Vote, attributes, chosen, median, nearest_text, vote

Defined = Mapping[str, Mapping[str, Any]]
Found = tuple[dict[str, Any], float, dict[str, Any]]


def merge_whole(
    label_type: str,
    answers: Sequence[Label],
    weights: Sequence[float],
    defined: Defined,
    ontology: Mapping[str, Any],
) -> Whole:
    """Merge the answers on one asset, and for each answer those of the others."""
    one = _MERGES[label_type]
    label, probability, support = one(answers, weights, defined, ontology, None)
    others = []
    if len(answers) > 1:
        for k, own in enumerate(answers):
            rest = [a for i, a in enumerate(answers) if i != k]
            others.append(one(rest, [*weights[:k], *weights[k + 1 :]], defined, ontology, own)[0])
    return Whole(label, probability, support, others)


def _class(
    answers: Sequence[Label], weights: Sequence[float], defined: Defined, _: Any, own: Label | None
) -> Found:
    return _voted("class", answers, weights, defined, own)


def _preference(
    answers: Sequence[Label],
    weights: Sequence[float],
    defined: Defined,
    ontology: Mapping[str, Any],
    own: Label | None,
) -> Found:
    """The side by vote; reasons by vote of those who chose it."""
    label, probability, support = _voted("preference", answers, weights, defined, own)
    same = [i for i, a in enumerate(answers) if a["preference"] == label["preference"]]
    reasons, _shares = chosen(
        [answers[i].get("reasons") or [] for i in same],
        [weights[i] for i in same],
        None if own is None else own.get("reasons") or [],
        [one["key"] for one in ontology.get("reasons") or ()],
    )
    if reasons:
        label["reasons"] = reasons
    return label, probability, support


def _voted(
    field: str,
    answers: Sequence[Label],
    weights: Sequence[float],
    defined: Defined,
    own: Label | None,
) -> Found:
    found = vote([a[field] for a in answers], weights, None if own is None else own[field])
    support = {str(value): entry for value, entry in _by_value(field, answers, found).items()}
    same = [i for i, a in enumerate(answers) if a[field] == found.value]
    label = _with_attributes(
        {field: found.value}, [answers[i] for i in same], [weights[i] for i in same], defined, own
    )
    return label, found.share, support


def _by_value(field: str, answers: Sequence[Label], found: Vote) -> dict[Any, dict[str, Any]]:
    return {
        value: {"by": [i for i, a in enumerate(answers) if a[field] == value], "share": share}
        for value, share in found.shares.items()
    }


def _rating(
    answers: Sequence[Label],
    weights: Sequence[float],
    defined: Defined,
    ontology: Mapping[str, Any],
    own: Label | None,
) -> Found:
    """The weighted median, on a step of the scale; halfway, the lower one."""
    values = np.array([a["rating"] for a in answers], float)
    middle = median(values, np.array(weights, float))
    scale = ontology.get("scale") or {}
    step, low = scale.get("step"), scale.get("low") or 0
    if step:
        steps = np.ceil((middle - low) / step - 0.5 - 1e-9)
        middle = float(np.round(low + steps * step, 9))
    given = [a["rating"] for a in answers if a["rating"] == middle]
    rating = given[0] if given else int(middle) if middle == int(middle) else middle
    found = vote([a["rating"] for a in answers], weights)
    support = {f"{v:g}": entry for v, entry in _by_value("rating", answers, found).items()}
    label = _with_attributes({"rating": rating}, answers, weights, defined, own)
    return label, found.shares.get(rating, 0.0), support


def _tags(
    answers: Sequence[Label], weights: Sequence[float], defined: Defined, _: Any, own: Label | None
) -> Found:
    """Every tag that more than half of the weight gave."""
    sets = [a.get("tags") or [] for a in answers]
    tags, shares = chosen(sets, weights, None if own is None else own.get("tags") or [])
    support = {
        key: {"by": [i for i, s in enumerate(sets) if key in s], "share": share}
        for key, share in shares.items()
    }
    # Of two classes an attribute may be asked together; it goes where neither is held for real.
    asked = {k: a for k, a in defined.items() if not a.get("of") or {*a["of"]} & {*tags}}
    label = _with_attributes({"tags": tags}, answers, weights, asked, own)
    if "attributes" in label:
        label["attributes"] = {k: v for k, v in label["attributes"].items() if k in asked}
    sure = [share if key in tags else 1 - share for key, share in shares.items()]
    return label, float(np.mean(sure)) if sure else 1.0, support


def _attributes(
    answers: Sequence[Label], weights: Sequence[float], defined: Defined, _: Any, own: Label | None
) -> Found:
    given = [a.get("attributes") or {} for a in answers]
    mine = None if own is None else own.get("attributes") or {}
    merged, votes = attributes(given, weights, defined, mine)
    total = sum(weights)
    support: dict[str, dict[str, Any]] = {}
    for key in dict.fromkeys(key for one in given for key in one):
        by = [i for i, one in enumerate(given) if one.get(key) is not None]
        support[key] = {"by": by, "share": sum(weights[i] for i in by) / total}
        if key in votes:
            support[key]["class"] = {v.strip('"'): share for v, share in votes[key].shares.items()}
    sure = [
        support[key]["share"] * votes[key].share if key in votes else 1 - support[key]["share"]
        for key in support
    ]
    return {"attributes": merged}, float(np.mean(sure)) if sure else 1.0, support


def _transcription(
    answers: Sequence[Label], weights: Sequence[float], defined: Defined, _: Any, own: Label | None
) -> Found:
    """The text nearest to all by edits; among others that are even, the one left out decides."""
    texts = [a["text"] for a in answers]
    found = vote(texts, weights, None if own is None else own["text"])
    text, likeness = nearest_text(texts, weights)
    if own is not None and own["text"] == found.value:
        text = found.value
    support = _by_value("text", answers, found)
    label = _with_attributes({"text": text}, answers, weights, defined, own)
    return label, likeness, support


def _semantic(
    answers: Sequence[Label], weights: Sequence[float], defined: Defined, _: Any, _own: Label | None
) -> Found:
    """Every pixel to the class (or none) of most weight; where even, as the heaviest has it."""
    drawn = [(k, x) for k, a in enumerate(answers) for x in a.get("objects") or []]
    keys = list(dict.fromkeys(x["class"] for _, x in drawn))
    label: dict[str, Any] = {"objects": [], "semantic": True}
    if not drawn:
        return label, 1.0, {}
    size = list(drawn[0][1]["rle"]["size"])
    drawn = [(k, x) for k, x in drawn if list(x["rle"]["size"]) == size]
    fused = plurality(
        [x["rle"] for _, x in drawn],
        np.array([k for k, _ in drawn]),
        np.array([keys.index(x["class"]) for _, x in drawn]),
        np.array(weights, float),
        int(np.argmax(weights)),
        len(keys),
    )
    total = sum(weights)
    support: dict[str, dict[str, Any]] = {}
    for number, (key, rle) in enumerate(zip(keys, fused, strict=True), 1):
        mine = [(k, x) for k, x in drawn if x["class"] == key]
        share = sum(weights[k] for k in {k for k, _ in mine}) / total
        support[str(number)] = {
            "by": [k for k, _ in mine],
            "ids": [x["id"] for _, x in mine],
            "share": share,
            "class": {key: 1.0},
        }
        if area(rle):
            one = {"id": str(number), "class": key, "rle": rle}
            label["objects"].append(
                _with_attributes(
                    one, [x for _, x in mine], [weights[k] for k, _ in mine], defined, None
                )
            )
    kept = {x["id"] for x in label["objects"]}
    sure = [s["share"] if key in kept else 1 - s["share"] for key, s in support.items()]
    return label, float(np.mean(sure)), support


def _with_attributes(
    label: dict[str, Any],
    answers: Sequence[Label],
    weights: Sequence[float],
    defined: Defined,
    own: Label | None,
) -> dict[str, Any]:
    given = [a.get("attributes") for a in answers]
    if any(given):
        mine = None if own is None else own.get("attributes") or {}
        merged, _ = attributes(given, weights, defined, mine)
        if merged:
            label["attributes"] = merged
    return label


_MERGES: dict[str, Callable[..., Found]] = {
    "class": _class,
    "tags": _tags,
    "attributes": _attributes,
    "transcription": _transcription,
    "rating": _rating,
    "preference": _preference,
    "semantic": _semantic,
}
